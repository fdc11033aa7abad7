"""An ingest gives the same tables however many event keys are disputed."""

from __future__ import annotations

from datetime import timedelta

import pytest
import tiny

from headrace.events import ingest

pytestmark = [pytest.mark.spark, pytest.mark.e2e]


def test_many_disputed_keys_give_the_same_tables(spark, call, tmp_path, monkeypatch):
    """The whole ingest, once with keys sent to the tasks and once with all rows shuffled by key."""
    hashes = []
    for name, most in (("few", ingest.MOST_DISPUTED), ("many", 0)):
        monkeypatch.setattr(ingest, "MOST_DISPUTED", most)
        project = tiny.make_project(tmp_path / name, days=3)
        again = [tiny.visit(0, 0, 0, late=2), tiny.visit(1, 0, 1, late=2, paid="9.00"), tiny.visit(90, 2, 5)]
        tiny.land(project, tiny.START + timedelta(days=2), "b", [*again, "{"])
        assert call("run", "ingest_events", "--project", str(project))[0] == 0
        hashes.append(tiny.hashes(spark, project, ("raw.events_visits", "raw.quarantine", "raw.tally")))
    assert hashes[0] == hashes[1]

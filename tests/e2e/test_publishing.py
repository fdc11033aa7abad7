"""Write, audit, publish on the tiny project: refused rows stay staged, readers keep what was, mended data is published."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import tiny

from headrace.graph.ledger import LEDGER
from headrace.tables.spec import Table
from headrace.tables.staging import staged_in
from headrace.tables.store import Store

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
GRAPH = '''\
"""The tiny project, with a job below its features and one beside them."""

from headrace.contracts.expectation import rows_at_least
from headrace.features.groups import features_table
from headrace.graph.job import Job
from headrace.jobs import build_features, build_tiles, ingest_events
from headrace.tables.spec import Table

BELOW = Table("own.below", "b", replaced_by="as_of", stamped="end", expects=(rows_at_least(1),))
BESIDE = Table("own.beside", "b", replaced_by="event_date")


def below(inputs, at, project):
    """Who visited."""
    return inputs.values.where(BELOW.predicate(at.interval)).select("who", "as_of")


def beside(inputs, at, project):
    """Days."""
    return inputs.events.where(BESIDE.predicate(at.interval)).groupBy("event_date").count()


def graph(project):
    features = features_table(project.groups["visiting"])
    own = (
        Job("below", below, inputs={"values": features}, outputs=(BELOW,)),
        Job("beside", beside, inputs={"events": ingest_events.job(project).outputs[0]}, outputs=(BESIDE,)),
    )
    return (*(part.job(project) for part in (ingest_events, build_tiles, build_features)), *own)
'''
FEATURES, BELOW, BESIDE = "features.visiting", "own.below", "own.beside"
LAST = tiny.START + timedelta(days=9)


def expecting(folder: Path) -> Path:
    """The project, its group with expectations, with jobs below and beside."""
    root = tiny.expecting(tiny.make_project(folder))
    (root / "tiny_graph.py").write_text(GRAPH, encoding="utf-8")
    return root


def test_refused_rows_wait_staged_until_mended_ones_are_published(
    spark: Any, call: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    root, tables = expecting(tmp_path), (FEATURES, BELOW, BESIDE)
    warehouse = root / "home/warehouse"
    store = Store(spark, warehouse)
    assert call("run", "--project", str(root))[0] == 0
    assert staged_in(warehouse) == ()
    before = tiny.hashes(spark, root, tables)
    assert store.load(Table(FEATURES, "")).count() == 60

    bad = tiny.land(root, LAST, "b", [tiny.visit(900 + n, 9, 90 + n, paid="-5.00") for n in range(2)])
    status, said = call("run", "--project", str(root), "--run-id", "bad")
    assert status == 3, said
    broken = f"{FEATURES}: expected paid_7d: within 0 and 1000; seen 2 of 8 rows break it"
    assert f"ROWS_REFUSED: build_features, 2024-03-10..2024-03-11: rows are held back. {broken}\n" in said
    after = tiny.hashes(spark, root, tables)
    assert {name: after[name] == before[name] for name in tables} == {FEATURES: True, BELOW: True, BESIDE: False}
    entries = {row["job"]: row for row in store.read_rows(LEDGER) if row["run_id"] == "bad"}
    assert {name: row["state"] for name, row in entries.items()} == {
        "ingest_events": "done", "build_tiles": "done", "build_features": "refused", "beside": "done",
    }  # fmt: skip
    assert broken in entries["build_features"]["note"]
    assert any(
        line.split()[:2] == ["below", "skipped"] and "build_features refused" in line for line in said.splitlines()
    )

    (staged,) = staged_in(warehouse)
    assert (staged.table, staged.job, staged.run_id, staged.rows) == (FEATURES, "build_features", "bad", 8)
    rows = spark.read.format("delta").load(str(staged.folder))
    assert sorted(row["who"] for row in rows.where("paid_7d < 0").collect()) == [90, 91]
    status, shown = call("table", "staged", "--project", str(root))
    assert (status, f"delta.`{staged.folder}`" in shown, "2 of 8 rows break it" in " ".join(shown.split())) == (
        0, True, True,
    ), shown  # fmt: skip
    assert "_staged/" not in call("table", "list", "--project", str(root))[1]
    shown = " ".join(call("table", "show", FEATURES, "--project", str(root))[1].split())
    assert "expected at least 6 rows; paid_7d: within 0 and 1000; visits_3d <= visits_all: true but for" in shown
    record = json.loads((root / "home/alerts/refused-build_features-bad.json").read_text(encoding="utf-8"))
    assert (record["code"], record["table"], record["broken"]) == ("ROWS_REFUSED", FEATURES, broken)
    status, planned = call("plan", "--project", str(root))
    assert "its rows were refused in run bad" in " ".join(planned.split()), planned

    bad.unlink()
    tiny.land(root, LAST, "b", [tiny.visit(900 + n, 9, 90 + n, paid="5.00") for n in range(2)])
    status, said = call("run", "--project", str(root))
    assert status == 0, said
    assert staged_in(warehouse) == ()
    assert store.load(Table(FEATURES, "")).count() == 62
    assert store.load(Table(BELOW, "")).count() == 62
    assert call("table", "staged", "--project", str(root)) == (
        0,
        "Nothing is staged: whatever was made is published.\n",
    )

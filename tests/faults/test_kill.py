"""kill -9 in the middle of ingest, of tiles, and between a data commit and the ledger; run again: the same tables.

The short form of ``make faults``, which kills at every place of the whole graph.
"""

from __future__ import annotations

import pytest
import tiny
from killing import kill_at

pytestmark = [pytest.mark.spark, pytest.mark.slow]
POINTS = (
    ("raw/events_visits", "**/*.parquet"),  # while ingest writes
    ("tiles/visits", "**/*.parquet"),  # while tiles write
    ("tiles/visits", "_delta_log/*.json"),  # between the tiles' commit and the ledger
)


@pytest.fixture(scope="module")
def undisturbed(spark, tmp_path_factory):
    from headrace.cli import main

    project = tiny.make_project(tmp_path_factory.mktemp("undisturbed"), days=8, a_day=200)
    assert main(["run", "--project", str(project)]) == 0
    return tiny.hashes(spark, project)


def test_killed_at_each_point_in_turn_and_run_again_gives_the_same_tables(spark, undisturbed, tmp_path):
    """Each run goes on from what the killed one before it left, in a process that knows nothing of it."""
    from headrace.cli import main

    project = tiny.make_project(tmp_path, days=8, a_day=200)
    for folder, pattern in POINTS:
        assert kill_at(project, (project / "home/warehouse" / folder, pattern)) == 0, "the run ended before"
    assert main(["run", "--project", str(project)]) == 0
    assert tiny.hashes(spark, project) == undisturbed

"""kill -9 in the middle of ingest, of tiles, and between a data commit and the ledger; run again: the same tables."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import tiny

pytestmark = [pytest.mark.spark, pytest.mark.slow]
POINTS = (
    ("raw/events_visits", "**/*.parquet"),  # while ingest writes
    ("tiles/visits", "**/*.parquet"),  # while tiles write
    ("tiles/visits", "_delta_log/*.json"),  # between the tiles' commit and the ledger
)
DEADLINE = 240


def kill_at(project: Path, folder: str, pattern: str) -> None:
    """Start a run in a process of its own, and kill it and its JVM as soon as there is such a file that was not before."""
    place = project / "home/warehouse" / folder
    before = set(place.glob(pattern))
    said = project / "killed.log"
    with said.open("w") as out:
        command = [
            sys.executable,
            "-c",
            "from headrace.cli import main; raise SystemExit(main())",
            "run",
            "--project",
            str(project),
        ]
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
        end = time.monotonic() + DEADLINE
        while before.issuperset(place.glob(pattern)):
            assert process.poll() is None, said.read_text()[-2000:]
            assert time.monotonic() < end, "the run did not get that far"
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


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
        kill_at(project, folder, pattern)
    assert main(["run", "--project", str(project)]) == 0
    assert tiny.hashes(spark, project) == undisturbed

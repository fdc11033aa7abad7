"""kill -9 of the JVM alone, in the middle of tiles: the run goes on by itself, to the tables of an undisturbed one.

Short form, with a driver that is a program of the test's: tests/unit/cli/test_supervisor.py
"""

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
RUN = "from headrace.cli import main; raise SystemExit(main())"
DEADLINE = 300


def descendants(process: int) -> list[tuple[int, str]]:
    """(id, name) of the processes below one."""
    found, frontier = [], [process]
    told = [path.read_text().rpartition(")") for path in Path("/proc").glob("[0-9]*/stat") if path.exists()]
    rows = [(int(head.partition(" ")[0]), head.partition("(")[2], int(rest.split()[1])) for head, _, rest in told]
    while frontier:
        below = [(pid, name) for pid, name, parent in rows if parent in frontier]
        found += below
        frontier = [pid for pid, _ in below]
    return found


@pytest.fixture(scope="module")
def undisturbed(spark, tmp_path_factory):
    from headrace.cli import main

    project = tiny.make_project(tmp_path_factory.mktemp("undisturbed"), days=8, a_day=200)
    assert main(["run", "--project", str(project)]) == 0
    return tiny.hashes(spark, project)


def test_a_killed_jvm_is_started_again_once_and_the_tables_are_the_same(spark, undisturbed, tmp_path):
    project = tiny.make_project(tmp_path, days=8, a_day=200)
    tiles, said = project / "home/warehouse/tiles/visits", project / "said.log"
    environ = {name: value for name, value in os.environ.items() if not name.startswith("PYSPARK_GATEWAY")}
    with said.open("w") as out:
        words = [sys.executable, "-c", RUN, "run", "--project", str(project)]
        run = subprocess.Popen(words, stdout=out, stderr=out, start_new_session=True, env=environ)
        end = time.monotonic() + DEADLINE
        while not list(tiles.glob("**/*.parquet")):
            assert run.poll() is None, said.read_text()[-2000:]
            assert time.monotonic() < end
            time.sleep(0.01)
        (jvm,) = [pid for pid, name in descendants(run.pid) if name == "java"]
        os.kill(jvm, signal.SIGKILL)
        assert run.wait(DEADLINE) == 0, said.read_text()[-2000:]
    told = said.read_text()
    assert "DRIVER_DIED: the driver that ran build_tiles died. Started again once" in told
    assert told.count("headrace run ") == 3, "it, its guilty job alone, and what was left"
    assert tiny.hashes(spark, project) == undisturbed

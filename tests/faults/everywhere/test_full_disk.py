"""No room while a job shuffles, writes and commits, and in a whole graph with its model: told, and the same with room again."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import tiny
import tiny_whole
from breaking import filled_when, small_disk
from kill_points import events
from killing import RUN

pytestmark = [pytest.mark.spark, pytest.mark.slow]


def run(project: Path, *words: str) -> tuple[int, str]:
    """In a process of its own, whose scratch files are its own too."""
    command = [sys.executable, "-c", RUN, "run", "--project", str(project), *words]
    ended = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return ended.returncode, ended.stdout


def began(home: Path, job: str) -> bool:
    return any(line["event"] == "step began" and line["job"] == job for line in events(home, "full"))


def there(home: Path, pattern: str) -> bool:
    return any((home / "warehouse").glob(pattern))


@pytest.fixture(scope="module")
def undisturbed(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, str]:
    project = tiny.make_project(tmp_path_factory.mktemp("undisturbed"))
    assert run(project)[0] == 0
    return tiny.hashes(spark, project)


PLACES: dict[str, tuple[str, Callable[[Path], bool]]] = {
    "shuffle": ("scratch", lambda home: began(home, "build_tiles")),
    "write": ("home", lambda home: began(home, "build_tiles")),
    "commit": ("home", lambda home: there(home, "tiles/visits/**/*.parquet")),
    "ledger": ("home", lambda home: there(home, "tiles/visits/_delta_log/*.json")),
}


@pytest.mark.parametrize("place", PLACES)
def test_no_room_and_then_room(
    spark: Any, undisturbed: Mapping[str, str], tmp_path: Path, place: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """``home`` has warehouse, logs and reports on it; ``scratch`` is where Spark shuffles."""
    on, reached = PLACES[place]
    with small_disk(tmp_path / on) as disk:
        project = tiny.make_project(tmp_path)
        with (project / "conf/base.yaml").open("a", encoding="utf-8") as base:
            base.write(f"    spark.local.dir: {project}/scratch\n")
        with filled_when(disk, lambda: reached(project / "home")) as full:
            status, said = run(project, "--run-id", "full")
        with capsys.disabled():
            print(f"\n{place}: {status} {[line for line in said.splitlines() if 'DISK_FULL' in line]}")
        assert full.is_set()
        assert (status, "DISK_FULL: there is no room to write" in said) == (1, True), said
        assert "Traceback" not in said, said
        assert run(project)[0] == 0
        assert tiny.hashes(spark, project) == undisturbed


def test_no_room_for_a_model_and_then_room(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What MLflow writes comes as errors of its own; no candidate is registered twice."""
    with small_disk(tmp_path / "home", "64m") as disk:
        project = tiny_whole.make_project(tmp_path)
        with filled_when(disk, lambda: began(disk, "train_model")) as full:
            status, said = run(project, "--run-id", "full")
        with capsys.disabled():
            print(f"\nmodel: {status} {[line for line in said.splitlines() if 'DISK_FULL' in line]}")
        assert full.is_set()
        assert (status, "DISK_FULL: there is no room to write" in said) == (1, True), said
        assert "Traceback" not in said, said
        assert run(project)[0] == 0
        with closing(sqlite3.connect(disk / "mlflow/mlflow.db")) as database:
            assert database.execute("SELECT name, version FROM model_versions").fetchall() == [("going", 1)]

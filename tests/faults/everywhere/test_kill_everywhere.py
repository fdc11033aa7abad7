"""kill -9 at every place where the whole graph leaves something: ``make faults``.

The places are those of an undisturbed run: of each table a data file and a commit, and what MLflow and the report leave.
Each run is killed at the first of them that no run was killed at yet, and goes on from what the killed one before it left.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tiny_training
from killing import kill_at

pytestmark = [pytest.mark.spark, pytest.mark.slow]
OTHERS = (("mlflow", "**/*.json"), ("reports", "*.html"))
RUNS_OWN = ("ops", "monitoring")
"""Schemas whose tables hold run ids, times and durations: their hashes differ from run to run."""


@dataclass(frozen=True)
class Place:
    """A folder below the project's home, and the files in it that are waited for."""

    folder: str
    pattern: str


def tables(home: Path) -> list[str]:
    """Folders of all tables, below the warehouse."""
    return sorted(str(log.parent.relative_to(home / "warehouse")) for log in (home / "warehouse").rglob("_delta_log"))


def places(home: Path) -> list[Place]:
    """Where a run leaves something."""
    patterns = ("**/*.parquet", "_delta_log/*.json")
    found = [Place(f"warehouse/{table}", pattern) for table in tables(home) for pattern in patterns]
    found += [Place(*other) for other in OTHERS]
    empty = [place for place in found if not any((home / place.folder).glob(place.pattern))]
    assert not empty, f"the undisturbed run left nothing there: {empty}"
    return found


def hashes(spark: Any, home: Path) -> dict[str, str]:
    """Of every table whose rows are a run's results."""
    from headrace.tables.hash import table_hash

    names = [name for name in tables(home) if not name.startswith(RUNS_OWN)]
    return {name: table_hash(spark.read.format("delta").load(str(home / "warehouse" / name))) for name in names}


def decisions(spark: Any, home: Path) -> list[tuple[object, ...]]:
    rows = spark.read.format("delta").load(str(home / "warehouse/ops/decisions"))
    return sorted(rows.select("model", "kind", "version", "state").distinct().collect())


@pytest.fixture(scope="module")
def undisturbed(spark: object, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from headrace.cli import main

    project = tiny_training.make_project(tmp_path_factory.mktemp("undisturbed"))
    assert main(["run", "--project", str(project)]) == 0
    return project / "home"


def test_killed_at_every_place_and_run_again_everything_is_as_it_would_have_been(
    spark: object, undisturbed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from headrace.cli import main

    project = tiny_training.make_project(tmp_path / "killed")
    left = places(undisturbed)
    all_of_them = set(left)
    while (seen := kill_at(project, *((project / "home" / place.folder, place.pattern) for place in left))) is not None:
        place = left.pop(seen)
        with capsys.disabled():
            print(f"killed at {place.folder}/{place.pattern}", flush=True)
    reached = {place.folder.removeprefix("warehouse/").split("/")[0] for place in all_of_them - set(left)}
    assert reached >= {"raw", "tiles", "features", "labels", "training", "mlflow", "ops", "scores", "reports"}
    assert main(["run", "--project", str(project)]) == 0
    assert hashes(spark, project / "home") == hashes(spark, undisturbed)
    assert decisions(spark, project / "home") == decisions(spark, undisturbed)
    assert versions(project / "home") == versions(undisturbed)
    capsys.readouterr()
    assert main(["run", "--project", str(project)]) == 0
    assert "up to date" in capsys.readouterr().out


def versions(home: Path) -> list[tuple[str, int]]:
    """Model and version of everything in the registry: no candidate stands there twice."""
    with closing(sqlite3.connect(home / "mlflow/mlflow.db")) as database:
        return sorted(database.execute("SELECT name, version FROM model_versions"))

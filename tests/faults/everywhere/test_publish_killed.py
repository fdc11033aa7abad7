"""kill -9 at every step of a publication: ``make faults``. Either the old rows are to be read or the new ones, never else.

The short form, between stage and audit, is in tests/faults/test_survives.py.
"""

from __future__ import annotations

import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import tiny
from killing import kill_at

from headrace.tables.staging import staged_in

pytestmark = [pytest.mark.spark, pytest.mark.slow]
FEATURES = "features.visiting"
STEPS = (
    ("_staged/build_features", "**/*.parquet"),  # while the rows are staged
    ("_staged/build_features", "**/_delta_log/*.json"),  # staged, not audited
    ("features/visiting", "**/*.parquet"),  # audited, while they are published
    ("features/visiting", "_delta_log/*.json"),  # published, not in the ledger
    ("ops/ledger", "**/*.parquet"),  # while that is written down
)


def restated(folder: Path) -> Path:
    """The project after a run, with rows more on its last day."""
    from headrace.cli import main

    project = tiny.expecting(tiny.make_project(folder))
    assert main(["run", "--project", str(project)]) == 0
    last = tiny.START + timedelta(days=9)
    tiny.land(project, last, "b", [tiny.visit(900 + n, 9, n) for n in range(50)])
    return project


def published(spark: Any, project: Path) -> str:
    return tiny.hashes(spark, project, (FEATURES,))[FEATURES]


def test_killed_at_each_step_there_is_one_state_or_the_other(spark: Any, tmp_path: Path) -> None:
    from headrace.cli import main

    project, undisturbed = restated(tmp_path / "killed"), tmp_path / "undisturbed"
    shutil.copytree(project, undisturbed)
    old = published(spark, project)
    assert main(["run", "--project", str(undisturbed)]) == 0
    new = published(spark, undisturbed)
    assert old != new
    warehouse = project / "home/warehouse"
    for number, (folder, pattern) in enumerate(STEPS):
        if folder == "ops/ledger":  # the jobs above are in the ledger by now: the next entry is that of the features
            assert [one.why for one in staged_in(warehouse)] == [None], "left by the kill before; nobody says refused"
        assert kill_at(project, (warehouse / folder, pattern)) == 0, "the run ended before"
        seen = published(spark, project)
        assert seen in (old, new)
        assert number > 2 or seen == old, "nobody reads what was not audited"
    assert main(["run", "--project", str(project)]) == 0
    assert tiny.hashes(spark, project) == tiny.hashes(spark, undisturbed)
    assert staged_in(warehouse) == ()

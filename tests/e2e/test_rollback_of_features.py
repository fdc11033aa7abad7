"""A group is rolled back to a version and to a time, held, and taken back: by Delta, on the tiny project.

Short form, in `make test`: test_rollback.py, where the tables of a run go back by the same pointer, hold and undoing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import tiny
from calling import refuse_sessions

from headrace.tables.log import TableLog

pytestmark = [pytest.mark.spark, pytest.mark.e2e, pytest.mark.dear]
CONTRACT = "conf/contracts/features/visiting.yaml"
SPAN = ("{from: 2024-03-01, to: 2024-03-11}", "{from: 2024-03-01, to: 2024-03-0%d}")
BOTH = ("features.visiting", "features.visiting_v2")


def until(project: Path, day: int) -> None:
    """The project's span ends with this day of March."""
    (project / "conf/base.yaml").write_text(tiny.FILES["conf/base.yaml"].replace(SPAN[0], SPAN[1] % (day + 1)))


def versions(project: Path, table: str) -> list[str]:
    """The operations of a table's commits, the oldest first."""
    return [
        commit.operation
        for commit in reversed(TableLog(project / "home/warehouse" / table.replace(".", "/")).commits())
    ]


def test_back_to_a_version_and_to_a_time_and_both_taken_back(
    spark: Any, call: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tiny.make_project(tmp_path, days=5)
    words = ("--project", str(project))
    until(project, 3)
    assert call("run", *words)[0] == 0
    text = (project / CONTRACT).read_text()
    (project / CONTRACT).write_text(text.replace("expression: paid, scale: 2", "expression: paid * 3, scale: 3"))
    assert call("contract", "bump", "visiting", "--why", "In the new currency.", *words)[0] == 0
    assert call("run", *words)[0] == 0
    before = tiny.hashes(spark, project, BOTH)
    files = {table: versions(project, table) for table in BOTH}

    status, said = call("rollback", "features", "visiting", "--to-version", "1", "--dry-run", *words)
    assert (status, "t.visiting: version 2 -> version 1 as of" in said, "Nothing was written." in said) == (
        0,
        True,
        True,
    )
    status, said = call("rollback", "features", "visiting", "--to-version", "1", *words)
    assert (status, "t.visiting is held by rollback 1." in said) == (0, True), said
    assert {table: versions(project, table) for table in BOTH} == files, "a pointer: no table is written"
    status, said = call("rollback", "features", "visiting", "--to-version", "1", *words)
    assert (status, "ROLLBACK_SAME" in said) == (2, True), said

    with monkeypatch.context() as patched:
        refuse_sessions(patched)
        status, said = call("run", *words)
    assert (status, "t.visiting held by rollback 1" in said, "up to date" in said) == (0, True, True), said
    until(project, 4)
    status, said = call("plan", *words)
    held = r"build_features +2024-03-04\.\.2024-03-05 +1 +new interval, t\.visiting held by rollback 1"
    assert re.search(held, said), said
    assert call("run", *words)[0] == 0
    assert tiny.hashes(spark, project, BOTH) == before, "neither is written while the hold lasts"

    status, said = call("rollback", "undo", "1", *words)
    assert status == 0, said
    status, said = call("plan", *words)
    assert re.search(r"build_features +2024-03-04\.\.2024-03-05 +1 +features\.visiting_v2 was rolled back", said), said
    assert call("run", *words)[0] == 0
    assert "everything is up to date" in call("plan", *words)[1].lower()
    whole = tiny.hashes(spark, project, BOTH)
    assert all(whole[table] != before[table] for table in BOTH), "the fourth day is there too, in both versions"

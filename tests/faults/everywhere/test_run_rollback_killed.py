"""kill -9 in a rollback of a run and in its undoing: the next command carries all of it out, and no table is left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import tiny
from calling import command
from killing import kill_at
from tiny_totals import TABLES, land_wrong, make_project

from headrace.tables.log import TableLog

pytestmark = [pytest.mark.spark, pytest.mark.slow]


def test_killed_after_the_intent_after_the_first_table_and_after_the_last(
    spark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = make_project(tmp_path)
    call, warehouse = command(capsys, "--project", str(project)), project / "home/warehouse"
    commits = {name: (warehouse.joinpath(*name.split(".")), "_delta_log/*.json") for name in (*TABLES, "ops.decisions")}

    def operations(table: str) -> list[str]:
        return [commit.operation for commit in TableLog(commits[table][0]).commits()]

    assert call("run", "--run-id", "first")[0] == 0
    before = tiny.hashes(spark, project, TABLES)
    land_wrong(project)
    assert call("run", "--run-id", "second")[0] == 0
    bad = tiny.hashes(spark, project, TABLES)
    back = ("rollback", "run", "second")

    assert kill_at(project, commits["ops.decisions"], words=back) == 0, "after the intent"
    status, said = call("run")
    assert (status, "run second: decision 1 had been interrupted, and is carried out now." in said) == (0, True), said
    assert "held by rollback 1, as of release first" in said
    assert tiny.hashes(spark, project, TABLES) == before
    assert [operations(table)[0] for table in TABLES] == ["RESTORE", "RESTORE"]

    assert kill_at(project, commits[TABLES[0]], words=("rollback", "undo", "1")) == 0, "after the first table"
    status, said = call("run")
    assert (status, "decision 2 had been interrupted" in said, "held by" in said) == (0, True, False), said
    assert tiny.hashes(spark, project, TABLES) == bad

    assert kill_at(project, commits[TABLES[-1]], words=back) == 0, "after the last table, before the entry"
    status, said = call("rollback", "undo", "3")
    assert (status, "decision 3 had been interrupted" in said) == (0, True), said
    assert tiny.hashes(spark, project, TABLES) == bad
    assert [operations(table).count("RESTORE") for table in TABLES] == [4, 4], "none is restored twice for one decision"

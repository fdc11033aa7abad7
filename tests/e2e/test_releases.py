"""Tables as of the end of a run, and a run rolled back, held and taken back: by Delta, on the tiny project after two runs."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
import tiny
from tiny_totals import TABLES, land_wrong, make_project

import headrace
from headrace.cli.releasing import by_log, released
from headrace.graph.ledger import Ledger
from headrace.ground.errors import HeadraceError
from headrace.tables.hash import table_hash

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
READ = ("tiles.visits", *TABLES)
Hashes = dict[str, str]


@pytest.fixture(scope="module")
def two_runs(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Hashes, Hashes]:
    """A project after the runs ``first`` and ``second``, between which a wrong file came; the hashes after each."""
    from headrace.cli import main

    project = make_project(tmp_path_factory.mktemp("two"))
    found = []
    for run in ("first", "second"):
        if found:
            land_wrong(project)
        with contextlib.redirect_stdout(io.StringIO()) as said:
            assert main(["run", "--run-id", run, "--project", str(project)]) == 0, said.getvalue()
        found.append(tiny.hashes(spark, project, READ))
    assert [table for table in READ if found[0][table] == found[1][table]] == []
    return project, found[0], found[1]


@pytest.fixture
def project(two_runs: tuple[Path, Hashes, Hashes], tmp_path: Path) -> Path:
    """The same project in a folder of the test's own."""
    return Path(shutil.copytree(two_runs[0], tmp_path / "copy", copy_function=shutil.copy2))


def test_tables_are_read_as_of_a_release_until_they_are_vacuumed(
    spark: Any, call: Any, two_runs: tuple[Path, Hashes, Hashes], project: Path
) -> None:
    _, before, after = two_runs
    words = ("--project", str(project))
    opened = headrace.open(project, "local")
    found = released(opened.project, opened.graph, by_log(opened.project, opened.graph))
    assert list(found.entries) == Ledger(opened.store).entries, "read from its files as by Spark"
    for run, hashes in (("first", before), ("second", after)):
        at = opened.at_release(run)
        assert {table: table_hash(at.table(table)) for table in READ} == hashes, run
    first = opened.at_release("first")
    assert [row[0] for row in first.features("visiting", "2024-03-04").select("visits_all").distinct().collect()] == [3]

    status, said = call("release", "diff", "first", *words)
    assert (status, re.search(r"own\.totals +\d+ +\d+ +totals", said) is not None) == (0, True), said
    spark.conf.set("spark.databricks.delta.retentionDurationCheck.enabled", "false")
    spark.sql(f"VACUUM delta.`{project / 'home/warehouse/features/visiting'}` RETAIN 0 HOURS")
    spark.conf.unset("spark.databricks.delta.retentionDurationCheck.enabled")
    status, said = call("release", "show", "first", *words)
    assert re.search(r"features\.visiting .* no: \d+ of its \d+ files were removed, by the VACUUM", said), said
    with pytest.raises(HeadraceError) as refused:
        first.table("features.visiting")
    assert refused.value.code == "RELEASE_GONE"
    assert "tiles.visits version" in str(refused.value).partition("still there is")[2]
    assert table_hash(first.table("tiles.visits")) == before["tiles.visits"]
    status, said = call("rollback", "run", "second", *words)
    assert (status, "RELEASE_GONE" in said, "own.totals version" in said) == (4, True, True), said


def test_back_to_before_a_run_and_taken_back(
    spark: Any, call: Any, two_runs: tuple[Path, Hashes, Hashes], project: Path
) -> None:
    _, before, bad = two_runs
    words = ("--project", str(project))
    back = {**before, "tiles.visits": bad["tiles.visits"]}
    status, said = call("rollback", "run", "second", "--dry-run", *words)
    assert (status, "run second: back to release first, as of" in said, "Nothing was written." in said) == (
        0,
        True,
        True,
    )
    assert "tiles.visits" not in said, "a function of what landed"
    assert tiny.hashes(spark, project, READ) == bad

    status, said = call("rollback", "run", "second", "--why", "A wrong file.", *words)
    assert (status, "2 tables are held by rollback 1." in said) == (0, True), said
    assert tiny.hashes(spark, project, READ) == back
    status, said = call("rollback", "run", "second", *words)
    assert (status, "ROLLBACK_SAME" in said) == (2, True), said

    status, said = call("plan", *words)
    told = "held by rollback 1, as of release first, and not made anew: features.visiting, own.totals."
    assert (status, told in said, "up to date" in said) == (0, True, True), said

    status, said = call("rollback", "undo", "1", *words)
    assert (status, "run second: release first -> release second" in said) == (0, True), said
    assert tiny.hashes(spark, project, READ) == bad
    assert "everything is up to date" in call("plan", *words)[1].lower()

"""What a run survives, in short: kills, a full disk, a contract that is overwritten under it, a log that is cut short.

The long forms are ``make faults``.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tiny
from breaking import cut, filled_when, move_away, newest_commit, small_disk
from calling import Command, command
from killing import kill_at
from writers import TABLE, rows, write

from headrace.tables.store import Store
from headrace.tables.upkeep import restore

pytestmark = [pytest.mark.spark, pytest.mark.slow]
POINTS = (
    ("tiles/visits", "**/*.parquet"),  # while tiles write
    ("tiles/visits", "_delta_log/*.json"),  # between the tiles' commit and the ledger
    ("_staged/build_features", "**/_delta_log/*.json"),  # between the stage of features and their audit
)
CONTRACT = "conf/contracts/features/visiting.yaml"


@dataclass(frozen=True)
class Undisturbed:
    """A project that was run once, and the hashes of its tables."""

    project: Path
    hashes: Mapping[str, str]


def make_project(folder: Path) -> Path:
    return tiny.make_project(folder, days=8, a_day=200)


@pytest.fixture(scope="module")
def undisturbed(spark, tmp_path_factory):
    from headrace.cli import main

    project = make_project(tmp_path_factory.mktemp("undisturbed"))
    assert main(["run", "--project", str(project)]) == 0
    return Undisturbed(project, tiny.hashes(spark, project))


@pytest.fixture
def copy(undisturbed: Undisturbed, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> tuple[Path, Command]:
    """The undisturbed project in a folder that may be spoilt, and how to call headrace there."""
    project = tmp_path / "copy"
    shutil.copytree(undisturbed.project, project)
    return project, command(capsys, "--project", str(project))


def test_killed_at_each_point_in_turn_and_run_again_gives_the_same_tables(spark, undisturbed, tmp_path):
    """Each run goes on from what the killed one before it left, in a process that knows nothing of it.

    Its features are staged and audited first, those that were undisturbed are not: the tables are the same.
    """
    from headrace.cli import main

    project = tiny.expecting(make_project(tmp_path))
    for folder, pattern in POINTS:
        assert kill_at(project, (project / "home/warehouse" / folder, pattern)) == 0, "the run ended before"
    assert main(["run", "--project", str(project)]) == 0
    assert tiny.hashes(spark, project) == undisturbed.hashes
    assert not any((project / "home/warehouse/_staged").rglob("*.parquet"))


def test_a_full_disk_is_told_and_with_room_again_the_tables_are_the_same(
    spark: Any,
    undisturbed: Undisturbed,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The second run has room, and a contract that somebody overwrites while it writes: it goes by what it has loaded."""
    project = make_project(tmp_path)
    call, warehouse = command(capsys, "--project", str(project)), project / "home/warehouse"
    with small_disk(warehouse):
        with filled_when(warehouse, lambda: any((warehouse / "tiles/visits").glob("**/*.parquet"))) as full:
            status, said = call("run")
        assert (status, full.is_set()) == (1, True), said
        assert "DISK_FULL: there is no room to write: " in said
        assert "mend: make room, or name a larger disk" in said
        assert "\tat " not in said
        text, commit = (project / CONTRACT).read_text(encoding="utf-8"), Store.commit

        def overwriting(store: Store, table: Any, *about: Any) -> Any:
            if table.name == "tiles.visits":
                (project / CONTRACT).write_text(text.replace("[3d, all]", "[5d, all]"), encoding="utf-8")
            return commit(store, table, *about)

        monkeypatch.setattr(Store, "commit", overwriting)
        status, said = call("run")
        assert status == 0, said
        assert tiny.hashes(spark, project) == undisturbed.hashes
        status, said = call("run")
        assert (status, "CONTRACT_CHANGED" in said) == (2, True), (
            "the next run looks at it, and is held to what was agreed"
        )
        (project / CONTRACT).write_text(text, encoding="utf-8")
        status, said = call("run")
        assert (status, "up to date" in said) == (0, True), said


def test_a_log_that_is_cut_short_is_told_by_table_and_file_and_mended_as_it_says(
    spark: Any, undisturbed: Undisturbed, copy: tuple[Path, Command]
) -> None:
    """Before anything is read or written: whether the next run needs the table or not."""
    project, call = copy
    warehouse = project / "home/warehouse"
    for table, how in (("ops.ledger", "behind a line"), ("tiles.visits", "empty")):
        torn = newest_commit(warehouse, table)
        whole = torn.read_bytes()
        cut(torn, how)
        status, said = call("run")
        assert (status, f"TABLE_LOG_TORN: {table}: its newest commit, {torn}, is not whole: it is " in said) == (
            1,
            True,
        ), said
        if table == "ops.ledger":
            torn.write_bytes(whole)
    move_away(newest_commit(warehouse, "tiles.visits"))
    status, said = call("run", "build_tiles", "--full-refresh")
    assert status == 0, said
    assert tiny.hashes(spark, project) == undisturbed.hashes


def test_what_is_written_restored_and_written_again_is_there(spark: Any, tmp_path: Path) -> None:
    """The same commits with the same identities: none is taken for one that was made before, and dropped."""
    store = Store(spark, tmp_path)
    for again in range(2):
        assert write(store, "a", 0, 4) == []
        last = store.commits(TABLE)[0].version
        assert rows(spark, tmp_path) == [("a", n) for n in range(4)]
        if not again:
            restore(store, TABLE.name, 0, decision=1)
            assert rows(spark, tmp_path) == [("a", 0)]
    assert last == 8, "each of the four was written again, behind the RESTORE"

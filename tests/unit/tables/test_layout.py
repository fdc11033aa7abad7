"""What is worth doing about a table's files: from logs written by hand, and from literal layouts."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from headrace.tables.layout import Lying, Need, Partition, Thresholds, Work, lying, work_of
from headrace.tables.log import TableLog

NOW = datetime(2026, 11, 28, 6, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
SMALL = Thresholds(small=100, files=3)
MARCH: Partition = (("as_of_month", "2024-03-01"),)
APRIL: Partition = (("as_of_month", "2024-04-01"),)
NOBODY: Partition = (("as_of_month", None),)


def laid(folder: Path, *commits: list[dict[str, object]]) -> TableLog:
    for version, actions in enumerate(commits):
        path = folder / "_delta_log" / f"{version:020d}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("\n".join(json.dumps(action) for action in actions), encoding="utf-8")
    return TableLog(folder)


def file_in(folder: Path, name: str, size: int, age: timedelta = timedelta(0)) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"x" * size)
    then = (NOW - age).timestamp()
    os.utime(path, (then, then))


def added(name: str, size: int, **partition: str) -> dict[str, object]:
    return {"add": {"path": name, "size": size, "partitionValues": partition}}


def test_a_table_lies_as_log_and_folder_say(tmp_path: Path) -> None:
    gone = int((NOW - 10 * DAY).timestamp() * 1000)
    log = laid(
        tmp_path,
        [added("m=3/a%20b.parquet", 4, m="3"), added("m=3/old.parquet", 5, m="3"), added("m=4/c.parquet", 6, m="4")],
        [{"remove": {"path": "m=3/old.parquet", "deletionTimestamp": gone}}, added("m=3/d.parquet", 7, m="3")],
    )
    for name, size in (("a b", 4), ("old", 5), ("d", 7)):
        file_in(tmp_path, f"m=3/{name}.parquet", size)
    file_in(tmp_path, "m=4/c.parquet", 6)
    file_in(tmp_path, "m=4/of_a_killed_run.parquet", 8, age=200 * DAY)
    file_in(tmp_path, "_delta_log/00000000000000000000.checkpoint.parquet", 9, age=200 * DAY)
    found = lying("t.x", log)
    assert found is not None
    assert dict(found.present) == {(("m", "3"),): (4, 7), (("m", "4"),): (6,)}
    assert sorted(found.left) == [(NOW - 200 * DAY, 8), (NOW - 10 * DAY, 5)]
    assert (found.files, found.bytes, found.bytes_left) == (3, 17, 13)
    assert lying("t.x", TableLog(None)) is None


def test_partitions_with_many_small_files_are_compacted_and_no_others() -> None:
    found = Lying("t.x", {MARCH: (1, 99, 50), APRIL: (1, 99, 100, 5000), NOBODY: (1, 1, 1, 1)})
    work = work_of(found, SMALL, NOW)
    assert set(work.compact) == {MARCH, NOBODY}, "in April two files are below the bound"
    assert work.where == "(`as_of_month` = '2024-03-01') OR (`as_of_month` IS NULL)"
    assert (work.due, work.told) == (True, "compact 2 partitions")
    again = work_of(Lying("t.x", {MARCH: (150,), APRIL: (1, 99, 100, 5000), NOBODY: (4,)}), SMALL, NOW)
    assert (again.due, again.told) == (False, ""), "what was laid together is left alone"


def test_a_table_without_partitions_is_compacted_as_a_whole() -> None:
    work = work_of(Lying("t.x", {(): (1, 1, 1)}), SMALL, NOW)
    assert (work.due, work.where, work.told) == (True, "", "compact the table")
    quoted = work_of(Lying("t.x", {(("k", "it's"), ("m", "1")): (1, 1, 1)}), SMALL, NOW)
    assert quoted.where == r"(`k` = 'it\'s' AND `m` = '1')"


@pytest.mark.parametrize(
    ("ages", "needs", "hours", "kept"),
    [
        ((), (), None, ""),
        ((89,), (), None, ""),
        ((91,), (), 90 * 24, ""),
        ((91,), ((30, "training set a"),), 90 * 24, ""),  # within the promise anyhow
        ((91,), ((100, "rollback 7"),), None, "rollback 7"),  # refused: it would take what the rollback needs
        ((91, 102), ((100, "rollback 7"),), 100 * 24 + 1, "rollback 7"),
        ((300,), ((100, "rollback 7"), (120, "training set b")), 120 * 24 + 1, "rollback 7, training set b"),
    ],
)
def test_what_was_let_go_is_kept_for_the_promise_and_for_what_needs_it_longer(
    ages: tuple[int, ...], needs: tuple[tuple[int, str], ...], hours: int | None, kept: str
) -> None:
    left = tuple((NOW - age * DAY, 10) for age in ages)
    wanted = tuple(Need(why, NOW - age * DAY) for age, why in needs)
    work = work_of(Lying("t.x", {}, left, 90 * DAY, wanted), SMALL, NOW)
    assert (work.hours, work.kept) == (hours, kept)
    assert work.due == (hours is not None)
    assert (f"kept for {kept}" in work.told) == bool(kept)


def test_hours_are_rounded_up() -> None:
    found = Lying("t.x", {}, ((NOW - 9 * DAY, 1),), 8 * DAY + timedelta(minutes=1))
    assert work_of(found, SMALL, NOW) == Work("t.x", (), 8 * 24 + 1, "", 100)

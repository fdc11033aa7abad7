"""Whether an earlier version can be read, and until when that is promised, from logs written by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headrace.tables.log import TableLog
from headrace.tables.retention import DEFAULTS, FILES, LOG, Retention, interval, retained
from headrace.tables.spec import Table
from headrace.tables.versions import Version, version_of

START = datetime(2024, 3, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def commit(folder: Path, version: int, *actions: dict[str, Any], operation: str = "WRITE") -> None:
    """A commit a day after the one before it; every file that it adds lies in the folder."""
    at = round((START + version * DAY).timestamp() * 1000)
    path = folder / "_delta_log" / f"{version:020}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = ({"commitInfo": {"timestamp": at, "operation": operation}}, *actions)
    path.write_text("\n".join(json.dumps(line) for line in lines) + "\n", encoding="utf-8")
    for action in actions:
        if "add" in action:
            (folder / action["add"]["path"].replace("%20", " ")).touch()


def add(path: str) -> dict[str, Any]:
    return {"add": {"path": path, "size": 1}}


def properties(**told: str) -> dict[str, Any]:
    schema = json.dumps({"fields": []})
    return {"metaData": {"schemaString": schema, "configuration": told}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Version 0 holds "a b" and "c", version 1 "c" and "d"; files are kept for 20 days and the log for 90."""
    kept = properties(**{FILES: "interval 20 days", LOG: "interval 90 days"})
    commit(tmp_path, 0, kept, add("a%20b"), add("c"))
    commit(tmp_path, 1, {"remove": {"path": "a%20b"}}, add("d"))
    return tmp_path


def seen(folder: Path, number: int, made: datetime = START + 9 * DAY) -> Version:
    return version_of("t.t", number, TableLog(folder), made)


def test_a_version_is_promised_from_its_commit_for_the_shorter_of_the_two_retentions(folder: Path) -> None:
    assert seen(folder, 0) == Version("t.t", 0, latest=False, until=START + 20 * DAY)
    assert seen(folder, 1) == Version("t.t", 1, latest=True, until=START + 21 * DAY)
    commit(folder, 2, properties())
    assert seen(folder, 0).until == START + DEFAULTS[FILES], "what says nothing has Delta's defaults"


def test_files_that_are_gone_are_counted_and_the_vacuum_is_named(folder: Path) -> None:
    (folder / "a b").unlink()
    assert seen(folder, 0).told == "t.t version 0: 1 of its 2 files were removed, and no VACUUM is on record"
    assert seen(folder, 1).lost == ""
    commit(folder, 2, operation="VACUUM END")
    assert seen(folder, 0).lost == "1 of its 2 files were removed, by the VACUUM of 2024-03-03 12:00 (UTC)"


def test_a_cleaned_log_is_told(folder: Path) -> None:
    (folder / "_delta_log" / f"{0:020}.json").unlink()
    assert seen(folder, 0).lost == "its log was cleaned: it begins at version 1"
    assert seen(folder, 1).lost == "its log was cleaned: what led to that version is not there"
    (folder / "_delta_log" / f"{1:020}.json").unlink()
    assert seen(folder, 1).lost == "the table is gone, or its log is"


def test_another_table_of_the_name_is_not_taken_for_it(folder: Path) -> None:
    assert seen(folder, 7).lost == "the table was made anew: its log ends at version 1"
    lost = seen(folder, 1, made=START + DAY / 2).lost
    assert lost == "it is of another table of that name, made anew on 2024-03-02 12:00 (UTC)"


def test_what_is_in_no_folder_of_this_machine_is_not_known() -> None:
    assert version_of("t.t", 3, TableLog(None), START) == Version("t.t", 3)


def test_the_retention_of_each_kind_of_table() -> None:
    plain, sets = Table("a.b", "m"), Table("a.b", "m", kept="manifests")
    raw = Table("a.b", "m", kept="raw text")
    kept = Retention(tables=30 * DAY, quarantine=60 * DAY)
    assert kept.properties(plain) == {FILES: "interval 30 days", LOG: "interval 30 days"}
    assert kept.properties(sets) == {FILES: "interval 30 days", LOG: "interval 3650 days"}
    assert kept.properties(raw) == {FILES: "interval 7 days", LOG: "interval 60 days"}
    assert Retention().properties(plain) == {FILES: "interval 90 days", LOG: "interval 90 days"}


@pytest.mark.parametrize("span", [DAY, 90 * DAY, timedelta(hours=36)])
def test_a_retention_is_read_back_as_it_was_written(span: timedelta) -> None:
    assert retained({FILES: interval(span)}, FILES) == span


@pytest.mark.parametrize(
    ("text", "span"),
    [("INTERVAL 2 weeks", 14 * DAY), ("interval 1 day 12 hours", DAY * 1.5), ("for ever", DEFAULTS[LOG])],
)
def test_a_retention_as_others_write_it(text: str, span: timedelta) -> None:
    assert retained({LOG: text}, LOG) == span

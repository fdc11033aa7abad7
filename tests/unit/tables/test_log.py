"""A table's log, read as text: what is there after files came and went, and what each commit says of itself."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval
from headrace.tables.log import TableLog, spell

SCHEMA = {
    "type": "struct",
    "fields": [
        {"name": "who", "type": "long"},
        {"name": "paid", "type": "decimal(8,2)"},
        {"name": "last", "type": {"type": "array", "elementType": "integer", "containsNull": True}},
    ],
}
METADATA = {"metaData": {"schemaString": json.dumps(SCHEMA), "partitionColumns": ["day"]}}


def add(path: str, rows: int | None, size: int = 100, **more: Any) -> dict[str, Any]:
    stats = {} if rows is None else {"stats": json.dumps({"numRecords": rows})}
    return {"add": {"path": path, "size": size, **stats, **more}}


def info(rows: int, note: str | None = None, at: int = 1_700_000_000_000) -> dict[str, Any]:
    told = {"timestamp": at, "operation": "WRITE", "operationMetrics": {"numOutputRows": str(rows)}}
    return {"commitInfo": told | ({} if note is None else {"userMetadata": note})}


def write(folder: Path, version: int, *actions: dict[str, Any]) -> TableLog:
    path = folder / "_delta_log" / f"{version:020}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(json.dumps(action) for action in actions) + "\n", encoding="utf-8")
    return TableLog(folder)


def test_a_folder_without_a_commit_has_neither_history_nor_extent(tmp_path: Path) -> None:
    assert TableLog(tmp_path / "nowhere").commits() == ()
    assert TableLog(tmp_path / "nowhere").extent() is None
    (tmp_path / "_delta_log").mkdir()
    assert TableLog(tmp_path).commits() == ()


def test_a_file_counts_from_its_add_to_its_remove(tmp_path: Path) -> None:
    write(tmp_path, 0, info(5), METADATA, add("a", 2), add("b", 3, 50))
    log = write(tmp_path, 1, info(7), add("c", 7, 7), {"remove": {"path": "a"}})
    extent = log.extent()
    assert extent is not None
    assert (extent.version, extent.rows, extent.bytes, extent.files) == (1, 10, 57, 2)
    assert extent.columns == (("who", "bigint"), ("paid", "decimal(8,2)"), ("last", "array<int>"))
    assert extent.partitioned_by == ("day",)


def test_rows_marked_as_deleted_do_not_count(tmp_path: Path) -> None:
    vector = {"storageType": "u", "pathOrInlineDv": "x", "offset": 1, "cardinality": 4}
    write(tmp_path, 0, info(10), METADATA, add("a", 10))
    log = write(tmp_path, 1, info(0), add("a", 10, deletionVector=vector), {"remove": {"path": "a"}})
    extent = log.extent()
    assert extent is not None
    assert (extent.rows, extent.files) == (6, 1)


def test_one_file_without_a_count_makes_the_rows_unknown_and_not_the_bytes(tmp_path: Path) -> None:
    extent = write(tmp_path, 0, info(5), METADATA, add("a", 2), add("b", None)).extent()
    assert extent is not None
    assert (extent.rows, extent.bytes) == (None, 200)


def test_history_is_newest_first_and_says_what_the_store_wrote(tmp_path: Path) -> None:
    note = json.dumps({"job": "build", "run_id": "r1", "interval": "2024-01-01..2024-01-03", "format_version": 1})
    write(tmp_path, 0, METADATA, info(2, note), add("a", 2))
    write(tmp_path, 1, info(3, "by hand", 1_700_000_060_000), add("b", 3))
    log = write(tmp_path, 2, info(4), add("c", 4))
    newest, by_hand, first = log.commits()
    assert [commit.version for commit in log.commits(2)] == [2, 1]
    assert (newest.note, newest.interval, newest.rows) == ({}, None, 4)
    assert (by_hand.note, by_hand.at) == ({}, datetime(2023, 11, 14, 22, 14, 20, tzinfo=UTC))
    assert (first.note["job"], first.note["run_id"]) == ("build", "r1")
    assert first.interval == Interval(datetime(2024, 1, 1, tzinfo=UTC), datetime(2024, 1, 3, tzinfo=UTC))


@pytest.mark.parametrize("text", ["", "soon", "2024-01-03..2024-01-01", "2024-01-01..", '{"a": 1}'])
def test_what_others_wrote_for_an_interval_is_none(tmp_path: Path, text: str) -> None:
    (commit,) = write(tmp_path, 0, info(1, json.dumps({"interval": text}))).commits()
    assert commit.interval is None


def test_where_the_first_commits_are_gone_their_checkpoint_stands_for_them(tmp_path: Path) -> None:
    pa, parquet = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")
    write(tmp_path, 10, info(1), add("old", 40, 1), METADATA)
    write(tmp_path, 11, info(1), add("new", 2, 2), {"remove": {"path": "kept"}})
    rows = [
        {"add": {"path": "kept", "size": 8, "stats": '{"numRecords": 5}'}, "metaData": None},
        {"add": {"path": "old", "size": 1, "stats": '{"numRecords": 40}'}, "metaData": None},
        {"add": None, "metaData": METADATA["metaData"]},
    ]
    parquet.write_table(pa.Table.from_pylist(rows), tmp_path / "_delta_log" / f"{10:020}.checkpoint.parquet")
    extent = TableLog(tmp_path).extent()
    assert extent is not None
    assert (extent.version, extent.rows, extent.bytes, extent.files) == (11, 42, 3, 2)
    assert extent.columns[0] == ("who", "bigint")


def test_without_any_checkpoint_nothing_is_guessed(tmp_path: Path) -> None:
    log = write(tmp_path, 3, info(1), add("a", 1))
    assert log.extent() is None
    assert [commit.version for commit in log.commits()] == [3]


def test_a_torn_log_is_named(tmp_path: Path) -> None:
    log = write(tmp_path, 0, info(1), add("a", 1))
    path = tmp_path / "_delta_log" / f"{0:020}.json"
    path.write_text(path.read_text(encoding="utf-8")[:-9], encoding="utf-8")
    with pytest.raises(HeadraceError, match="TABLE_LOG_UNREADABLE") as refused:
        log.extent()
    assert str(path) in str(refused.value)


def test_types_are_spelled_as_sql() -> None:
    nested = {"type": "map", "keyType": "string", "valueType": {"type": "struct", "fields": SCHEMA["fields"][:1]}}
    assert spell(nested) == "map<string,struct<who:bigint>>"

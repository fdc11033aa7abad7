"""A log whose newest commit was cut short, emptied or overwritten is told by table and file."""

from __future__ import annotations

import json
import zlib
from pathlib import Path

import pytest

from headrace.ground.errors import HeadraceError
from headrace.tables.torn import check_whole

LINES = "".join(json.dumps({"add": {"path": f"part-{n:05}.parquet", "size": 100 + n}}) + "\n" for n in range(40))


def commit(warehouse: Path, version: int, text: str = LINES) -> Path:
    """A commit of raw.events with the checksum that Hadoop writes beside it."""
    path = warehouse / f"raw/events/_delta_log/{version:020}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    content = text.encode()
    pieces = [content[start : start + 512] for start in range(0, len(content), 512)]
    sums = b"crc\0" + (512).to_bytes(4, "big") + b"".join(zlib.crc32(piece).to_bytes(4, "big") for piece in pieces)
    path.with_name(f".{path.name}.crc").write_bytes(sums)
    return path


def test_a_whole_log_and_none_at_all_pass(tmp_path: Path) -> None:
    check_whole(tmp_path, "raw.events")
    commit(tmp_path, 0)
    check_whole(tmp_path, "raw.events")
    check_whole("s3://bucket/warehouse", "raw.events")


@pytest.mark.parametrize("kept", range(0, len(LINES), 97))
def test_wherever_it_is_cut_table_and_file_are_named(tmp_path: Path, kept: int) -> None:
    commit(tmp_path, 0)
    path = commit(tmp_path, 1)
    path.write_text(LINES[:kept], encoding="utf-8")
    with pytest.raises(HeadraceError) as torn:
        check_whole(tmp_path, "raw.events")
    assert torn.value.code == "TABLE_LOG_TORN"
    assert str(torn.value).startswith(f"TABLE_LOG_TORN: raw.events: its newest commit, {path}, is not whole: it is ")


def test_a_cut_between_two_lines_is_seen_by_the_checksum_alone(tmp_path: Path) -> None:
    path = commit(tmp_path, 0)
    path.write_text("".join(LINES.splitlines(keepends=True)[:-1]), encoding="utf-8")
    with pytest.raises(HeadraceError, match=r"it is not what \.0{20}\.json\.crc was made of"):
        check_whole(tmp_path, "raw.events")


@pytest.mark.parametrize("sums", [None, b"", b"crc\0", b"crc\0\0\0\2\0abc", b"else"])
def test_without_a_checksum_that_can_be_read_json_decides(tmp_path: Path, sums: bytes | None) -> None:
    path = commit(tmp_path, 0)
    beside = path.with_name(f".{path.name}.crc")
    beside.unlink() if sums is None else beside.write_bytes(sums)
    check_whole(tmp_path, "raw.events")
    path.write_text(LINES[:-9], encoding="utf-8")
    with pytest.raises(HeadraceError, match="TABLE_LOG_TORN"):
        check_whole(tmp_path, "raw.events")

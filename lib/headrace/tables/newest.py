"""The rows of a small table, or its newest, read from its files by pyarrow. No Spark is started."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from headrace.ground.errors import HeadraceError
from headrace.tables.log import Action, TableLog, actions_of, commit_files

Row = Mapping[str, Any]
_RECENT = 32
"""Commits that are looked into: more than a month of days, so that a table that is filled in behind is still read at its end."""


def newest_rows(log: TableLog, part: str, time: str) -> tuple[Row, ...] | None:
    """The rows with the greatest ``time`` in each value of the partition column ``part``, all columns of them.

    Which files those are is told by the statistics in the log, so older ones are not opened. None where that cannot be
    told here: the log is elsewhere or has lost its beginning, rows are marked as deleted, or pyarrow is not installed.

    Raises:
        HeadraceError: TABLE_LOG_UNREADABLE, TABLE_FILE_UNREADABLE.
    """
    added = _readable(log)
    if added is None or log.folder is None:
        return None
    parts: dict[str, list[Action]] = {}
    for file in added:
        parts.setdefault(str(file["partitionValues"].get(part)), []).append(file)
    found: list[Row] = []
    for value, files in sorted(parts.items()):
        rows = _rows(log.folder, _newest(files, time))
        last = max((row[time] for row in rows if row[time] is not None), default=None)
        found += [{**row, part: value} for row in rows if row[time] == last]
    return tuple(found)


def all_rows(log: TableLog) -> list[dict[str, Any]] | None:
    """All rows of a table without partitions, [] where it was never made; None as ``newest_rows``.

    Raises:
        HeadraceError: TABLE_LOG_UNREADABLE, TABLE_FILE_UNREADABLE.
    """
    if log.readable and not log.commits(1):
        return []
    added = _readable(log)
    if added is None or log.folder is None:
        return None
    return [{name: _utc(value) for name, value in row.items()} for row in _rows(log.folder, added)]


def recent_start(log: TableLog, time: str) -> datetime | None:
    """Where the newest of the files begins that the last commits added, by its statistics; None where those say nothing.

    Rows at or after it lie in few files, however long the history is. Where they were removed since, there are none.

    Raises:
        HeadraceError: TABLE_LOG_UNREADABLE.
    """
    if log.folder is None:
        return None
    latest = sorted(commit_files(log.folder).items(), reverse=True)[:_RECENT]
    added = (action["add"] for _, path in latest for action in actions_of(path) if "add" in action)
    starts = (json.loads(file.get("stats") or "{}").get("minValues", {}).get(time) for file in added)
    return max((_utc(datetime.fromisoformat(start)) for start in starts if start), default=None)


def _utc(value: Any) -> Any:
    """An instant that a file has without a zone is UTC: Spark's old way of writing (INT96) has none."""
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) and value.tzinfo is None else value


def _readable(log: TableLog) -> Sequence[Action] | None:
    """The files, where their rows are those of the table."""
    added = log.added()
    if added is None or find_spec("pyarrow") is None:
        return None
    return None if any(file.get("deletionVector") for file in added) else added


def _newest(files: Sequence[Action], time: str) -> Iterable[Action]:
    """The files that may hold the greatest time; all of them where one has no statistics."""
    bounds = [json.loads(file.get("stats") or "{}").get("maxValues", {}).get(time) for file in files]
    if None in bounds:
        return files
    last = max(bounds)
    return [file for file, bound in zip(files, bounds, strict=True) if bound == last]


def _rows(folder: Path, files: Iterable[Action]) -> list[Row]:
    from urllib.parse import unquote

    from pyarrow import ArrowException, parquet

    found: list[Row] = []
    for file in files:
        path = folder / unquote(file["path"])
        try:
            found += parquet.ParquetFile(path).read().to_pylist()
        except (OSError, ArrowException) as error:
            problem = "it is gone" if isinstance(error, FileNotFoundError) else error
            raise HeadraceError("TABLE_FILE_UNREADABLE", file=path, problem=problem) from None
    return found

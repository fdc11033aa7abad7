"""Which days a stretch of commits to somebody else's Delta table touched, by its log alone. No Spark.

https://github.com/delta-io/delta/blob/master/PROTOCOL.md: a commit is a file of actions, one a line; ``add`` carries
the bounds of its file's columns in ``stats``, a partition column in ``partitionValues``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from headrace.tables.log import actions_of

_HARMLESS = frozenset({"commitInfo", "txn", "domainMetadata"})


@dataclass(frozen=True)
class Touched:
    """First and last day of arrival of the rows that were added (None where none were), their number, and how many of
    them have no day.
    """

    days: tuple[date, date] | None
    rows: int = 0
    unplaced: int = 0


def proof_of(commit: Path) -> str:
    """Tells apart two commits of one number: a table that was dropped and made anew begins again at 0."""
    state = commit.stat()
    return f"{state.st_size}-{state.st_mtime_ns}"


def touched(some: Iterable[Path], column: str) -> Touched | None:
    """What a stretch of commits added; None where the log cannot tell.

    It cannot where rows went or were rewritten, where the schema changed, or where a file has no bounds for the column.
    Files that were only laid anew (``dataChange`` is false) touch nothing.
    """
    days: list[date] = []
    rows = unplaced = 0
    for commit in some:
        for line in actions_of(commit):
            (kind, action), *_ = line.items()
            if kind in _HARMLESS or not action.get("dataChange", True):
                continue
            added = _added(action, column) if kind == "add" else None
            if added is None:
                return None
            days += added.days or ()
            rows += added.rows
            unplaced += added.unplaced
    return Touched((min(days), max(days)) if days else None, rows, unplaced)


def _added(action: Mapping[str, Any], column: str) -> Touched | None:
    placed = action.get("partitionValues", {}).get(column)
    try:
        stats = json.loads(action.get("stats") or "{}")
        if placed is not None:
            return Touched((_day(placed), _day(placed)), int(stats["numRecords"]))
        bounds = (_day(stats["minValues"][column]), _day(stats["maxValues"][column]))
        return Touched(bounds, int(stats["numRecords"]), int(stats["nullCount"][column]))
    except (KeyError, TypeError, ValueError):
        return None


def _day(text: str) -> date:
    """The day (UTC) of a date, or of an instant; one without a zone is UTC."""
    if len(text) == len("2024-03-01"):
        return date.fromisoformat(text)
    at = datetime.fromisoformat(text)
    return (at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)).date()

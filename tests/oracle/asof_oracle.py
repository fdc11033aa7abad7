"""The definition of the as-of look-up (semantics 5, 6, 7, 10) in plain Python, one question against all rows."""

from __future__ import annotations

from typing import Any, NamedTuple


class Row(NamedTuple):
    """A right row, or (with ``known``, ``sequence`` and ``value`` left out) a question. Times of any one kind."""

    key: tuple[Any, ...]
    time: Any
    known: Any = None
    sequence: int | None = None
    value: int | None = None


def is_seen(row: Row, question: Row, exclude_exact: bool) -> bool:
    if None in (*question.key, question.time, *row.key, row.time, row.known) or row.key != question.key:
        return False
    in_time = row.time < question.time if exclude_exact else row.time <= question.time
    return in_time and row.known <= question.time


def rank(row: Row) -> tuple[Any, ...]:
    return (row.time, row.known, row.sequence is not None, row.sequence or 0)


def answers(question: Row, rows: list[Row], tolerance: Any = None, exclude_exact: bool = False) -> list[Row]:
    """The rows of greatest rank among those seen: more than one where only the hash of the row decides."""
    seen = [row for row in rows if is_seen(row, question, exclude_exact)]
    greatest = [row for row in seen if rank(row) == max(map(rank, seen))]
    return [row for row in greatest if tolerance is None or question.time - tolerance <= row.time]


def values(question: Row, rows: list[Row], tolerance: Any = None, exclude_exact: bool = False) -> set[int | None]:
    """What ``value`` may be where its nulls are passed over (semantics 8): the look-up among the rows that have one."""
    having = [row for row in rows if row.value is not None]
    return {row.value for row in answers(question, having, tolerance, exclude_exact)} or {None}

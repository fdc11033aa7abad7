"""Half-open intervals of time in UTC, and the days they are made of."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from headrace.ground.errors import HeadraceError

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
WEEK = timedelta(weeks=1)
SECOND = timedelta(seconds=1)
MICROSECOND = timedelta(microseconds=1)
_SPAN = re.compile(r"([1-9][0-9]{0,4})([smhdw])")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9:.]+(Z|[+-][0-9:]+)?)?")
_UNITS = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": HOUR, "d": DAY, "w": WEEK}


@dataclass(frozen=True, order=True)
class Interval:
    """``[start, end)``: two instants in UTC, the end later than the start."""

    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        if self.start >= self.end:
            raise HeadraceError("INTERVAL_EMPTY", start=show_instant(self.start), end=show_instant(self.end))

    def cut(self, every: timedelta) -> Iterator[Interval]:
        """The consecutive pieces of length ``every``; a remainder shorter than that is left out.

        Raises:
            ValueError: the length is not positive.
        """
        if every <= timedelta(0):
            raise ValueError(f"pieces of length {every}: a length of time is positive")
        start = self.start
        while start + every <= self.end:
            yield Interval(start, start + every)
            start += every

    def contains(self, other: Interval) -> bool:
        """Whether ``other`` lies wholly in this one."""
        return self.start <= other.start and other.end <= self.end

    def label(self) -> str:
        """The interval as people read it: dates where both ends are midnights."""
        return f"{show_instant(self.start)}..{show_instant(self.end)}"


def show_instant(at: datetime) -> str:
    """An ISO date for a midnight, else an ISO instant."""
    return at.date().isoformat() if at.time() == datetime.min.time() else at.isoformat()


def parse_instant(text: str | date) -> datetime:
    """An ISO date or instant; a bare one is UTC.

    Raises:
        HeadraceError: INSTANT_UNREADABLE where the text is neither.
    """
    if isinstance(text, datetime):
        return _in_utc(text)
    if isinstance(text, date):
        return datetime(text.year, text.month, text.day, tzinfo=UTC)
    try:
        if _INSTANT.fullmatch(text) is None:
            raise ValueError(text)
        return _in_utc(datetime.fromisoformat(text))
    except (ValueError, OverflowError):
        raise HeadraceError("INSTANT_UNREADABLE", text=text) from None


def _in_utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def parse_span(text: str) -> timedelta:
    """A length of time such as ``12h``, ``7d`` or ``2w``.

    Raises:
        ValueError: the text is of another form, or the length is zero or beyond 99999 units.
    """
    found = _SPAN.fullmatch(text)
    if found is None or found[2] in "sm":
        raise ValueError(f"'{text}' is not a length of time; write 12h, 7d or 2w")
    return int(found[1]) * _UNITS[found[2]]


def parse_gap(text: str) -> timedelta:
    """A time between two events, such as ``1800s``, ``30m``, ``12h`` or ``2d``.

    Raises:
        ValueError: the text is of another form, or the length is zero or beyond 99999 units.
    """
    found = _SPAN.fullmatch(text)
    if found is None:
        raise ValueError(f"'{text}' is not a time between events; write 1800s, 30m (minutes), 12h or 2d")
    return int(found[1]) * _UNITS[found[2]]


def merge_adjacent(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """The same stretch of time in as few intervals as possible, in order."""
    merged: list[Interval] = []
    for piece in sorted(intervals):
        if merged and piece.start <= merged[-1].end:
            merged[-1] = Interval(merged[-1].start, max(merged[-1].end, piece.end))
        else:
            merged.append(piece)
    return tuple(merged)

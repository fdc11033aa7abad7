"""Timetables: how time is cut into the intervals of a job. Pure; what a day of a zone is, ``ground.zones`` says."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count, pairwise, takewhile
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from headrace.ground.errors import nearest
from headrace.ground.interval import DAY, HOUR, MICROSECOND, WEEK, Interval
from headrace.ground.zones import UTC, day_of, known_zone, midnight

Weekday = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


@dataclass(frozen=True)
class Timetable:
    """Half-open intervals, each beginning where the one before it ends.

    They are counted from the project's first instant, each as long as ``length``; or, where a ``zone`` or a weekday is named,
    *laid by the calendar* of that zone (an IANA name). Then days are its days, from midnight to midnight, mostly of 24 hours;
    weeks are seven of them and begin on the weekday ``begins``, a Monday where there is only a zone; several days, or weeks,
    are counted from the project's first one; hours are 60 minutes each from the first full hour that its clocks show.
    What has begun before the project is none of its intervals.

    Raises:
        ValueError: no such zone or weekday, with the nearest; a weekday of what is no weeks; of a zone, anything but an hour or
            whole days.
    """

    length: timedelta = DAY
    zone: str = UTC
    begins: Weekday | None = None

    def __post_init__(self) -> None:
        known_zone(self.zone)
        if self.begins is not None and self.begins not in WEEKDAYS:
            raise ValueError(f"'{self.begins!s:.60}' is no weekday. {nearest(str(self.begins), WEEKDAYS)}")
        if self.begins is not None and self.length % WEEK:
            raise ValueError(f"begins='{self.begins}' is of weeks, and the intervals are {self.length} long")
        if self.zone != UTC and self.length != HOUR and self.length % DAY:
            raise ValueError(f"intervals of {self.zone} are an hour or whole days, not {self.length}: its days differ")

    @property
    def calendar(self) -> bool:
        """Whether a calendar lays the intervals, and not the project's first instant."""
        return self.zone != UTC or self.begins is not None

    @property
    def weekday(self) -> Weekday | None:
        """The weekday on which the weeks of a calendar begin."""
        return (self.begins or "monday") if self.calendar and self.length % WEEK == timedelta(0) else None

    @property
    def of_utc_days(self) -> bool:
        """Whether the intervals of a project that begins at a midnight of UTC are made of days of UTC."""
        return self.zone == UTC and self.length % DAY == timedelta(0)

    def since(self, origin: datetime, at: datetime) -> Iterator[Interval]:
        """The intervals of a project that begins at ``origin``, in order and without end: the first is the one that ends after ``at``.

        Raises:
            ValueError: the length is not positive.
        """
        if self.length <= timedelta(0):
            raise ValueError(f"pieces of length {self.length}: a length of time is positive")
        by_day = self.calendar and self.length != HOUR
        edges = self._midnights(origin, at) if by_day else self._instants(origin, at)
        # A day that a zone left out has no time: it is no interval.
        return (Interval(start, end) for start, end in pairwise(edges) if start < end)

    def cut(self, whole: Interval) -> Iterator[Interval]:
        """The intervals of a project that begins with ``whole``, as far as they are over by its end."""
        return takewhile(lambda piece: piece.end <= whole.end, self.since(whole.start, whole.start))

    def until(self, origin: datetime, at: datetime) -> Interval | None:
        """The last interval that is over at ``at``; None where none is yet."""
        piece = next(self.since(origin, at - MICROSECOND))
        if piece.end == at:
            return piece
        before = next(self.since(origin, piece.start - MICROSECOND))
        return before if before.end == piece.start else None

    def _instants(self, origin: datetime, at: datetime) -> Iterator[datetime]:
        first = _full_hour(origin, self.zone) if self.calendar else origin
        passed = max((at - first) // self.length, 0)
        return (first + number * self.length for number in count(passed))

    def _midnights(self, origin: datetime, at: datetime) -> Iterator[datetime]:
        first = day_of(origin, self.zone)
        first += DAY if midnight(first, self.zone) < origin else timedelta(0)
        if self.weekday is not None:
            first += (WEEKDAYS.index(self.weekday) - first.weekday()) % 7 * DAY
        passed = max((day_of(at, self.zone) - first) // self.length, 0)
        return (midnight(first + number * self.length, self.zone) for number in count(passed))


def _full_hour(at: datetime, zone: str) -> datetime:
    """The first instant from ``at`` on at which a zone's clocks show a full hour."""
    shown = at.astimezone(ZoneInfo(zone))
    past = shown - shown.replace(minute=0, second=0, microsecond=0)
    return at + -past % HOUR

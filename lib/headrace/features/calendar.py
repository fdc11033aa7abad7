"""Instants and the days of a zone: where a snapshot stands, and how long a window keeps an event. Whole microseconds, UTC.

An event is in a window of length w at t where ``event < t`` and ``t <= event + w`` (semantics 1). Hours are elapsed time.
Days and weeks are days of the zone (semantics 14): ``event + 3d`` is the same wall clock three calendar days later, be
they of 23, 24 or 25 hours. Of a wall clock that is shown twice the earlier instant is meant; one that is skipped is later
by what was skipped. Under snapshot accuracy t is a midnight, and the window begins at a midnight. With ``tail: day`` it
begins with the day in which its edge lies (semantics 2). What a day and its midnight are, ``ground.zones`` says; here they
are columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from pyspark.sql import Column
from pyspark.sql import functions as F
from pyspark.sql import types as T

from headrace.features.rows import wall_clock
from headrace.ground.interval import DAY, MICROSECOND, parse_span
from headrace.ground.zones import UTC

_DAY = 86_400_000_000
_EVER = 2**63 - 1


@dataclass(frozen=True)
class Calendar:
    """A zone, whether values are those of its midnights, and whether windows begin at their edge or with its day."""

    zone: str = UTC
    snapshot: bool = False
    tail: str = "exact"

    def instant(self, time: Column, kind: T.DataType) -> Column:
        """Microseconds since the epoch; a date is its midnight and a timestamp_ntz its wall clock, in the zone."""
        if isinstance(kind, T.DateType):
            return self.midnight(time)
        if isinstance(kind, T.TimestampNTZType):
            return self._instant(wall_clock(time))
        return F.unix_micros(time)

    def as_of(self, instant: Column) -> Column:
        """The instant whose value is asked for: itself, or the midnight at or before it (semantics 3)."""
        if not self.snapshot:
            return instant
        return _floor(instant) if self.zone == UTC else self.midnight(self.day(instant))

    def midnight(self, day: Column) -> Column:
        """The first instant of a date."""
        return self._instant(F.unix_date(day).cast("bigint") * _DAY)

    def day(self, instant: Column) -> Column:
        """The date of an instant: the last whose midnight is at or before it."""
        days = F.call_function("div", _floor(self._clock(instant)), F.lit(_DAY))
        shown = F.date_from_unix_date(days.cast("int"))
        if self.zone == UTC:
            return shown
        begun = (self.midnight(F.date_add(shown, 1)) <= instant).cast("int")
        return F.date_add(shown, begun - (self.midnight(shown) > instant).cast("int"))

    def day_from(self, instant: Column) -> Column:
        """The first date whose midnight is at or after an instant."""
        return F.date_add(self.day(instant - 1), 1)

    def leaves(self, instant: Column, window: str) -> Column:
        """The last instant at which a window still holds an event."""
        if window == "all":
            return F.lit(_EVER)
        length = parse_span(window)
        if self.tail == "day":
            return self._leaves_with_day(instant, window, length)
        if self.zone == UTC or window.endswith("h"):
            return F.coalesce(F.try_add(instant, F.lit(length // MICROSECOND)), F.lit(_EVER))
        if not self.snapshot:
            return self._instant(self._clock(instant) + length // MICROSECOND)
        last = F.date_add(self.day(instant), length // DAY)
        return F.least(self.midnight(last), self.midnight(F.date_add(last, 1)) - 1)  # of a day left out: just before

    def _leaves_with_day(self, instant: Column, window: str, length: timedelta) -> Column:
        """An event stays as long as the last instant of its day would."""
        day = self.day(instant)
        if not window.endswith("h"):
            return self.midnight(F.date_add(day, length // DAY + 1)) - 1
        return self.midnight(F.date_add(day, 1)) - 1 + F.lit(length // MICROSECOND)

    def in_order(self, window: str) -> bool:
        """Whether of two events the younger never leaves first. By wall clocks it can, in an hour that is shown twice."""
        whole = self.snapshot or self.tail == "day"
        return self.zone == UTC or whole or not window.endswith(("d", "w"))

    def _clock(self, instant: Column) -> Column:
        """What the zone's clocks show, as microseconds without a zone."""
        if self.zone == UTC:
            return instant
        return F.unix_micros(F.from_utc_timestamp(F.timestamp_micros(instant), self.zone))

    def _instant(self, clock: Column) -> Column:
        if self.zone == UTC:
            return clock
        return F.unix_micros(F.to_utc_timestamp(F.timestamp_micros(clock), self.zone))


def _floor(clock: Column) -> Column:
    return clock - F.pmod(clock, F.lit(_DAY))

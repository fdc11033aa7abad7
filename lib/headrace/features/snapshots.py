"""When the tables of feature groups have rows: which midnights of a zone the intervals of a job own (ADR 34)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC as _UTC
from datetime import datetime, timedelta

from pyspark.sql import Column
from pyspark.sql import functions as F

from headrace.features.calendar import Calendar
from headrace.features.midnights import Midnights
from headrace.ground.interval import DAY, MICROSECOND
from headrace.ground.zones import UTC, day_of

_EPOCH = datetime(1970, 1, 1, tzinfo=_UTC)


@dataclass(frozen=True)
class Snapshots:
    """The snapshots of ``count`` intervals of length ``every`` from ``start``, a midnight of UTC.

    An interval owns the midnights of a zone in ``(start, end]``, and of an interval that is longer than a day the last of
    them. In UTC that is its end; in other zones it is mostly one a day, where clocks change over midnight none or two.
    """

    start: datetime
    every: timedelta
    count: int

    def midnights(self, zone: str) -> tuple[Midnights, ...]:
        """The midnights of a zone: one row of them as a rule, several where days of UTC and of the zone drift apart."""
        step, ends = self.every // DAY, [self.start + self.every * (k + 1) for k in range(self.count)]
        if zone == UTC:
            return (Midnights(ends[0].date(), step, self.count),)
        first, days = day_of(self.start, zone) + DAY, [day_of(end, zone) for end in ends]
        if step == 1:
            return (Midnights(first, 1, (days[-1] - first) // DAY + 1, zone),)
        rows = [[days[0]]]
        for day in days[1:]:
            if day - rows[-1][-1] == self.every:
                rows[-1].append(day)
            else:
                rows.append([day])
        return tuple(Midnights(row[0], step, len(row), zone) for row in rows)

    def latest(self, instant: Column, zone: str) -> Column:
        """The last snapshot at or before an instant, however many there are, in microseconds; null before the first."""
        at, calendar = F.unix_micros(instant), Calendar(zone, snapshot=True)
        start, every = F.lit((self.start - _EPOCH) // MICROSECOND), F.lit(self.every // MICROSECOND)
        begun = at - F.pmod(at - start, every)
        if zone == UTC:
            return F.when(begun > start, begun)
        if self.every == DAY:
            now = calendar.as_of(at)
            return F.when(now > start, now)
        here, before = calendar.as_of(begun + every), calendar.as_of(begun)
        return F.when((here <= at) & (begun >= start), here).when(begun > start, before)

    def age(self, instant: Column, zone: str = UTC) -> Column:
        """Microseconds from the last snapshot at or before an instant; null before the first."""
        if zone != UTC:
            return F.unix_micros(instant) - self.latest(instant, zone)
        first = (self.start + self.every - _EPOCH) // MICROSECOND
        past = F.unix_micros(instant) - F.lit(first)
        return F.when(F.unix_micros(instant) >= F.lit(first), F.pmod(past, F.lit(self.every // MICROSECOND)))

"""The instants of snapshots, as whole numbers from 0."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import Column
from pyspark.sql import functions as F

from headrace.ground.interval import DAY, MICROSECOND

_EPOCH = date(1970, 1, 1)
_MICROS = DAY // MICROSECOND


@dataclass(frozen=True)
class Midnights:
    """``count`` midnights (UTC) from ``first``, ``step`` days apart: the instants of the snapshots."""

    first: date
    step: int
    count: int

    @property
    def last(self) -> date:
        """The last of them."""
        return self.first + timedelta(days=self.step * (self.count - 1))

    def index(self, day: Column) -> Column:
        """The first midnight at or after ``day``, counted from 0; below 0 never."""
        return F.greatest(F.ceil(F.datediff(day, F.lit(self.first)) / self.step).cast("int"), F.lit(0))

    def leaves(self, days: int, event_day: Column | str = "event_day") -> Column:
        """The first midnight whose window of so many days has left the day behind."""
        return self.index(F.date_add(event_day, days + 1))

    def age(self, instant: Column) -> Column:
        """Microseconds from the last midnight at or before ``instant``, however many there are; null before the first."""
        first = (self.first - _EPOCH).days * _MICROS
        return F.when(
            F.unix_micros(instant) >= F.lit(first),
            F.pmod(F.unix_micros(instant) - F.lit(first), F.lit(self.step * _MICROS)),
        )

    def instant(self, index: Column) -> Column:
        """The timestamp of a midnight."""
        return F.date_add(F.lit(self.first), index * self.step).cast("timestamp")

"""The instants of snapshots, as whole numbers from 0: midnights of a zone, which tiles are rolled up to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pyspark.sql import Column
from pyspark.sql import functions as F

from headrace.features.calendar import Calendar
from headrace.ground.zones import UTC


@dataclass(frozen=True)
class Midnights:
    """``count`` midnights of a zone from that of ``first``, ``step`` days apart: the instants of the snapshots.

    What is counted are days of the zone, of 23, 24 or 25 hours; how long they are only ``instant`` and ``begins`` know.
    """

    first: date
    step: int
    count: int
    zone: str = UTC

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

    def seen_from(self) -> Column:
        """The first day at whose midnight a cell is seen: its events have happened, and its landing day is over.

        A landing day is a day of UTC whatever the zone (ADR 1), so it is over at the zone's first midnight from then on.
        """
        if self.zone == UTC:
            return F.date_add(F.greatest("arrival_day", "event_day"), 1)
        landed = Calendar().midnight(F.date_add("arrival_day", 1))
        return F.greatest(Calendar(self.zone).day_from(landed), F.date_add("event_day", 1))

    def instant(self, index: Column) -> Column:
        """The timestamp of a midnight."""
        return self.begins(index, 0)

    def begins(self, index: Column, days: int) -> Column:
        """When a window of so many days begins that ends at a midnight."""
        day = F.date_add(F.lit(self.first), index * self.step)
        if self.zone == UTC:
            return (F.date_sub(day, days) if days else day).cast("timestamp")
        return F.timestamp_micros(Calendar(self.zone).midnight(F.date_sub(day, days)))

    def is_there(self, index: Column) -> Column:
        """Whether the day of a midnight is one: a zone that moved across the date line left one out."""
        day, calendar = F.date_add(F.lit(self.first), index * self.step), Calendar(self.zone)
        return calendar.midnight(day) < calendar.midnight(F.date_add(day, 1))

"""Cutoffs as whole numbers from 0, so that an event is put to those in its reach and to no others."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property

from pyspark.sql import Column
from pyspark.sql import functions as F

from headrace.ground.interval import MICROSECOND

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Grid:
    """Ascending instants, in microseconds, about ``every`` so many apart: in a zone whose clocks change not all are."""

    instants: tuple[int, ...]
    every: int

    @classmethod
    def of(cls, instants: Sequence[datetime], every: timedelta) -> Grid:
        """Those of aware instants."""
        return cls(tuple((at - _EPOCH) // MICROSECOND for at in instants), every // MICROSECOND)

    def span(self, after: Column, until: Column) -> tuple[Column, Column]:
        """``first`` and ``last`` cutoff in ``(after, until]``; ``first > last`` where there is none."""
        first = F.greatest(self._at_or_before(after) + 1, F.lit(0))
        last = F.least(self._at_or_before(until), F.lit(len(self.instants) - 1))
        return first.alias("first"), last.alias("last")

    def instant(self, index: Column) -> Column:
        """The timestamp of a cutoff."""
        if self._drift == (0, 0):
            return F.timestamp_micros(index.cast("bigint") * self.every + self._first)
        return F.timestamp_micros(F.get(self._all, index))

    def _at_or_before(self, instant: Column) -> Column:
        """The last cutoff that is not after ``instant``; exact, since what is divided is a multiple.

        Below 0 before the first one, and the last one or a later number from there on.
        """
        past = instant - self._first
        even = ((past - F.pmod(past, F.lit(self.every))) / self.every).cast("int")
        least, greatest = self._drift
        found = even + least
        for further in range(least + 1, greatest + 1):
            found = F.when(F.get(self._all, even + further) <= instant, even + further).otherwise(found)
        return found

    @cached_property
    def _drift(self) -> tuple[int, int]:
        """By how many the last cutoff at or before an instant may differ from that of an even grid: least and greatest."""
        until = (*self.instants[1:], self.instants[-1] + self.every) if self.instants else ()
        found = {0}
        for number, (begin, end) in enumerate(zip(self.instants, until, strict=True)):
            found |= {number - (at - self._first) // self.every for at in (begin, end - 1)}
        return min(found), max(found)

    @property
    def _first(self) -> int:
        return self.instants[0] if self.instants else 0

    @property
    def _all(self) -> Column:
        return F.lit(list(self.instants))

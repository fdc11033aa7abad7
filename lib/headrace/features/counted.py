"""A group counted from raw events, as of any instants: the values that no table of snapshots holds (semantics 3 and 4).

They are those of the tables' definition at other instants: an event counts once it has happened and its landing day is
over, and ties are decided by the same columns. So at an instant of which there is a snapshot, both ways give equal values.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.events.validate import event_instant
from headrace.features.windows import window_features
from headrace.ground.interval import DAY, MICROSECOND

AS_OF = "as_of"
_HAPPENED, _ARRIVED, _RANKED, _SEEN = "_happened", "_arrived", "_ranked", "_seen"
_SLACK = 3 * DAY
"""How much earlier a window may begin than its length before an instant of UTC: odd days of its zone, and ``tail: day``."""


@dataclass(frozen=True)
class Counted:
    """A group over the raw events of its source. ``known_by`` is the instant from which an event counts."""

    events: DataFrame
    group: FeatureGroup
    source: EventContract
    known_by: str = _ARRIVED

    @property
    def known_now(self) -> Counted:
        """The same, each event known as soon as it has happened."""
        return replace(self, known_by=_HAPPENED)

    def at(self, asked: DataFrame, time: str, first: datetime, last: datetime) -> DataFrame:
        """All columns of ``asked``, then ``as_of`` and the group's columns as of ``time``, a row for each row.

        ``as_of`` is ``time`` itself; null for whom the source had not seen by then, and what is null of the key or time.
        No ``time`` is before ``first`` or after ``last``: by these two, events that no window reaches are not read.
        """
        seen = self._seen(last).withColumnsRenamed({key: f"_{key}" for key in self.group.entity})
        same = reduce(lambda one, other: one & other, (F.col(key) == F.col(f"_{key}") for key in self.group.entity))
        known = F.when(F.col(_SEEN) <= F.unix_micros(time), F.col(time)).alias(AS_OF)
        questions = asked.join(seen, on=same, how="left").select(*asked.columns, known)
        return self._values(questions, time, first, last)

    def of_everybody(self, as_of: datetime) -> DataFrame:
        """``(entity..., as_of, the group's columns)``: a row for each entity that the source had seen by an instant."""
        known = self._seen(as_of).where(F.col(_SEEN) <= F.unix_micros(F.lit(as_of)))
        questions = known.select(*self.group.entity, F.lit(as_of).alias(AS_OF))
        return self._values(questions, AS_OF, as_of, as_of)

    def _values(self, questions: DataFrame, time: str, first: datetime, last: datetime) -> DataFrame:
        roles, group = self.source.roles, self.group
        return window_features(
            self._told(first, last),
            questions,
            by=group.entity,
            event_time=_HAPPENED,
            query_time=time,
            features=group.features,
            available_at=self.known_by,
            sequence=roles.sequence,
            row_hash="row_hash",
            ranked_by=_RANKED,
            zone=group.zone,
            tail=group.tail,
            sign=self.source.sign,
            group=group.group,
        )

    def _told(self, first: datetime, last: datetime) -> DataFrame:
        """What windows that end between two instants may hold, in the columns that the features and their ties name."""
        longest, day = self.group.longest_window, F.col("event_date")
        reached = day <= F.lit(last.date())
        if longest is not None and longest + _SLACK < first - datetime.min.replace(tzinfo=UTC):
            reached &= day >= F.lit((first - longest - _SLACK).date())
        formulas = [part for feature in self.group.features for part in (feature.expression, feature.where) if part]
        named = [*self.group.entity, *sorted({column for formula in formulas for column in formula.columns})]
        named += [name for name in (self.source.roles.sequence, self.source.sign) if name is not None]
        ranked = F.col(self.source.roles.available_at or "landed_on").alias(_RANKED)
        return self.events.where(reached).select(*dict.fromkeys(named), "row_hash", ranked, *self._times())

    def _times(self) -> tuple[Column, Column]:
        """When an event happened, and when it was known: at the midnight of UTC that ends its landing day (ADR 1)."""
        over = F.timestamp_micros((F.unix_date("landed_on").cast("bigint") + 1) * (DAY // MICROSECOND))
        return event_instant(self.source).alias(_HAPPENED), over.alias(_ARRIVED)

    def _seen(self, last: datetime) -> DataFrame:
        """``(entity..., _seen)``: from which microsecond on an entity is known, of those who are by ``last``."""
        earlier = self.events.where(F.col("event_date") <= F.lit(last.date()))
        timed = earlier.select(*self.group.entity, *self._times())
        known = F.greatest(F.unix_micros(_HAPPENED) + 1, F.unix_micros(self.known_by))
        there = reduce(lambda one, other: one & other, (F.col(key).isNotNull() for key in self.group.entity))
        return timed.where(there).groupBy(*self.group.entity).agg(F.min(known).alias(_SEEN))

"""One snapshot from the one before: a day costs the day's cells, those at the windows' edges, and one pass over the entities.

The kept rows (``keeps``) of all groups of one entity over one source stand in one table; a group's snapshot is a
projection of them. From nothing they are made of all cells, in one aggregate: that is where a chain begins, and the
oracle of the other way.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property, reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.features.keeps import NEW, Keep, edges, keeps_of
from headrace.features.rollup import presented
from headrace.features.slots import group_slots, shared_slots
from headrace.tables.spec import Table

_PREFIX = "_moved_"


@dataclass(frozen=True)
class Carried:
    """What is kept from one snapshot to the next for the groups of one entity over one source."""

    source: EventContract
    entity: tuple[str, ...]
    groups: tuple[FeatureGroup, ...]
    every: timedelta

    @cached_property
    def keeps(self) -> tuple[Keep, ...]:
        """Its columns."""
        return keeps_of(shared_slots(self.groups, self.source))

    @property
    def table(self) -> Table:
        """``carried.{source}``, of another entity than the source's ``carried.{source}_by_{keys}``: (entity..., as_of, keeps)."""
        suffix = "" if set(self.entity) == set(self.source.entity) else f"_by_{'_'.join(self.entity)}"
        return Table(
            name=f"carried.{self.source.source}{suffix}",
            meaning=f"What the newest snapshots of {self.source.source} by {', '.join(self.entity)} leave for the next one.",
            keys=(*self.entity, "as_of"),
            partitioned_by=("as_of",),
            replaced_by="as_of",
            stamped="end",
            kept="working",
            trailing=self.every,
        )

    def afresh(self, tiles: DataFrame, at: date) -> DataFrame:
        """``(entity..., as_of, keeps...)`` at a midnight, of all cells seen by then."""
        cells = tiles.where(_seen_on() <= F.lit(at))
        made = cells.groupBy(*self.entity).agg(
            *(F.expr(keep.change(at, None)).alias(keep.column) for keep in self.keeps)
        )
        return self._stamped(made, at)

    def onward(self, kept: DataFrame, tiles: DataFrame, at: date, before: date) -> DataFrame:
        """The same at a midnight, of what was ``kept`` at one before it and the cells that make the difference.

        One scan of the cells that came to be seen between the two or whose day left a window, one shuffle by entity of
        each side; the join hashes the smaller one, so nothing is sorted.
        """
        moved = self._moved(tiles, at, before).hint("shuffle_hash")
        joined = kept.drop("as_of").join(moved, list(self.entity), "full_outer")
        columns = (
            F.expr(keep.merged(f"`{keep.column}`", f"`{_PREFIX}{keep.column}`", at)).alias(keep.column)
            for keep in self.keeps
        )
        return self._stamped(joined.select(*self.entity, *columns), at)

    def _moved(self, tiles: DataFrame, at: date, before: date) -> DataFrame:
        """By entity, what enters less what leaves."""
        new = _seen_on() > F.lit(before)
        leaving = (
            F.col("event_day").between(F.lit(first), F.lit(last))
            for first, last in sorted(set(edges(self.keeps, at, before)))
        )
        touched = reduce(
            Column.__or__, leaving, (F.col("arrival_day") >= F.lit(before)) | (F.col("event_day") >= F.lit(before))
        )
        cells = tiles.where((_seen_on() <= F.lit(at)) & touched).withColumn(NEW, new)
        changes = (F.expr(keep.change(at, before)).alias(f"{_PREFIX}{keep.column}") for keep in self.keeps)
        return cells.groupBy(*self.entity).agg(*changes)

    def _stamped(self, rows: DataFrame, at: date) -> DataFrame:
        return rows.select(
            *self.entity, F.lit(at).cast("timestamp").alias("as_of"), *(keep.column for keep in self.keeps)
        )

    def snapshot(self, kept: DataFrame, group: FeatureGroup, at: date) -> DataFrame:
        """A group's rows at the midnight, of what is kept there."""
        wanted = dict.fromkeys(group_slots(group, self.source))
        values = (
            F.expr(keep.value(slot, at)).alias(slot.column)
            for keep in self.keeps
            for slot in keep.slots
            if slot in wanted
        )
        return presented(kept.select(*group.entity, "as_of", *values), group, self.source)


def _seen_on() -> Column:
    """The first midnight at which a cell is seen: the one after its day and its arrival."""
    return F.date_add(F.greatest("arrival_day", "event_day"), 1)


def carried_of(groups: Iterable[FeatureGroup], source: EventContract, every: timedelta) -> tuple[Carried, ...]:
    """What is carried for the groups of a source, an entity each, the source's own first."""
    found: dict[tuple[str, ...], tuple[FeatureGroup, ...]] = {}
    for group in groups:
        entity = source.entity if set(group.entity) == set(source.entity) else tuple(sorted(group.entity))
        found[entity] = (*found.get(entity, ()), group)
    return tuple(
        Carried(source, entity, found[entity], every) for entity in sorted(found, key=lambda e: (e != source.entity, e))
    )

"""One snapshot from the one before: a day costs the day's cells, those at the windows' edges, and one pass over the entities.

The kept rows of a chain (``chain``, ``keeps``) stand in one table; a group's snapshot is a projection of them. From
nothing they are made of all cells, in one aggregate: there a chain begins, and that is the oracle of the other way.

Cells are shuffled and sorted before they are summed up: Spark's aggregate of arrays would hash 128 entities and then
sort what it has by itself, on both sides of a shuffle that hardly gets smaller by it.
"""

from __future__ import annotations

from datetime import date
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.contracts.features import FeatureGroup
from headrace.features.chain import Chain
from headrace.features.keep import NEW
from headrace.features.keeps import edges
from headrace.features.rollup import presented
from headrace.features.slots import group_slots

_CHANGE = "_change_"


def afresh(chain: Chain, tiles: DataFrame, at: date) -> DataFrame:
    """``(entity..., as_of, keeps...)`` at a midnight, of all cells seen by then."""
    cells = _together(chain, tiles.where(_seen_by(at)))
    made = cells.groupBy(*chain.entity).agg(*(F.expr(keep.change(at, None)).alias(keep.column) for keep in chain.keeps))
    return _stamped(chain, made, at)


def onward(chain: Chain, kept: DataFrame, tiles: DataFrame, at: date, before: date) -> DataFrame:
    """The same at a midnight, of what was ``kept`` at one before it and the cells that make the difference.

    One scan of the cells that came to be seen between the two or whose day left a window, one shuffle by entity of
    each side; the join hashes the smaller one. The cells alone are sorted.
    """
    changes = _changes(chain, tiles, at, before).hint("shuffle_hash")
    joined = kept.drop("as_of").join(changes, list(chain.entity), "full_outer")
    columns = (
        F.expr(keep.merged(f"`{keep.column}`", f"`{_CHANGE}{keep.column}`", at)).alias(keep.column)
        for keep in chain.keeps
    )
    return _stamped(chain, joined.select(*chain.entity, *columns), at)


def _changes(chain: Chain, tiles: DataFrame, at: date, before: date) -> DataFrame:
    """By entity, what enters less what leaves."""
    came = (F.col("arrival_day") >= F.lit(before)) | (F.col("event_day") >= F.lit(before))
    left = (F.col("event_day").between(*map(F.lit, days)) for days in sorted(set(edges(chain.keeps, at, before))))
    cells = tiles.where(_seen_by(at) & reduce(Column.__or__, left, came))
    marked = _together(chain, cells.withColumn(NEW, ~_seen_by(before)))
    made = (F.expr(keep.change(at, before)).alias(f"{_CHANGE}{keep.column}") for keep in chain.keeps)
    return marked.groupBy(*chain.entity).agg(*made)


def _together(chain: Chain, cells: DataFrame) -> DataFrame:
    """The cells of an entity one behind the other: the aggregate that follows needs no table of entities."""
    return cells.repartition(*chain.entity).sortWithinPartitions(*chain.entity)


def _stamped(chain: Chain, rows: DataFrame, at: date) -> DataFrame:
    stamp = F.lit(at).cast("timestamp").alias("as_of")
    return rows.select(*chain.entity, stamp, *(keep.column for keep in chain.keeps))


def snapshot(chain: Chain, kept: DataFrame, group: FeatureGroup, at: date) -> DataFrame:
    """A group's rows at the midnight, of what is kept there."""
    wanted = set(group_slots(group, chain.source))
    values = (
        F.expr(keep.value(slot, at)).alias(slot.column) for keep in chain.keeps for slot in keep.slots if slot in wanted
    )
    return presented(kept.select(*group.entity, "as_of", *values), group, chain.source)


def _seen_by(midnight: date) -> Column:
    """Whether a cell is seen at a midnight: its day and its arrival are before it. Said so that files can be skipped."""
    return (F.col("arrival_day") < F.lit(midnight)) & (F.col("event_day") < F.lit(midnight))

"""Tiles: one row of mergeable states for each (entity, event day, arrival day), in one pass over new events.

Late events add cells of a later arrival day to an event day; no cell that is there changes (semantics 4).
"""

from __future__ import annotations

from collections.abc import Iterable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.features.slots import atoms_in_use


def build_tiles(
    events: DataFrame, groups: Iterable[FeatureGroup], source: EventContract, key: tuple[str, ...] | None = None
) -> DataFrame:
    """``(key..., event_day date, arrival_day date, arrival_month date, a column an atom)`` of the events given.

    The key is the source's entity, or the one named; an event without a value in one of its columns is nobody's (rule 10).
    """
    atoms = atoms_in_use(groups, source)
    entity = source.entity if key is None else key
    mine = events.dropna(subset=list(entity)) if entity != source.entity else events
    cells = mine.groupBy(*entity, F.col("event_date").alias("event_day"), F.col("landed_on").alias("arrival_day"))
    states = [F.expr(atom.lift_or_error(features)).alias(column) for column, (atom, features) in atoms.items()]
    dated = cells.agg(*(states or [F.count(F.lit(1)).alias("events")])).withColumn(
        "arrival_month", F.trunc("arrival_day", "month")
    )
    return dated.sortWithinPartitions("arrival_month", "arrival_day", *entity)

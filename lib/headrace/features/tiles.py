"""Tiles: one row of mergeable states for each (entity, event day, arrival day), in one pass over new events.

An event day is one of the tiling's zone, an arrival day is a landing day and so one of UTC (ADR 1).

Late events add cells of a later arrival day to an event day; no cell that is there changes (semantics 4).
"""

from __future__ import annotations

from collections.abc import Iterable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.events.validate import event_instant
from headrace.features.calendar import Calendar
from headrace.features.slots import atoms_in_use
from headrace.features.tiling import Tiling
from headrace.ground.zones import UTC


def build_tiles(
    events: DataFrame, groups: Iterable[FeatureGroup], source: EventContract, tiling: Tiling | None = None
) -> DataFrame:
    """``(key..., event_day date, arrival_day date, arrival_month date, a column an atom)`` of the events given.

    Without a ``tiling`` the key is the source's entity and days are of UTC. An event without a value in one of the key's
    columns is nobody's (rule 10).
    """
    atoms = atoms_in_use(groups, source)
    cut = Tiling(source.entity) if tiling is None else tiling
    entity = cut.key
    mine = events.dropna(subset=list(entity)) if entity != source.entity else events
    cells = _dated(mine, source, cut.zone).groupBy(
        *entity, F.col("event_date").alias("event_day"), F.col("landed_on").alias("arrival_day")
    )
    states = [F.expr(atom.lift_or_error(features)).alias(column) for column, (atom, features) in atoms.items()]
    dated = cells.agg(*(states or [F.count(F.lit(1)).alias("events")])).withColumn(
        "arrival_month", F.trunc("arrival_day", "month")
    )
    return dated.sortWithinPartitions("arrival_month", "arrival_day", *entity)


def _dated(events: DataFrame, source: EventContract, zone: str) -> DataFrame:
    """The events, each under its day in the zone."""
    if zone == UTC:
        return events
    return events.withColumn("event_date", Calendar(zone).day(F.unix_micros(event_instant(source))))

"""Tiles: one row of mergeable states for each (entity, event day, arrival day), in one pass over new events.

Late events add cells of a later arrival day to an event day; no cell that is there changes (semantics 4).
"""

from __future__ import annotations

from collections.abc import Iterable

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.features.atoms import Atom, group_atoms
from headrace.tables.spec import Table


def tiles_table(source: EventContract) -> Table:
    """``tiles.{source}``."""
    return Table(
        name=f"tiles.{source.source}",
        meaning=f"Mergeable states of {source.source} by entity, event day and arrival day.",
        keys=(*source.entity, "event_day", "arrival_day"),
        partitioned_by=("arrival_month",),
        replaced_by="arrival_day",
        indexed=("event_day", "arrival_day", *source.entity),
        unhashed=("arrival_month",),
    )


def source_atoms(groups: Iterable[FeatureGroup], source: EventContract) -> dict[str, Atom]:
    """The atoms of all groups over a source, each once, in a stable order."""
    found: dict[str, Atom] = {}
    for group in groups:
        found |= group_atoms(group, source)
    return dict(sorted(found.items()))


def build_tiles(events: DataFrame, groups: Iterable[FeatureGroup], source: EventContract) -> DataFrame:
    """``(entity..., event_day date, arrival_day date, arrival_month date, a column an atom)`` of the events given."""
    atoms = source_atoms(groups, source)
    cells = events.groupBy(
        *source.entity, F.col("event_date").alias("event_day"), F.col("landed_on").alias("arrival_day")
    )
    states = [F.expr(atom.lift).alias(column) for column, atom in atoms.items()] or [F.count(F.lit(1)).alias("events")]
    dated = cells.agg(*states).withColumn("arrival_month", F.trunc("arrival_day", "month"))
    return dated.sortWithinPartitions("arrival_month", "arrival_day", *source.entity)

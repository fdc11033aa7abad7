"""Two meanings of a feature group side by side: the same entities, the same events, the same midnight."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.contracts.binding import Bound
from headrace.features.midnights import Midnights
from headrace.features.rollup import roll_up
from headrace.features.tiles import build_tiles
from headrace.features.tiling import tiled_by

OLD, NEW = "old", "new"


def side_by_side(events: DataFrame, old: Bound, new: Bound, as_of: date, most: int) -> DataFrame:
    """``(entity..., old struct, new struct)`` of at most ``most`` entities as of a day's midnight, from their events.

    The entities are those of least hash, so the same each time. A side is null where the entity is not known by it.
    Both sides are computed from the events as they were validated by the source's present contract.
    """
    entity = new.group.entity
    chosen = events.select(*entity).dropna().distinct().orderBy(F.xxhash64(*entity), *entity).limit(most)
    some = events.join(F.broadcast(chosen), on=list(entity), how="left_semi")
    sides = [
        _values(some, old, as_of, old.group.columns, OLD),
        _values(some, new, as_of, new.group.columns, NEW),
    ]
    return sides[0].join(sides[1], on=list(entity), how="full")


def _values(events: DataFrame, bound: Bound, as_of: date, columns: Iterable[str], name: str) -> DataFrame:
    tiles = build_tiles(events, [bound.group], bound.source, tiled_by(bound.group, bound.source))
    rolled = roll_up(tiles, bound.group, bound.source, Midnights(as_of, 1, 1, bound.group.zone))
    return rolled.select(*bound.group.entity, F.struct(*columns).alias(name))

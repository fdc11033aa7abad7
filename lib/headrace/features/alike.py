"""Columns of different groups whose values go together, over a bounded sample of entities: the same thing, told otherwise.

Spearman's rank correlation: it is 1 for any growing function of the same values, so a logarithm, a scale or a bound that
no tree tells apart hides nothing. Pearson's would ask for a straight line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.features.columns import sensitivity_of

if TYPE_CHECKING:
    import pandas as pd

MOST_ENTITIES = 10_000
LEAST_ENTITIES = 100
"""Fewer in common say nothing."""
CLOSE = 0.98
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal")


@dataclass(frozen=True)
class Pair:
    """Two columns, ``team.group.column``, with their correlation and the entities that have both."""

    one: str
    other: str
    correlation: float
    entities: int


def shareable(group: FeatureGroup, source: EventContract) -> tuple[str, ...]:
    """The columns of a group that may be looked at: neither personal nor special."""
    open_ones = [one for one in group.features if sensitivity_of(one, group, source) not in ("personal", "special")]
    return tuple(column for feature in open_ones for column in feature.columns)


def sample(
    tables: Mapping[str, DataFrame], columns: Mapping[str, Iterable[str]], entity: tuple[str, ...]
) -> pd.DataFrame:
    """The numbers of groups over one entity at each group's latest snapshot: a row an entity, without its key.

    Args:
        tables: By ``team.group``: (entity..., as_of, features).
        columns: By ``team.group``: the columns to take; those that are no numbers are left out.
        entity: The key's columns.

    Returns:
        Doubles called ``team.group.column``, of the ``MOST_ENTITIES`` entities whose keys have the least hashes.
    """
    latest = {name: _latest(table) for name, table in tables.items()}
    rank = F.xxhash64(*entity).alias("rank")
    least = [rows.select(*entity, rank).orderBy("rank").limit(MOST_ENTITIES) for rows in latest.values()]
    merged = reduce(lambda one, other: one.unionByName(other), least).distinct()
    found = merged.orderBy("rank").limit(MOST_ENTITIES).select(*entity)
    names: list[str] = []
    for group, rows in latest.items():
        numbers = [name for name, kind in rows.dtypes if kind.startswith(_NUMBERS) and name in set(columns[group])]
        taken = [F.col(name).cast("double").alias(f"c{len(names) + place}") for place, name in enumerate(numbers)]
        found = found.join(rows.select(*entity, *taken), on=list(entity), how="left")
        names += [f"{group}.{name}" for name in numbers]
    frame: pd.DataFrame = found.select(*(f"c{place}" for place in range(len(names)))).toArrow().to_pandas()
    return frame.set_axis(names, axis="columns")


def _latest(table: DataFrame) -> DataFrame:
    last = table.agg(F.max("as_of").alias("last"))
    return table.join(F.broadcast(last), on=F.col("as_of") == F.col("last"), how="inner").drop("last")


def close_pairs(values: pd.DataFrame) -> tuple[Pair, ...]:
    """The pairs of columns of different groups whose absolute correlation is ``CLOSE`` or more, closest first.

    ``values`` is as ``sample`` gives it. Over the entities that have both values, ``LEAST_ENTITIES`` at least; columns
    of one value only go with none. Cost: columns squared x entities x log entities.
    """
    matrix = values.corr(method="spearman", min_periods=LEAST_ENTITIES).to_numpy()
    known = values.notna().to_numpy()
    names = [str(name) for name in values.columns]
    found = []
    for at, one in enumerate(names):
        for place, other in enumerate(names[at + 1 :], start=at + 1):
            correlation = float(matrix[at, place])
            if _group(one) != _group(other) and abs(correlation) >= CLOSE:
                found.append(Pair(one, other, correlation, int((known[:, at] & known[:, place]).sum())))
    return tuple(sorted(found, key=lambda pair: (-abs(pair.correlation), pair.one, pair.other)))


def _group(name: str) -> str:
    return name.rpartition(".")[0]

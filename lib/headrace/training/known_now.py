"""How much of a training set would be otherwise if what arrived later had been known: known-then against known-now.

Known-then is what every table of headrace holds (semantics 4): a value at a cutoff counts what had arrived by it.
Known-now counts all that has arrived since. The two differ where events came late; trained on known-now, a model would
learn from what nobody could have known. Each cell is one column of one row, compared as values are, null equal to null.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import reduce
from types import MappingProxyType
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.contracts.features import FeatureGroup
from headrace.contracts.models import ModelContract
from headrace.contracts.namespaces import as_of_column
from headrace.features.calendar import Calendar
from headrace.features.counted import Counted
from headrace.features.empty import empty_values, with_null_rule
from headrace.features.groups import snapshots
from headrace.features.midnights import Midnights
from headrace.features.rollup import roll_up
from headrace.graph.asked import cutoffs_of
from headrace.graph.project import Project
from headrace.ground.interval import DAY, MICROSECOND
from headrace.ground.zones import UTC
from headrace.training.dataset import STALE_AFTER, columns_by_group

_EPOCH = date(1970, 1, 1)


@dataclass(frozen=True)
class ColumnCount:
    """One feature column: the cells that it has, and how many of them differ."""

    group: str
    column: str
    cells: int
    differ: int


@dataclass(frozen=True)
class Leakage:
    """All columns, the rows, and how many rows have a cell that differs."""

    columns: tuple[ColumnCount, ...]
    rows: int
    rows_differ: int

    @property
    def cells(self) -> int:
        """How many cells were compared."""
        return sum(column.cells for column in self.columns)

    @property
    def differ(self) -> int:
        """How many cells differ."""
        return sum(column.differ for column in self.columns)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as JSON has them; shares between 0 and 1."""
        columns = [{**vars(column), "share": share(column.differ, column.cells)} for column in self.columns]
        total = {"cells": self.cells, "differ": self.differ, "share": share(self.differ, self.cells)}
        return {"rows": self.rows, "rows_differ": self.rows_differ, **total, "columns": columns}


def share(part: int, whole: int) -> float:
    """A part of a whole; 0 of nothing."""
    return part / whole if whole else 0.0


def leakage(
    training_set: DataFrame,
    tiles: Mapping[str, DataFrame],
    model: ModelContract,
    project: Project,
    counted: Mapping[str, Counted] = MappingProxyType({}),
) -> Leakage:
    """Count the cells of a training set that known-now has otherwise.

    Args:
        training_set: As ``dataset.build_training_set`` gives it: the spine, the model's columns, ``{group}_as_of``.
        tiles: By group: ``(entity..., event_day, arrival_day, atoms)``, all that has arrived by now. Of a group without
            them (another project's) no cell is compared.
        model: The model's contract.
        project: Its feature groups, sources and snapshots.
        counted: The groups that the set has from events, with all events that have arrived by now; they need no tiles.

    A row is compared as of the snapshot that it was given; one that was given none, because nothing of its entity had
    arrived, as of the latest snapshot at or before its cutoff. What was counted from events is compared at the
    cutoff. A Spark job a zone and one for all; one row of counts each comes here.
    """
    asked_for = columns_by_group(model)
    columns = {group: names for group, names in asked_for.items() if group in tiles}
    placed = training_set.select("*", *(_as_of(group, project).alias(_now(as_of_column(group))) for group in columns))
    zones = dict.fromkeys(project.groups[group].zone for group in columns)
    asked = {zone: [group for group in columns if project.groups[group].zone == zone] for zone in zones}
    grids = {
        zone: _midnights(placed, [_now(as_of_column(group)) for group in groups], project, model, zone)
        for zone, groups in asked.items()
    }
    compared = placed
    anew = {group: names for group, names in asked_for.items() if group in counted}
    for reference, names in anew.items():
        compared = _beside(compared, counted[reference].known_now, names, model, project)
    for reference, names in columns.items():
        group, at, seen = project.groups[reference], _now(as_of_column(reference)), _now("_seen")
        now = _known_now(tiles[reference], group, project, grids[group.zone])
        now = now.withColumn(at, _day(F.col("as_of"), group.zone))
        empty = empty_values(now, group, names)
        named = now.select(
            *group.entity, at, F.lit(True).alias(seen), *(F.col(name).alias(_now(name)) for name in names)
        )
        joined = compared.join(named, on=[*group.entity, at], how="left")
        ruled = {_now(name): value for name, value in empty.items()}
        age = snapshots(project).age(F.col("cutoff"), group.zone)
        unseen = F.col(seen).isNull() & (age <= F.lit(STALE_AFTER // MICROSECOND))
        compared = joined.select(*compared.columns, *with_null_rule(ruled, unseen, ruled))
    return _counted(compared, columns | anew)


def _beside(
    compared: DataFrame, now: Counted, names: Sequence[str], model: ModelContract, project: Project
) -> DataFrame:
    """The rows with the values that a counted group has now at their cutoffs; of a null key, those of an empty window."""
    keys, cutoffs = [*now.group.entity, "cutoff"], cutoffs_of(project.labels[model.label])
    values = now.at(compared.select(*keys).distinct(), "cutoff", cutoffs[0], cutoffs[-1])
    named = values.select(*(F.col(name).alias(_now(name)) for name in (*keys, *names)))
    same = reduce(lambda one, other: one & other, (F.col(key).eqNullSafe(F.col(_now(key))) for key in keys))
    joined = compared.join(named, on=same, how="left")
    return joined.select(*compared.columns, *(_now(name) for name in names))


def _now(name: str) -> str:
    return f"_now_{name}"


def _as_of(group: str, project: Project) -> Column:
    """The snapshot that a row is compared at, as a day of the group's zone."""
    zone, own = project.groups[group].zone, F.col(as_of_column(group))
    if zone != UTC:
        latest = F.timestamp_micros(snapshots(project).latest(F.col("cutoff"), zone))
        return _day(F.coalesce(own, latest), zone)
    step, start = project.config.snapshots_every // DAY, (project.span.start.date() - _EPOCH).days
    cutoff = F.unix_date(F.col("cutoff").cast("date"))
    latest = F.date_from_unix_date(cutoff - F.pmod(cutoff - start, F.lit(step)))
    return F.coalesce(own.cast("date"), latest)


def _day(instant: Column, zone: str) -> Column:
    return instant.cast("date") if zone == UTC else Calendar(zone).day(F.unix_micros(instant))


def _midnights(placed: DataFrame, days: Sequence[str], project: Project, model: ModelContract, zone: str) -> Midnights:
    """The midnights that the rows ask for: as far apart as the cutoffs where all fall on that grid, else each snapshot."""
    every = project.labels[model.label].cutoffs.every // DAY
    number = [F.unix_date(F.col(day)) for day in days]
    least, greatest = (F.least, F.greatest) if len(days) > 1 else (_only, _only)
    rest = [F.pmod(one, F.lit(every)) for one in number]
    (row,) = placed.agg(
        F.min(least(*number)).alias("first"),
        F.max(greatest(*number)).alias("last"),
        (F.min(least(*rest)) == F.max(greatest(*rest))).alias("even"),
    ).head(1)
    if row["first"] is None:
        return Midnights(_EPOCH, 1, 1, zone)
    step = every if row["even"] else 1
    first = _EPOCH + timedelta(days=row["first"])
    return Midnights(first, step, (row["last"] - row["first"]) // step + 1, zone)


def _only(column: Column) -> Column:
    return column


def _known_now(tiles: DataFrame, group: FeatureGroup, project: Project, grid: Midnights) -> DataFrame:
    """The group's columns at the midnights, as if each event had arrived at once.

    Two days before its own day: by the time of that day's end a landing day of then is over in every zone.
    """
    punctual = tiles.withColumn("arrival_day", F.date_sub("event_day", 2))
    return roll_up(punctual, group, project.sources[group.source], grid)


def _counted(compared: DataFrame, columns: Mapping[str, Sequence[str]]) -> Leakage:
    named = [(group, name) for group, names in columns.items() for name in names]
    differs = {name: ~F.col(f"`{name}`").eqNullSafe(F.col(f"`{_now(name)}`")) for _, name in named}
    counts = [F.count_if(condition).alias(name) for name, condition in differs.items()]
    some = F.count_if(reduce(lambda a, b: a | b, differs.values())).alias(_now("_rows"))
    (row,) = compared.agg(F.count(F.lit(1)).alias(_now("_all")), some, *counts).head(1)
    rows = row[_now("_all")]
    counted = tuple(ColumnCount(group, name, rows, row[name]) for group, name in named)
    return Leakage(counted, rows, row[_now("_rows")])

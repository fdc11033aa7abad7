"""The tables of feature groups."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.contracts.expectation import expectations_of
from headrace.contracts.features import FeatureGroup
from headrace.contracts.published import Published
from headrace.contracts.taken import Readable
from headrace.features.snapshots import Snapshots
from headrace.ground.asset import Asset
from headrace.ground.interval import DAY, parse_instant
from headrace.tables.published import published_table
from headrace.tables.spec import Table

if TYPE_CHECKING:
    from headrace.graph.job import Inputs
    from headrace.graph.project import Project


def features_table(group: FeatureGroup) -> Table:
    """``features.{group}`` (see ``contracts.namespaces``), with a later version behind it: (entity..., as_of, features).

    A partition is a month of snapshots.

    A year's first load would be 365 small files for a partition a day; Delta finds a day's rows by its statistics.
    """
    return Table(
        name=group.table,
        meaning=" ".join(group.purpose.split()),
        keys=(*group.entity, "as_of"),
        partitioned_by=("as_of_month",),
        replaced_by="as_of",
        stamped="end",
        indexed=("as_of",),
        unhashed=("as_of_month",),
        sorted_by=("as_of", *group.entity),
        expects=expectations_of(group.expectations),
    )


def kept_tables(project: Project, today: date) -> tuple[Table, ...]:
    """The tables of earlier versions that are still to be read, each until its day."""
    found = []
    for group in project.groups.values():
        lock = project.lock_of(group.namespace)
        for step in lock.kept(today) if lock is not None else ():
            meaning = f"Version {step.version} of {group.group}, made no more; to be read until {step.retire_after}."
            found.append(replace(features_table(group.kept_in(step.table)), meaning=meaning))
    return tuple(found)


def group_inputs(project: Project, names: Iterable[str]) -> dict[str, Asset]:
    """The tables of groups as a job's inputs: ``features.{name}`` each, which no other input is called, whatever the group is.

    Those of other projects are read where they are.
    """
    return {_input(name): readable_table(project, name) for name in names}


def own_inputs(project: Project, names: Iterable[str]) -> dict[str, Asset]:
    """The same of the project's own groups as their contracts say them, whatever a rollback gives readers."""
    return {_input(name): features_table(project.groups[name]) for name in names}


def readable_table(project: Project, name: str) -> Asset:
    """The table of a group that a model may name, as its readers are given it."""
    group = project.readable[name]
    if isinstance(group, FeatureGroup):
        return features_table(group)
    return published_table(project.taken[name].group, project.catalog_of(name))


def group_rows(inputs: Inputs, names: Iterable[str]) -> dict[str, DataFrame]:
    """The rows of those inputs, by the groups' names."""
    return {name: inputs[_input(name)] for name in names}


def _input(name: str) -> str:
    return f"features.{name}"


def snapshots(project: Project) -> Snapshots:
    """The snapshots of which every group's table holds rows, once the project's span is done."""
    every, span = project.config.snapshots_every, project.span
    return Snapshots(span.start, every, (span.end - span.start) // every)


def snapshots_of(group: Readable, own: Snapshots | None) -> Snapshots | None:
    """The snapshots of which a group's table holds rows: a published one's as it says, else those of the project."""
    if not isinstance(group, Published):
        return own
    every = group.snapshots_every * DAY
    return Snapshots(parse_instant(group.snapshots_from) - every, every, 1)


def laid_out(features: DataFrame, group: FeatureGroup) -> DataFrame:
    """A group's rows as its table keeps them: by month, within it by snapshot and entity."""
    dated = features.withColumn("as_of_month", F.trunc("as_of", "month"))
    return dated.sortWithinPartitions("as_of_month", "as_of", *group.entity)

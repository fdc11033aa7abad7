"""Which earlier versions of groups an interval's snapshots are made of too: those without a gap before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.contracts.features import FeatureGroup
from headrace.features.groups import features_table
from headrace.features.slots import group_atoms
from headrace.ground.asset import At
from headrace.ground.zones import midnight

if TYPE_CHECKING:
    from headrace.graph.project import Project


def going_on(project: Project, tiles: Callable[[FeatureGroup], DataFrame], at: At) -> list[FeatureGroup]:
    """The earlier versions that are still made: from the project's start, or from the snapshot before.

    One with a gap stays as it is, with a warning: the ``tiles`` of the days between may lack its states.
    """
    found = []
    for group in (one.group for one in project.kept):
        if not set(group_atoms(group, project.sources[group.source])) <= set(tiles(group).columns):
            at.warn(f"{group.table}: the tiles have no states of it, and it is not carried on")
        elif at.start > project.span.start and not _reaches(at.before(features_table(group)), group, at):
            at.warn(f"{group.table} has no snapshot at {at.start.date()} and is not carried on")
        else:
            found.append(group)
    return found


def _reaches(rows: DataFrame | None, group: FeatureGroup, at: At) -> bool:
    """Whether a table has the snapshot that the interval begins with, or nobody was seen by then."""
    if rows is None:
        return False
    start = F.lit(midnight(at.start.date(), group.zone))
    return not rows.where(rows["as_of"] == start).isEmpty() or rows.where(rows["as_of"] < start).isEmpty()

"""Which groups an interval's snapshots are made of: those that all earlier tiles know, and earlier versions without a gap."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

from headrace.contracts.features import FeatureGroup
from headrace.features.earlier import going_on
from headrace.graph.origin import versions
from headrace.ground.asset import At

if TYPE_CHECKING:
    from headrace.graph.project import Project


def groups_at(project: Project, tiles: Callable[[FeatureGroup], DataFrame], at: At) -> list[FeatureGroup]:
    """The present groups that have begun, and the earlier versions that go on."""
    return [*begun(project, at), *going_on(project, tiles, at)]


def begun(project: Project, at: At) -> list[FeatureGroup]:
    """The groups that no earlier tile was made without. Once the others' tiles are made anew, the interval is due again.

    Of those the run says why there are no rows: they would be too small.
    """
    found = []
    for group in project.groups.values():
        if versions(group).keys() & at.made_without:
            at.warn(f"{group.table} gets no rows at {at.end.date()} yet: tiles of earlier days were made without it")
        else:
            found.append(group)
    return found

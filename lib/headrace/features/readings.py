"""Where the features of a model are read: in tables of snapshots, or in raw events at instants of which no table has them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from pyspark.sql import DataFrame

from headrace.contracts.features import FeatureGroup
from headrace.contracts.models import ModelContract
from headrace.events.quarantine import events_table
from headrace.features.counted import Counted
from headrace.features.groups import group_inputs, group_rows
from headrace.graph.asked import between_snapshots, cutoffs_of, scored_at
from headrace.graph.origin import versions
from headrace.ground.asset import Asset

if TYPE_CHECKING:
    from headrace.graph.job import Inputs
    from headrace.graph.project import Project

    Rows = DataFrame | Counted
    """What a group's values are taken from: its table, or its source's events."""


@dataclass(frozen=True)
class Readings:
    """What a job of a model reads to tell the values of groups at ``instants``."""

    project: Project
    model: ModelContract
    names: tuple[str, ...]
    instants: tuple[datetime, ...]

    @cached_property
    def counted(self) -> Mapping[str, FeatureGroup]:
        """The groups that are counted from events, by name: those that some instant finds between their snapshots."""
        own = {name: group for name in self.names if isinstance(group := self.project.readable[name], FeatureGroup)}
        return {name: group for name, group in own.items() if between_snapshots(self.project, group, self.instants)}

    @property
    def events(self) -> dict[str, Asset]:
        """The inputs of which all earlier time is asked for: the events of those groups."""
        return {
            self._events(group): events_table(self.project.sources[group.source]) for group in self.counted.values()
        }

    @property
    def inputs(self) -> dict[str, Asset]:
        """The job's inputs: events, and the tables of all other groups."""
        return {**self.events, **group_inputs(self.project, self._kept)}

    @property
    def begun(self) -> dict[str, str]:
        """By input, the contract that what is read of it must have been made with: those of the project's own groups."""
        own = {name: group for name in self._kept if isinstance(group := self.project.readable[name], FeatureGroup)}
        keys = {name: next(iter(versions(group))) for name, group in own.items()}
        return {key: keys[name] for name in own for key in group_inputs(self.project, [name])}

    def rows(self, inputs: Inputs) -> dict[str, Rows]:
        """What each group's values are taken from, by its name."""
        kept = group_rows(inputs, self._kept)
        return {
            name: self._counted(self.counted[name], inputs) if name in self.counted else kept[name]
            for name in self.names
        }

    @property
    def _kept(self) -> list[str]:
        return [name for name in self.names if name not in self.counted]

    def _counted(self, group: FeatureGroup, inputs: Inputs) -> Counted:
        return Counted(inputs[self._events(group)], group, self.project.sources[group.source])

    def _events(self, group: FeatureGroup) -> str:
        """What the job calls a source's events; those of the label's source as every job does."""
        return "events" if group.source == self.project.source_of(self.model).source else f"events.{group.source}"


def for_training(project: Project, model: ModelContract) -> Readings:
    """What a training set reads: all groups of the model, at the cutoffs of its label."""
    return Readings(project, model, model.groups, tuple(cutoffs_of(project.labels[model.label])))


def for_scores(project: Project, model: ModelContract) -> Readings:
    """What scores read: the model's features at the ends of intervals."""
    return Readings(project, model, tuple(model.features), tuple(scored_at(project)))

"""Which groups' snapshots are made together, each from the one before, and the table that keeps what that takes. No Spark."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.features.keep import Keep
from headrace.features.keeps import keeps_of
from headrace.features.slots import shared_slots
from headrace.ground.zones import UTC
from headrace.tables.spec import Table


@dataclass(frozen=True)
class Chain:
    """The groups of one entity over one source; a snapshot ``every`` so often."""

    source: EventContract
    entity: tuple[str, ...]
    groups: tuple[FeatureGroup, ...]
    every: timedelta

    @cached_property
    def keeps(self) -> tuple[Keep, ...]:
        """What one snapshot leaves for the next: each state once, however many groups it is for."""
        return keeps_of(shared_slots(self.groups, self.source))

    @property
    def table(self) -> Table:
        """``carried.{source}``, of another entity than the source's ``carried.{source}_by_{keys}``: (entity..., as_of, keeps)."""
        suffix = "" if set(self.entity) == set(self.source.entity) else f"_by_{'_'.join(self.entity)}"
        return Table(
            name=f"carried.{self.source.source}{suffix}",
            meaning=f"What the newest snapshots of {self.source.source} by {', '.join(self.entity)} leave for the next one.",
            keys=(*self.entity, "as_of"),
            partitioned_by=("as_of",),
            replaced_by="as_of",
            stamped="end",
            kept="working",
            trailing=self.every,
        )


def chains_of(groups: Iterable[FeatureGroup], source: EventContract, every: timedelta) -> tuple[Chain, ...]:
    """The chains of a source's groups, one an entity, the source's own first; groups off UTC are in none."""
    found: dict[tuple[str, ...], tuple[FeatureGroup, ...]] = {}
    for group in (group for group in groups if group.zone == UTC):
        entity = source.entity if set(group.entity) == set(source.entity) else tuple(sorted(group.entity))
        found[entity] = (*found.get(entity, ()), group)
    return tuple(
        Chain(source, entity, found[entity], every) for entity in sorted(found, key=lambda e: (e != source.entity, e))
    )

"""By which keys a source is tiled, where those tiles are, and which states they hold. No Spark."""

from __future__ import annotations

from collections.abc import Iterable

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.features.atoms import Atom
from headrace.features.slots import atoms_in_use
from headrace.tables.spec import Table


def tiled_by(group: FeatureGroup, source: EventContract) -> tuple[str, ...]:
    """The key of the tiles that a group is rolled up from: the source's entity where the group's is part of it, else its own."""
    return source.entity if set(group.entity) <= set(source.entity) else tuple(sorted(group.entity))


def tilings(groups: Iterable[FeatureGroup], source: EventContract) -> dict[tuple[str, ...], tuple[FeatureGroup, ...]]:
    """The keys by which a source is tiled, its own entity first, each with the groups that are over those tiles."""
    found: dict[tuple[str, ...], tuple[FeatureGroup, ...]] = {source.entity: ()}
    for group in groups:
        key = tiled_by(group, source)
        found[key] = (*found.get(key, ()), group)
    return found


def tiles_table(source: EventContract, key: tuple[str, ...] | None = None) -> Table:
    """``tiles.{source}``; of another key than the source's entity ``tiles.{source}_by_{keys}``."""
    entity = source.entity if key is None else key
    suffix = "" if entity == source.entity else f"_by_{'_'.join(entity)}"
    return Table(
        name=f"tiles.{source.source}{suffix}",
        meaning=f"Mergeable states of {source.source} by {', '.join(entity) if suffix else 'entity'}, event day and arrival day.",
        keys=(*entity, "event_day", "arrival_day"),
        partitioned_by=("arrival_month",),
        replaced_by="arrival_day",
        indexed=("event_day", "arrival_day"),
        unhashed=("arrival_month",),
    )


def source_atoms(groups: Iterable[FeatureGroup], source: EventContract) -> dict[str, Atom]:
    """The atoms of all groups over a source, each once, in a stable order."""
    return {column: atom for column, (atom, _) in atoms_in_use(groups, source).items()}

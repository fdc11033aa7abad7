"""By which keys and days a source is tiled, where those tiles are, and which states they hold. No Spark."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.features.atoms import Atom
from headrace.features.slots import atoms_in_use
from headrace.ground.zones import UTC, zone_in_names
from headrace.tables.spec import Table


@dataclass(frozen=True)
class Tiling:
    """One way to cut a source into tiles: by which key, and by the days of which zone."""

    key: tuple[str, ...]
    zone: str = UTC

    def suffix(self, source: EventContract) -> str:
        """What its table's name has behind the source's: nothing for the source's own entity and days of UTC."""
        by = "" if self.key == source.entity else f"_by_{'_'.join(self.key)}"
        return by if self.zone == UTC else f"{by}_in_{zone_in_names(self.zone)}"


def tiled_by(group: FeatureGroup, source: EventContract) -> Tiling:
    """The tiles that a group is rolled up from: by the source's entity where the group's is part of it, else by its own."""
    key = source.entity if set(group.entity) <= set(source.entity) else tuple(sorted(group.entity))
    return Tiling(key, group.zone)


def tilings(groups: Iterable[FeatureGroup], source: EventContract) -> dict[Tiling, tuple[FeatureGroup, ...]]:
    """The ways in which a source is cut, by its own entity and days of UTC first, each with the groups over those tiles."""
    found: dict[Tiling, tuple[FeatureGroup, ...]] = {Tiling(source.entity): ()}
    for group in groups:
        tiling = tiled_by(group, source)
        found[tiling] = (*found.get(tiling, ()), group)
    return found


def tiles_table(source: EventContract, tiling: Tiling | None = None) -> Table:
    """``tiles.{source}``, with ``_by_{keys}`` for another key than the source's entity, ``_in_{zone}`` for days of a zone."""
    cut = Tiling(source.entity) if tiling is None else tiling
    by = "entity" if cut.key == source.entity else ", ".join(cut.key)
    days = "" if cut.zone == UTC else f" of {cut.zone}"
    return Table(
        name=f"tiles.{source.source}{cut.suffix(source)}",
        meaning=f"Mergeable states of {source.source} by {by}, event day{days} and arrival day.",
        keys=(*cut.key, "event_day", "arrival_day"),
        partitioned_by=("arrival_month",),
        replaced_by="arrival_day",
        indexed=("event_day", "arrival_day"),
        unhashed=("arrival_month",),
    )


def source_atoms(groups: Iterable[FeatureGroup], source: EventContract) -> dict[str, Atom]:
    """The atoms of all groups over a source, each once, in a stable order."""
    return {column: atom for column, (atom, _) in atoms_in_use(groups, source).items()}

"""What sharing a feature saves: states of the tiles, columns of tables, and their bytes where a warehouse is there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace.contracts.events import EventContract
from headrace.contracts.features import Feature, FeatureGroup
from headrace.contracts.twice import Twin
from headrace.features.slots import feature_atoms
from headrace.features.tiling import tiled_by, tiles_table
from headrace.tables.log import log_of
from headrace.tables.weight import column_bytes

_KIB = 1024


@dataclass(frozen=True)
class Saving:
    """What would go if the new feature of a twin, and what only it is derived from, were not there.

    ``states`` are columns of ``tiles`` that nothing else needs, ``shared`` those that other features need too: the tiles
    hold them once whoever asks. ``columns`` are of ``table``.
    """

    tiles: str
    states: tuple[str, ...]
    shared: tuple[str, ...]
    table: str
    columns: tuple[str, ...]


def saving(
    twin: Twin, groups: Iterable[FeatureGroup], source: EventContract, taken: Collection[tuple[str, str]] = ()
) -> Saving:
    """The saving of a twin; ``groups`` are all over its source, ``taken`` (``team.group``, column) of what models take."""
    tiled = tiled_by(twin.group, source)
    partly = twin.kind == "equal" and len(twin.pairs) < len(twin.new.columns)
    gone = frozenset() if partly else _going(twin, taken)
    kept = {
        state
        for group in groups
        if tiled_by(group, source) == tiled
        for feature in group.features
        if group.namespace != twin.group.namespace or feature.name not in gone
        for state in feature_atoms(feature, group, source)
    }
    mine = _states(twin.new, twin.group, source)
    going = [column for feature in twin.group.features if feature.name in gone for column in feature.columns]
    return Saving(
        tiles=tiles_table(source, tiled).name,
        states=tuple(state for state in mine if state not in kept),
        shared=tuple(state for state in mine if state in kept),
        table=twin.group.table,
        columns=tuple(going) or tuple(new.column for new, _ in twin.pairs),
    )


def _going(twin: Twin, taken: Collection[tuple[str, str]]) -> frozenset[str]:
    """The feature, and those features of its group that it alone is derived from and no model takes."""
    gone = {twin.new.name}
    for feature in reversed(twin.group.features):
        read = {
            reader.name
            for reader in twin.group.features
            if reader.derive is not None and reader.derive.columns & set(feature.columns)
        }
        asked = any((twin.group.namespace, column) in taken for column in feature.columns)
        if read and read <= gone and not asked:
            gone.add(feature.name)
    return frozenset(gone)


def _states(feature: Feature, group: FeatureGroup, source: EventContract) -> tuple[str, ...]:
    """The tile columns that a feature is computed from, through what it is derived from."""
    found: list[str] = []
    needed = set(feature.columns)
    for other in reversed(group.features[: group.features.index(feature) + 1]):
        if needed & set(other.columns):
            needed |= other.derive.columns if other.derive is not None else frozenset()
            found += feature_atoms(other, group, source)
    return tuple(dict.fromkeys(found))


def told_saving(found: Saving, warehouse: Path | str, verb: str = "Sharing saves") -> str:
    """The saving in a sentence: columns by name, with their bytes where the tables can be seen in ``warehouse``."""
    columns = f"{_listed('column', found.columns)} of {found.table}{_weight(warehouse, found.table, found.columns)}"
    if not found.states:
        held = f"; {found.tiles} holds its states once already ({', '.join(found.shared)})" if found.shared else ""
        return f"{verb} {columns}{held}"
    states = f"{_listed('state', found.states)} of {found.tiles}{_weight(warehouse, found.tiles, found.states)}"
    return f"{verb} {columns}, and {states}"


def _listed(kind: str, names: tuple[str, ...]) -> str:
    return f"{kind}{'s' if len(names) > 1 else ''} {', '.join(names)}"


def _weight(warehouse: Path | str, table: str, columns: Iterable[str]) -> str:
    log = log_of(warehouse, table)
    weights: Mapping[str, int] = column_bytes(log)
    extent = log.extent()
    if not weights or extent is None:
        return ""
    rows = "" if extent.rows is None else f"{extent.rows:,} rows, "
    return f" ({rows}{sum(weights.get(column, 0) for column in columns) / _KIB:,.1f} KiB)"

"""What the columns of tables mean, by the contracts that name them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from headrace.contracts.events import EventContract
from headrace.contracts.features import Feature, FeatureGroup
from headrace.contracts.names import Sensitivity
from headrace.features.chain import Chain
from headrace.features.definition import column_type
from headrace.features.derivation import ancestry
from headrace.features.dictionary import own_columns
from headrace.features.entry import Column
from headrace.features.tiling import source_atoms
from headrace.ground.zones import UTC

_ORDER: tuple[Sensitivity, ...] = ("public", "internal", "personal", "special")
HIDDEN: tuple[Sensitivity, ...] = ("personal", "special")
"""What is shown nowhere (semantics 18)."""
_COUNTED = frozenset({"count", "count_distinct"})
"""Aggregates that take an expression of which no value is left in theirs."""
_UNITS = {"time_since_last": "s", "active_days": "days"}
_CARRIES = frozenset({"min", "max", "first", "last", "last_k"})
"""Aggregates whose value is one that some event had: it is as sensitive as what it was taken from."""


def snapshot_column(group: FeatureGroup) -> Column:
    """The instant of a group's rows."""
    meaning = f"The midnight ({group.zone}) as of which the row was known"
    told = f"{meaning}." if group.zone == UTC else f"{meaning}, as an instant; the partition is its month in UTC."
    return Column("as_of", "timestamp", told, "internal")


def key_columns(keys: Iterable[str], source: EventContract) -> tuple[Column, ...]:
    """The entity's columns as their source declares them."""
    declared = ((name, source.columns[name]) for name in keys)
    return tuple(Column(name, one.type, one.meaning, one.sensitivity, True, one.unit or "") for name, one in declared)


def event_columns(source: EventContract) -> tuple[Column, ...]:
    """The columns of a source's events, headrace's own last."""
    declared = (
        Column(name, one.type, one.meaning, one.sensitivity, name in source.entity, one.unit or "")
        for name, one in source.columns.items()
    )
    return (*declared, *own_columns(" ".join(source.system_columns)))


def feature_columns(group: FeatureGroup, source: EventContract) -> Iterator[Column]:
    """A group's columns with what they mean."""
    for feature in group.features:
        for name in feature.columns:
            meaning = " ".join(feature.meaning.split())
            kind, level = column_type(feature, source), sensitivity_of(feature, group, source)
            yield Column(name, kind, meaning, level, unit=unit_of(feature))


def unit_of(feature: Feature) -> str:
    """What a feature counts or measures in: what its contract says, else what its aggregate always gives."""
    if feature.unit is None and feature.measure == "mean_duration":
        return "s"
    return feature.unit or _UNITS.get(feature.aggregate or "", "")


def state_columns(groups: Iterable[FeatureGroup], source: EventContract) -> Iterator[Column]:
    """The states of a source's tiles; one over a personal column is as personal."""
    for name, atom in source_atoms(groups, source).items():
        read = [column.sensitivity for key, column in source.columns.items() if f"`{key}`" in atom.value]
        plain = atom.state.name == "count"
        yield Column(name, "", f"State: {atom.lift}", "internal" if plain else most_sensitive(read))


def kept_columns(chain: Chain) -> Iterator[Column]:
    """What is kept for the next snapshot; as sensitive as the states that it is made of."""
    states = {column.name: column for column in state_columns(chain.groups, chain.source)}
    for keep in chain.keeps:
        state = states[keep.slots[0].atom.column]
        yield Column(keep.column, "", f"Kept of: {state.meaning.removeprefix('State: ')}", state.sensitivity)


def sensitivity_of(feature: Feature, group: FeatureGroup, source: EventContract) -> Sensitivity:
    """What the contract says, raised to that of the columns whose values the feature carries (semantics 18).

    A derived feature is as sensitive as what it is derived from.
    """
    return most_sensitive(_sensitivity(one, source) for one in ancestry(feature, group))


def is_pictured(feature: Feature, group: FeatureGroup, source: EventContract) -> bool:
    """Whether its distribution may be looked at: no key and nothing personal goes into its values, summed or not.

    That is stricter than its own sensitivity: the mean of one event's value is that value. Counts are counts.
    """
    taken = [one for one in ancestry(feature, group) if one.expression is not None and one.aggregate not in _COUNTED]
    read = {name for one in taken if one.expression is not None for name in one.expression.columns}
    carried = [sensitivity_of(feature, group, source), *(source.columns[name].sensitivity for name in read)]
    return most_sensitive(carried) not in HIDDEN and not read & set(source.entity)


def _sensitivity(feature: Feature, source: EventContract) -> Sensitivity:
    read = feature.expression.columns if feature.expression is not None and feature.aggregate in _CARRIES else ()
    return most_sensitive([feature.sensitivity, *(source.columns[name].sensitivity for name in read)])


def most_sensitive(of: Iterable[Sensitivity]) -> Sensitivity:
    """The most sensitive of several; internal for none."""
    return max(of, key=_ORDER.index, default="internal")

"""What the columns of headrace's own tables mean: those that no contract names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from headrace.contracts.events import EventContract
from headrace.contracts.features import Feature, FeatureGroup
from headrace.contracts.names import Sensitivity
from headrace.features.chain import Chain
from headrace.features.definition import column_type
from headrace.features.entry import Column
from headrace.features.tiling import source_atoms

_ORDER: tuple[Sensitivity, ...] = ("public", "internal", "personal", "special")
_CARRIES = frozenset({"min", "max", "first", "last", "last_k"})
"""Aggregates whose value is one that some event had: it is as sensitive as what it was taken from."""

OWN_COLUMNS = {
    "event_date": "Day on which it happened, UTC.",
    "landed_on": "Day on which it arrived in the landing zone.",
    "event_key": "What makes the event one: its id, or a hash of its line.",
    "row_hash": "Hash of the event's content; the last word where events tie.",
    "source": "The source that it came from.",
    "file": "The landing file.",
    "rule": "The rule that it broke.",
    "detail": "What was wrong, without the value.",
    "raw": "The line as it arrived; it may hold personal values.",
    "outcome": "What became of the lines.",
    "rows": "How many.",
    "event_day": "Day on which the events happened.",
    "arrival_day": "Day on which they arrived.",
    "arrival_month": "Month of arrival; the partition.",
    "as_of": "The midnight (UTC) as of which the row was known.",
    "as_of_month": "Month of the snapshot; the partition.",
    "cutoff": "The instant at which the question is asked.",
    "label": "1 where it came true, else 0.",
    "part": "train or test, by cutoff.",
    "user_bucket": "A stable hash of the entity, 0 to 31.",
    "score": "The model's answer, 0 to 1.",
    "model": "The model.",
    "model_version": "The version that answered.",
    "feature_fingerprint": "What the features meant that it was given.",
    "table": "The table that was profiled.",
    "column": "The column.",
    "slice": "All rows, or those of one segment.",
    "window": "The time that the rows are of.",
    "fingerprint": "The edges on which it is counted.",
    "n": "Rows.",
    "nulls": "Rows without a value.",
    "nans": "Values that are not a number.",
    "infinities": "Infinite values.",
    "zeros": "Zeros.",
    "least": "The least finite value.",
    "greatest": "The greatest finite value.",
    "total": "Sum of the finite values.",
    "squares": "Sum of their squares.",
    "counts": "Rows by bin of the reference's edges.",
    "at": "When it was written down.",
    "run_id": "The run.",
    "job": "The job.",
    "start": "Start of the interval, inclusive.",
    "end": "End of the interval, exclusive.",
    "state": "What became of it.",
    "stamp": "Identity of the job and of all that it read.",
    "seconds": "How long the step took.",
    "rows_in": "Rows that it read.",
    "rows_out": "Rows that it wrote.",
    "intervals": "Intervals that were done at once.",
    "outputs": "The versions that it made.",
    "note": "Why, or what went wrong.",
    "seq": "Number of the decision.",
    "kind": "Verdict, promotion or rollback.",
    "version": "The model version that it is about.",
    "predecessor": "The version that served before.",
    "reason": "Why.",
    "evidence": "The figures that it rests on.",
}
_PERSONAL = frozenset({"raw"})


def own_column(name: str, kind: str) -> Column:
    """A column of headrace's own, with what it means if that is known."""
    meaning = OWN_COLUMNS.get(name, "")
    if not meaning and name.endswith("_as_of"):
        meaning = f"The snapshot of {name.removesuffix('_as_of').replace('__', '.')} that was known at the cutoff."
    return Column(name, kind, meaning, "personal" if name in _PERSONAL else "internal")


def key_columns(keys: Iterable[str], source: EventContract) -> tuple[Column, ...]:
    """The entity's columns as their source declares them."""
    declared = ((name, source.columns[name]) for name in keys)
    return tuple(Column(name, one.type, one.meaning, one.sensitivity, key=True) for name, one in declared)


def event_columns(source: EventContract) -> tuple[Column, ...]:
    """The columns of a source's events, headrace's own last."""
    declared = (
        Column(name, one.type, one.meaning, one.sensitivity, key=name in source.entity)
        for name, one in source.columns.items()
    )
    own = {"event_date": "date", "landed_on": "date", "event_key": "string", "row_hash": "bigint"}
    return (*declared, *(own_column(name, kind) for name, kind in own.items()))


def feature_columns(group: FeatureGroup, source: EventContract) -> Iterator[Column]:
    """A group's columns with what they mean."""
    for feature in group.features:
        for name in feature.columns:
            meaning = " ".join(feature.meaning.split())
            yield Column(name, column_type(feature, source), meaning, sensitivity_of(feature, source))


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


def sensitivity_of(feature: Feature, source: EventContract) -> Sensitivity:
    """What the contract says, raised to that of the columns whose values the feature carries (semantics 18)."""
    read = feature.expression.columns if feature.expression is not None and feature.aggregate in _CARRIES else ()
    return most_sensitive([feature.sensitivity, *(source.columns[name].sensitivity for name in read)])


def most_sensitive(of: Iterable[Sensitivity]) -> Sensitivity:
    """The most sensitive of several; internal for none."""
    return max(of, key=_ORDER.index, default="internal")

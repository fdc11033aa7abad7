"""Which columns each column is made of, from raw events to scores, as contracts tell it. No Spark.

Of what a project's own jobs make, contracts tell nothing: there lineage goes by whole tables (``features.trace``).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from headrace.contracts.events import EventContract
from headrace.contracts.features import Feature, FeatureGroup
from headrace.contracts.labels import LabelContract
from headrace.contracts.models import ModelContract
from headrace.contracts.namespaces import as_of_column
from headrace.features.chain import chains_of
from headrace.features.readings import for_scores, for_training
from headrace.features.slots import feature_atoms, slots_of
from headrace.features.tiling import tiled_by, tiles_table, tilings
from headrace.graph.project import Project

How = Literal["copied", "computed", "aggregated", "filtered"]
"""What becomes of a value: itself; part of one row's value, or of one over many rows; or it says which rows count."""
_BY_TIME = frozenset({"active_days", "time_since_last", "sessions", "first", "last", "last_k"})
"""Aggregates whose value is about when events were."""


@dataclass(frozen=True)
class Field:
    """A column of a table; the whole of an asset where ``column`` is empty."""

    table: str
    column: str = ""

    @property
    def name(self) -> str:
        """``schema.table.column``."""
        return f"{self.table}.{self.column}" if self.column else self.table


@dataclass(frozen=True)
class Strand:
    """``into`` is made of ``of``, and of others perhaps."""

    of: Field
    into: Field
    how: How


def strands(project: Project) -> tuple[Strand, ...]:
    """All strands that contracts tell of, each once."""
    found = [
        *(strand for source in project.sources.values() for strand in _of_source(source, project)),
        *(
            strand
            for source in project.sources
            for group in project.made_of(source)
            for strand in _of_group(group, project)
        ),
        *(strand for label in project.labels.values() for strand in _of_label(label, project)),
        *(strand for model in project.models.values() for strand in _of_model(model, project)),
    ]
    return tuple(dict.fromkeys(found))


def columns_read(feature: Feature, time: str) -> dict[str, How]:
    """The columns of an event that the value is made of. Its entity and its time place an event and are named for none."""
    valued = feature.expression.columns if feature.expression is not None else frozenset()
    asked = feature.where.columns if feature.where is not None else frozenset()
    found: dict[str, How] = dict.fromkeys(sorted(valued), "aggregated")
    found |= dict.fromkeys(sorted(asked - valued), "filtered")
    return found | ({time: "aggregated"} if feature.aggregate in _BY_TIME or not found else {})


def _of_source(source: EventContract, project: Project) -> Iterator[Strand]:
    raw, time = f"raw.events_{source.source}", source.roles.event_time
    groups = project.made_of(source.source)
    for column in (*source.columns, "landed_on"):
        yield Strand(_arrives(source, column), Field(raw, column), "copied")
    yield Strand(Field(raw, time), Field(raw, "event_date"), "computed")
    for tiling, over in tilings(groups, source).items():
        tiles = tiles_table(source, tiling).name
        yield from _copied(raw, tiles, tiling.key)
        yield Strand(Field(raw, time), Field(tiles, "event_day"), "computed")
        yield Strand(Field(raw, "landed_on"), Field(tiles, "arrival_day"), "copied")
        for group, feature in ((one, feature) for one in over for feature in one.features):
            for state in feature_atoms(feature, group, source):
                for column, how in columns_read(feature, time).items():
                    yield Strand(Field(raw, column), Field(tiles, state), how)
    for chain in chains_of(groups, source, project.config.snapshots_every):
        tiles = tiles_table(source, tiled_by(chain.groups[0], source)).name
        yield from _copied(tiles, chain.table.name, chain.entity)
        for keep in chain.keeps:
            states = dict.fromkeys(atom.column for slot in keep.slots for atom in slot.atoms)
            yield from (Strand(Field(tiles, one), Field(chain.table.name, keep.column), "aggregated") for one in states)


def _arrives(source: EventContract, column: str) -> Field:
    """Where a column of raw events comes from: a landing zone, whose lines have no columns, or a table's column."""
    if source.table is None:
        return Field(f"landing.{source.source}")
    called = {**source.called, "landed_on": source.arrived or ""}
    return Field(f"source.{source.source}", called[column])


def _of_group(group: FeatureGroup, project: Project) -> Iterator[Strand]:
    source = project.sources[group.source]
    tiles, table = tiles_table(source, tiled_by(group, source)).name, group.table
    yield from _copied(tiles, table, group.entity)
    for feature in group.features:
        if feature.derive is not None:
            named = sorted(feature.derive.columns)
            yield from (Strand(Field(table, one), Field(table, feature.columns[0]), "computed") for one in named)
            continue
        for column, window in zip(feature.columns, feature.windows, strict=True):
            atoms = [atom for slot in slots_of(feature, group, source, window).values() for atom in slot.atoms]
            yield from (Strand(Field(tiles, atom.column), Field(table, column), "aggregated") for atom in atoms)


def _of_label(label: LabelContract, project: Project) -> Iterator[Strand]:
    source = project.sources[label.source]
    raw, table = f"raw.events_{label.source}", f"labels.{label.label}"
    asked = [formula for formula in (label.eligible.where, label.outcome.where) if formula is not None]
    yield from _copied(raw, table, source.entity)
    yield Strand(Field(raw, source.roles.event_time), Field(table, "label"), "aggregated")
    for column in sorted({column for formula in asked for column in formula.columns}):
        yield Strand(Field(raw, column), Field(table, "label"), "filtered")


def _of_model(model: ModelContract, project: Project) -> Iterator[Strand]:
    labels, training, scores = f"labels.{model.label}", f"training.{model.model}", f"scores.{model.model}"
    entity = project.source_of(model).entity
    candidate, champion = Field(f"candidate.{model.model}"), Field(f"champion.{model.model}")
    yield from _copied(labels, training, (*entity, "cutoff", "label"))
    inputs = [(one, column) for one, columns in model.features.items() for column in columns]
    counted = for_training(project, model).counted
    for group, column in (*inputs, *((one.group, one.column) for one in model.segments)):
        yield from _taken(group, column, Field(training, column), project, counted)
    for one in model.groups:
        yield _placed(one, Field(training, as_of_column(one)), project, counted)
    for column in (*model.columns, "label"):
        yield Strand(Field(training, column), candidate, "computed")
    yield Strand(candidate, champion, "copied")
    yield Strand(champion, Field(scores, "score"), "computed")
    yield Strand(champion, Field(scores, "model_version"), "copied")
    counted = for_scores(project, model).counted
    for group, column in inputs:
        yield from (
            replace(strand, how="computed")
            for strand in _taken(group, column, Field(scores, "score"), project, counted)
        )
    first = next(iter(model.features))
    whom = _raw(counted[first]) if first in counted else _kept(first, project)
    yield from _copied(whom, scores, entity)


def _taken(
    group: str, column: str, into: Field, project: Project, counted: Mapping[str, FeatureGroup]
) -> Iterator[Strand]:
    """A column of a group as its reader takes it: from the group's table, or from events, be it through derived steps."""
    if group not in counted:
        yield Strand(Field(_kept(group, project), column), into, "copied")
        return
    own = counted[group]
    feature = next(feature for feature in own.features if column in feature.columns)
    if feature.derive is not None:
        for named in sorted(feature.derive.columns):
            yield from _taken(group, named, into, project, counted)
        return
    time = project.sources[own.source].roles.event_time
    yield from (Strand(Field(_raw(own), one), into, how) for one, how in columns_read(feature, time).items())


def _placed(group: str, into: Field, project: Project, counted: Mapping[str, FeatureGroup]) -> Strand:
    """The instant of a group's values: its snapshot's, or the cutoff from which on its source had seen somebody."""
    if group not in counted:
        return Strand(Field(_kept(group, project), "as_of"), into, "copied")
    time = project.sources[counted[group].source].roles.event_time
    return Strand(Field(_raw(counted[group]), time), into, "aggregated")


def _raw(group: FeatureGroup) -> str:
    return f"raw.events_{group.source}"


def _kept(reference: str, project: Project) -> str:
    """The table of a group that a model names, as the graph calls it."""
    group = project.readable[reference]
    return group.table if isinstance(group, FeatureGroup) else f"published.{reference}"


def _copied(of: str, into: str, columns: Iterable[str]) -> Iterator[Strand]:
    return (Strand(Field(of, column), Field(into, column), "copied") for column in columns)

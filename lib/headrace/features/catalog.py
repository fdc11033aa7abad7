"""The catalog: everything that a project has, as values, from its contracts, its graph and its tables' logs.

No Spark is started: what was never run has no freshness, and is there all the same. No row, no key and nothing personal is in it;
how features that are not personal are spread is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from headrace.contracts.labels import LabelContract
from headrace.contracts.models import ModelContract
from headrace.contracts.names import show_span
from headrace.contracts.published import Published
from headrace.features.abroad import taken_features
from headrace.features.columns import key_columns, most_sensitive, sensitivity_of, unit_of
from headrace.features.definition import column_type
from headrace.features.entry import Column, Entry, Kind, Reader, filled, plain
from headrace.features.feature import feature_entries
from headrace.features.published import published_features
from headrace.features.shelf import Shelf, put_up
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.ground.errors import HeadraceError, nearest
from headrace.tables.spec import Table

_UNKNOWN = {"feature": "FEATURE_UNKNOWN", "model": "MODEL_UNKNOWN", "table": "TABLE_UNKNOWN"}
"""What is raised for a wrong name of a kind; ENTRY_UNKNOWN for the others."""


@dataclass(frozen=True)
class Catalog:
    """All entries of a project in one environment, by kind and name."""

    project: str
    env: str
    entries: tuple[Entry, ...]

    @cached_property
    def counts(self) -> Mapping[str, int]:
        """How many entries there are of each kind."""
        kinds = [entry.kind for entry in self.entries]
        return {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}

    def of(self, kind: Kind) -> tuple[Entry, ...]:
        """The entries of a kind."""
        return tuple(entry for entry in self.entries if entry.kind == kind)

    def find(self, text: str = "", kind: Kind | None = None) -> tuple[Entry, ...]:
        """The entries in which every word of ``text`` occurs, those with all of them in a name first."""
        words = text.lower().split()
        inside = self.entries if kind is None else self.of(kind)
        found = (entry for entry in inside if all(word in entry.text for word in words))
        return tuple(sorted(found, key=lambda entry: not _named(entry, words)))

    def entry(self, kind: Kind, name: str) -> Entry:
        """The entry of a name; a feature may be asked for with or without its group and team, or by one of its columns.

        Raises:
            HeadraceError: FEATURE_UNKNOWN, MODEL_UNKNOWN, TABLE_UNKNOWN, ENTRY_UNKNOWN with the nearest name; FEATURE_AMBIGUOUS where
                two groups have a feature of the name.
        """
        exact = [entry for entry in self.of(kind) if entry.name == name]
        found = exact or [entry for entry in self.of(kind) if entry.is_called(name)]
        if len(found) > 1:
            raise HeadraceError("FEATURE_AMBIGUOUS", name=name, names=", ".join(entry.name for entry in found))
        if not found:
            known = [known for entry in self.of(kind) for known in entry.names]
            code = _UNKNOWN.get(kind, "ENTRY_UNKNOWN")
            raise HeadraceError(code, **{"kind": kind, "name": name, kind: name}, hint=nearest(name, known))
        return found[0]


def _named(entry: Entry, words: Iterable[str]) -> bool:
    names = " ".join(entry.names).lower()
    return all(word in names for word in words)


def build_catalog(project: Project, graph: Graph, own: Iterable[Table] = ()) -> Catalog:
    """The catalog of a project and its graph; ``own`` are tables that headrace keeps for itself.

    Raises:
        HeadraceError: TABLE_LOG_UNREADABLE.
    """
    shelf = put_up(project, graph, own)
    parts = (
        feature_entries(project, shelf),
        taken_features(project, shelf),
        _labels(project, shelf),
        _models(project, shelf),
        _sources(project, shelf),
    )
    found = [entry for part in parts for entry in part]
    return Catalog(project.name, project.env, (*found, *shelf.entries()))


def _labels(project: Project, shelf: Shelf) -> Iterator[Entry]:
    for label in project.labels.values():
        table = f"labels.{label.label}"
        models = [Reader("model", model.model) for model in project.models.values() if model.label == label.label]
        source = project.sources[label.source]
        entry = Entry(
            kind="label",
            name=label.label,
            meaning=plain(label.purpose),
            owner=label.owner,
            entity=source.entity,
            sources=(label.source,),
            version=label.version,
            fingerprint=label.fingerprint,
            sensitivity=most_sensitive(source.columns[key].sensitivity for key in source.entity),
            columns=key_columns(source.entity, source),
            readers=(*models, *shelf.readers(table)),
            facts=filled(_asked(label)),
        )
        yield shelf.placed(entry, table, [*source.entity, "cutoff", "label"], f'table("{table}")')


def _asked(label: LabelContract) -> dict[str, str]:
    eligible, outcome, cutoffs = label.eligible, label.outcome, label.cutoffs
    who = f"an event in the {show_span(eligible.within)} before the cutoff"
    what = f"{'no event' if outcome.positive == 'absent' else 'an event'} in the {show_span(outcome.horizon)} after it"
    gap = f", from {show_span(outcome.gap)} on" if outcome.gap else ""
    on, at = f"{cutoffs.first} to {cutoffs.last}", f", at {cutoffs.clock}" if cutoffs.clock else ""
    return {
        "Who is asked about": who + (f" where {eligible.where.text}" if eligible.where else ""),
        "1 means": what + gap + (f" where {outcome.where.text}" if outcome.where else ""),
        "Cutoffs": f"{on}, every {show_span(cutoffs.every)}{at}, {len(cutoffs.dates)} in all",
    }


def _models(project: Project, shelf: Shelf) -> Iterator[Entry]:
    for model in project.models.values():
        source = project.source_of(model)
        table = f"scores.{model.model}"
        sources = dict.fromkeys([source.source, *(project.groups[group].source for group in model.own_groups)])
        entry = Entry(
            kind="model",
            name=model.model,
            meaning=plain(model.purpose),
            owner=model.owner,
            entity=source.entity,
            sources=tuple(sources),
            version=model.version,
            fingerprint=model.fingerprint,
            columns=tuple(_inputs(model, project)),
            readers=shelf.readers(f"champion.{model.model}", table),
            facts=filled(_judged(model) | {"Scored by": shelf.scored_by(table)}),
            words=" ".join((*model.columns, *model.groups, model.label)),
        )
        placed = shelf.placed(entry, table, [*source.entity, "as_of", "score", "model_version"], f'table("{table}")')
        yield replace(placed, made_by=shelf.made_by(f"candidate.{model.model}", f"champion.{model.model}"))


def _inputs(model: ModelContract, project: Project) -> Iterator[Column]:
    for name, columns in model.features.items():
        group = project.readable[name]
        if isinstance(group, Published):
            yield from published_features(group, columns)
            continue
        source = project.sources[group.source]
        owner = {column: feature for feature in group.features for column in feature.columns}
        for column in columns:
            feature = owner[column]
            said = f"{plain(feature.meaning)} ({name}.{feature.name})"
            kind, level = column_type(feature, source), sensitivity_of(feature, group, source)
            yield Column(column, kind, said, level, unit=unit_of(feature))


def _judged(model: ModelContract) -> dict[str, str]:
    segments = ", ".join(f"{part.group}.{part.column}" for part in model.segments)
    return {
        "Label": model.label,
        "Inputs": f"{len(model.columns)} columns of {', '.join(model.features)}",
        "Families": ", ".join(model.search.families),
        "Test": f"cutoffs from {model.test_from} on",
        "Must beat": f"{model.baseline.column} alone, by {model.baseline.gain_lower_bound} of AUC",
        "Gate": f"AUC at least {model.gate.least_auc}, at most {model.gate.delta} below the champion",
        "Looked at by": segments,
    }


def _sources(project: Project, shelf: Shelf) -> Iterator[Entry]:
    for source in project.sources.values():
        table = f"raw.events_{source.source}"
        groups = [Reader("group", project.groups.shortest(group)) for group in project.groups_of(source.source)]
        labels = [Reader("label", one.label) for one in project.labels.values() if one.source == source.source]
        facts = {
            "Arrives as": source.arrival.told(),
            "Types": ", ".join(source.types),
            "Late by at most": show_span(source.lateness),
            "Corrections": "another content of an event takes the place of the one before"
            if source.corrections
            else "",
            "Rules": "; ".join(f"{rule.name}: {rule.why}" for rule in source.rules),
        }
        entry = Entry(
            kind="source",
            name=source.source,
            meaning=plain(source.purpose),
            owner=source.owner,
            entity=source.entity,
            sources=(source.source,),
            version=source.version,
            fingerprint=source.fingerprint,
            sensitivity=most_sensitive(column.sensitivity for column in source.columns.values()),
            columns=tuple(
                Column(name, one.type, one.meaning, one.sensitivity, name in source.entity, one.unit or "")
                for name, one in source.columns.items()
            ),
            readers=(*groups, *labels, *shelf.readers(table)),
            facts=filled(facts),
            words=" ".join((*source.columns, *source.types)),
        )
        yield shelf.placed(entry, table, [], f'table("{table}")')

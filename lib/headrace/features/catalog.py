"""The catalog: everything that a project has, as values, from its contracts, its graph and its tables' logs.

No Spark is started: what was never run has no freshness, and is there all the same. No value of data is in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from headrace.contracts.features import Feature, FeatureGroup
from headrace.contracts.labels import LabelContract
from headrace.contracts.models import ModelContract
from headrace.contracts.names import show_span
from headrace.features.columns import key_columns, most_sensitive, sensitivity_of
from headrace.features.definition import column_type, definitions, null_rule
from headrace.features.entry import Column, Entry, Kind, Reader
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
        found = exact or [entry for entry in self.of(kind) if name in entry.names]
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
    parts = (_features(project, shelf), _labels(project, shelf), _models(project, shelf), _sources(project, shelf))
    found = [entry for part in parts for entry in part]
    return Catalog(project.name, project.env, (*found, *shelf.entries()))


def _features(project: Project, shelf: Shelf) -> Iterator[Entry]:
    for group in project.groups.values():
        for feature in group.features:
            yield _feature(feature, group, project, shelf)


def _feature(feature: Feature, group: FeatureGroup, project: Project, shelf: Shelf) -> Entry:
    source, table, name = project.sources[group.source], group.table, project.groups.shortest(group)
    sensitivity = sensitivity_of(feature, source)
    kind = column_type(feature, source)
    facts = {
        "Unit": feature.unit or "",
        "Aggregate": _aggregate(feature),
        "Type": kind,
        "Null rule": null_rule(feature),
        "Group": f"{group.group}, version {group.version}, team {group.team}",
        "The group's purpose": _plain(group.purpose),
        "Known as of": f"{group.accuracy}: midnight {group.zone}; window edges {group.tail}",
    }
    entry = Entry(
        kind="feature",
        name=f"{name}.{feature.name}",
        meaning=_plain(feature.meaning),
        owner=group.owner,
        entity=group.entity,
        windows=_windows(feature, group),
        sources=(group.source,),
        version=group.version,
        fingerprint=project.identity(group.namespace),
        sensitivity=sensitivity,
        columns=tuple(Column(name, kind, "", sensitivity) for name in feature.columns),
        readers=tuple(_readers_of_feature(feature, group, project)) + shelf.readers(table),
        facts=_filled(facts),
        definitions=definitions(feature, group, source),
        words=" ".join((group.group, group.team, feature.unit or "", feature.aggregate or "derived")),
        aliases=(f"{group.namespace}.{feature.name}",),
    )
    return shelf.placed(entry, table, [*group.entity, "as_of", *feature.columns], f'features("{name}")')


def _aggregate(feature: Feature) -> str:
    if feature.gap is not None:
        return f"sessions ({feature.measure or 'count'}), a new one after a gap of {show_span(feature.gap)}"
    return (feature.aggregate or "derived") + (f" of {feature.k}" if feature.k is not None else "")


def _windows(feature: Feature, group: FeatureGroup) -> tuple[str, ...]:
    """A feature's windows; a derived one has those of the columns that it is derived from."""
    if feature.derive is None:
        return feature.windows
    inside: list[str] = []
    for other in group.features[: group.features.index(feature)]:
        if other.derive is None:
            pairs = zip(other.columns, other.windows, strict=True)
            inside += [window for column, window in pairs if column in feature.derive.columns]
        elif other.name in feature.derive.columns:
            inside += _windows(other, group)
    return tuple(dict.fromkeys(inside))


def _readers_of_feature(feature: Feature, group: FeatureGroup, project: Project) -> Iterator[Reader]:
    mine = set(feature.columns)
    for other in group.features:
        if other.derive is not None and mine & other.derive.columns:
            yield Reader(
                "feature",
                f"{project.groups.shortest(group)}.{other.name}",
                ", ".join(sorted(mine & other.derive.columns)),
            )
    for model in project.models.values():
        asked = [(project.groups[name], column) for name, columns in model.features.items() for column in columns]
        taken = [column for other, column in asked if other is group and column in mine]
        apart = [one.column for one in model.segments if project.groups[one.group] is group and one.column in mine]
        if taken or apart:
            said = [*taken, *(f"{column} (segment)" for column in apart)]
            yield Reader("model", model.model, ", ".join(said))


def _labels(project: Project, shelf: Shelf) -> Iterator[Entry]:
    for label in project.labels.values():
        table = f"labels.{label.label}"
        models = [Reader("model", model.model) for model in project.models.values() if model.label == label.label]
        source = project.sources[label.source]
        entry = Entry(
            kind="label",
            name=label.label,
            meaning=_plain(label.purpose),
            owner=label.owner,
            entity=source.entity,
            sources=(label.source,),
            version=label.version,
            fingerprint=label.fingerprint,
            sensitivity=most_sensitive(source.columns[key].sensitivity for key in source.entity),
            columns=key_columns(source.entity, source),
            readers=(*models, *shelf.readers(table)),
            facts=_filled(_asked(label)),
        )
        yield shelf.placed(entry, table, [*source.entity, "cutoff", "label"], f'table("{table}")')


def _asked(label: LabelContract) -> dict[str, str]:
    eligible, outcome, cutoffs = label.eligible, label.outcome, label.cutoffs
    who = f"an event in the {show_span(eligible.within)} before the cutoff"
    what = f"{'no event' if outcome.positive == 'absent' else 'an event'} in the {show_span(outcome.horizon)} after it"
    gap = f", from {show_span(outcome.gap)} on" if outcome.gap else ""
    return {
        "Who is asked about": who + (f" where {eligible.where.text}" if eligible.where else ""),
        "1 means": what + gap + (f" where {outcome.where.text}" if outcome.where else ""),
        "Cutoffs": f"{cutoffs.first} to {cutoffs.last}, every {show_span(cutoffs.every)}, {len(cutoffs.dates)} in all",
    }


def _models(project: Project, shelf: Shelf) -> Iterator[Entry]:
    for model in project.models.values():
        source = project.source_of(model)
        table = f"scores.{model.model}"
        sources = dict.fromkeys([source.source, *(project.groups[group].source for group in model.groups)])
        entry = Entry(
            kind="model",
            name=model.model,
            meaning=_plain(model.purpose),
            owner=model.owner,
            entity=source.entity,
            sources=tuple(sources),
            version=model.version,
            fingerprint=model.fingerprint,
            columns=tuple(_inputs(model, project)),
            readers=shelf.readers(f"champion.{model.model}", table),
            facts=_filled(_judged(model) | {"Scored by": shelf.scored_by(table)}),
            words=" ".join((*model.columns, *model.groups, model.label)),
        )
        placed = shelf.placed(entry, table, [*source.entity, "as_of", "score", "model_version"], f'table("{table}")')
        yield replace(placed, made_by=shelf.made_by(f"candidate.{model.model}", f"champion.{model.model}"))


def _inputs(model: ModelContract, project: Project) -> Iterator[Column]:
    for name, columns in model.features.items():
        group = project.groups[name]
        source = project.sources[group.source]
        owner = {column: feature for feature in group.features for column in feature.columns}
        for column in columns:
            feature = owner[column]
            said = f"{_plain(feature.meaning)} ({name}.{feature.name})"
            yield Column(column, column_type(feature, source), said, sensitivity_of(feature, source))


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
            "Rules": "; ".join(f"{rule.name}: {rule.why}" for rule in source.rules),
        }
        entry = Entry(
            kind="source",
            name=source.source,
            meaning=_plain(source.purpose),
            owner=source.owner,
            entity=source.entity,
            sources=(source.source,),
            version=source.version,
            fingerprint=source.fingerprint,
            sensitivity=most_sensitive(column.sensitivity for column in source.columns.values()),
            columns=tuple(
                Column(name, one.type, one.meaning, one.sensitivity, key=name in source.entity)
                for name, one in source.columns.items()
            ),
            readers=(*groups, *labels, *shelf.readers(table)),
            facts=_filled(facts),
            words=" ".join((*source.columns, *source.types)),
        )
        yield shelf.placed(entry, table, [], f'table("{table}")')


def _filled(facts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple((name, value) for name, value in facts.items() if value)


def _plain(text: str) -> str:
    return " ".join(text.split())

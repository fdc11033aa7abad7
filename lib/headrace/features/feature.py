"""A feature as an entry of the catalog: meaning, contract, versions, readers, and the lines to use it."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.contracts.features import Feature, FeatureGroup
from headrace.contracts.names import show_span
from headrace.features.columns import sensitivity_of, unit_of
from headrace.features.definition import column_type, definitions, null_rule
from headrace.features.derivation import children, parents
from headrace.features.entry import Column, Entry, Reader, filled, plain
from headrace.features.lineage import lineage_of
from headrace.features.profiles import Profiles, newest_profiles
from headrace.features.shelf import Shelf
from headrace.features.versions import versions_of
from headrace.graph.agreed import place_of
from headrace.graph.project import Project


def feature_entries(project: Project, shelf: Shelf) -> Iterator[Entry]:
    """Every feature of every group, in the order of contracts."""
    profiles = newest_profiles(project, shelf)
    for group in project.groups.values():
        for feature in group.features:
            yield _feature(feature, group, project, shelf, profiles)


def _feature(feature: Feature, group: FeatureGroup, project: Project, shelf: Shelf, profiles: Profiles) -> Entry:
    source, table, name = project.sources[group.source], group.table, project.groups.shortest(group)
    sensitivity = sensitivity_of(feature, group, source)
    kind = column_type(feature, source)
    profiled = profiles.of(feature, group)
    facts = {
        "Unit": unit_of(feature),
        "Aggregate": _aggregate(feature),
        "Type": kind,
        "Null rule": null_rule(feature),
        "Group": f"{group.group}, version {group.version}, team {group.team}",
        "The group's purpose": plain(group.purpose),
        "Written in": place_of(project, name, "features", group.features.index(feature)),
        "Known as of": f"{group.accuracy}: midnight {group.zone}; window edges {group.tail}",
    }
    entry = Entry(
        kind="feature",
        name=f"{name}.{feature.name}",
        meaning=plain(feature.meaning),
        owner=group.owner,
        entity=group.entity,
        windows=_windows(feature, group),
        sources=(group.source,),
        version=group.version,
        fingerprint=project.identity(group.namespace),
        sensitivity=sensitivity,
        columns=tuple(Column(name, kind, "", sensitivity, unit=unit_of(feature)) for name in feature.columns),
        readers=(*_readers_of_feature(feature, group, project), *shelf.readers(table), *shelf.abroad(group, feature)),
        facts=filled(facts),
        versions=versions_of(feature, group, project, shelf.tables),
        profiles=profiled,
        unprofiled="" if profiled else profiles.why_not(feature, group),
        lineage=lineage_of(feature, group, project),
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
    for other in parents(feature, group):
        if other.derive is None:
            pairs = zip(other.columns, other.windows, strict=True)
            inside += [window for column, window in pairs if column in feature.derive.columns]
        else:
            inside += _windows(other, group)
    return tuple(dict.fromkeys(inside))


def _readers_of_feature(feature: Feature, group: FeatureGroup, project: Project) -> Iterator[Reader]:
    mine = set(feature.columns)
    for child in children(feature, group):
        named = mine & child.derive.columns if child.derive is not None else mine
        yield Reader("feature", f"{project.groups.shortest(group)}.{child.name}", ", ".join(sorted(named)))
    for model in project.models.values():
        asked = [columns for name, columns in model.features.items() if project.readable[name] is group]
        taken = [column for columns in asked for column in columns if column in mine]
        apart = [one.column for one in model.segments if project.readable[one.group] is group and one.column in mine]
        if taken or apart:
            said = [*taken, *(f"{column} (segment)" for column in apart)]
            yield Reader("model", model.model, ", ".join(said))

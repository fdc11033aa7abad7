"""What `contract check` finds of contracts that are shared: groups without owners, the same logic twice, equal values."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from rich.console import Console

from headrace.contracts.features import FeatureGroup
from headrace.contracts.finding import LEVELS, Finding, Level
from headrace.contracts.namespaces import is_published
from headrace.contracts.owners import Owners, check_owners, read_owners
from headrace.contracts.twice import Kind, Twin, by_age, find_twins, told
from headrace.features.saving import saving, told_saving
from headrace.graph.agreed import place_of
from headrace.graph.project import Project

if TYPE_CHECKING:
    from headrace.features.alike import Pair
    from headrace.tables.store import Store

_LEVELS: dict[Kind, Level] = {"equal": "error", "part": "note", "near": "warning", "named": "warning", "alike": "note"}


def shared_findings(project: Project) -> tuple[Finding, ...]:
    """All findings, errors first.

    Raises:
        HeadraceError: DOCUMENT_* for owners.yaml; TABLE_LOG_UNREADABLE.
    """
    owners = read_owners(project.contracts)
    groups = tuple(project.groups.values())
    found = list(check_owners(owners, groups)) if owners is not None else []
    taken = taken_by_models(project)
    found += [_finding(twin, project, owners, taken) for twin in find_twins(groups, taken, agreed_features(project))]
    return tuple(sorted(found, key=lambda finding: LEVELS.index(finding.level)))


def value_findings(project: Project, store: Store) -> tuple[Finding, ...]:
    """Columns of different groups whose values go together, by entity; groups whose tables were never made are named.

    Raises:
        HeadraceError: DOCUMENT_* for owners.yaml; TABLE_LOG_UNREADABLE.
    """
    from headrace.features.alike import close_pairs, sample, shareable
    from headrace.features.groups import features_table

    owners, taken = read_owners(project.contracts), taken_by_models(project)
    found: list[Finding] = []
    for entity, groups in _by_entity(project).items():
        made = {group.namespace: group for group in groups if store.exists(features_table(group))}
        never = ", ".join(group.namespace for group in groups if group.namespace not in made)
        if never:
            found.append(Finding("note", f"no values of {never}: headrace run makes their tables"))
        if len(made) > 1:
            tables = {name: store.load(features_table(group)) for name, group in made.items()}
            columns = {name: shareable(group, project.sources[group.source]) for name, group in made.items()}
            twins = _alike(list(made.values()), close_pairs(sample(tables, columns, entity)), project, taken)
            found += [_finding(twin, project, owners, taken) for twin in twins]
    return tuple(found)


def _by_entity(project: Project) -> dict[tuple[str, ...], list[FeatureGroup]]:
    """The groups by entity, where there are several of one."""
    found: dict[tuple[str, ...], list[FeatureGroup]] = {}
    for group in project.groups.values():
        found.setdefault(tuple(sorted(group.entity)), []).append(group)
    return {entity: groups for entity, groups in found.items() if len(groups) > 1}


def _alike(
    groups: list[FeatureGroup], pairs: Iterable[Pair], project: Project, taken: frozenset[tuple[str, str]]
) -> Iterator[Twin]:
    """The closest pair of each two features that no tree has found."""
    agreed = agreed_features(project)
    columns = {logic.name: logic for feature in by_age(groups, agreed) for logic in feature}
    ranks = {name: rank for rank, name in enumerate(columns)}
    known = find_twins(project.groups.values(), taken, agreed)
    seen = {(twin.name, twin.old_name) for twin in known if twin.kind != "named"}
    for pair in pairs:
        old, new = sorted((columns[pair.one], columns[pair.other]), key=lambda one: ranks[one.name])
        twin = Twin(
            "alike", new.feature, new.group, old.feature, old.group, ((new, old),), (), pair.correlation, pair.entities
        )
        if (twin.name, twin.old_name) not in seen:
            seen.add((twin.name, twin.old_name))
            yield twin


def taken_by_models(project: Project) -> frozenset[tuple[str, str]]:
    """(``team.group``, column) of all that models take from the project's groups, segments included."""
    models = project.models.values()
    asked = [(name, column) for model in models for name, columns in model.features.items() for column in columns]
    asked += [(segment.group, segment.column) for model in models for segment in model.segments]
    own = ((reference, column) for reference, column in asked if not is_published(reference))
    return frozenset((project.groups[reference].namespace, column) for reference, column in own)


def agreed_features(project: Project) -> frozenset[tuple[str, str]]:
    """(``team.group``, feature) of all that lock entries hold."""
    entries = [(name, feature) for name, lock in project.locks.items() for feature in lock.meaning["features"]]
    return frozenset((name, str(feature["name"])) for name, feature in entries)


def show_findings(out: Console, found: Iterable[Finding]) -> None:
    """A line a finding."""
    for finding in found:
        place = f"{finding.place}: " if finding.place else ""
        out.print(f"{finding.level}: {place}{finding.said}.", soft_wrap=True, markup=False)


def _finding(twin: Twin, project: Project, owners: Owners | None, taken: frozenset[tuple[str, str]]) -> Finding:
    people = owners.of(twin.old_group) if owners is not None else ()
    said = told(twin, ", ".join(person.name for person in people))
    if twin.kind != "named":
        source = project.sources[twin.group.source]
        would = saving(twin, project.groups_of(source.source), source, taken)
        verb = "It costs" if twin.kind == "part" else "Sharing saves"
        said += f". {told_saving(would, project.tables_at, verb)}"
    features = [feature.name for feature in twin.group.features]
    name = project.groups.shortest(twin.group)
    return Finding(_LEVELS[twin.kind], said, place_of(project, name, "features", features.index(twin.new.name)))

"""What `contract check` finds of contracts that are shared: groups without owners, and the same logic twice."""

from __future__ import annotations

from collections.abc import Iterable

from rich.console import Console

from headrace.contracts.finding import LEVELS, Finding, Level
from headrace.contracts.owners import Owners, check_owners, read_owners
from headrace.contracts.twice import Kind, Twin, find_twins, told
from headrace.features.saving import saving, told_saving
from headrace.graph.project import Project

_LEVELS: dict[Kind, Level] = {"equal": "error", "part": "note", "near": "warning", "named": "warning"}


def shared_findings(project: Project) -> tuple[Finding, ...]:
    """All findings, errors first.

    Raises:
        HeadraceError: DOCUMENT_* for owners.yaml; TABLE_LOG_UNREADABLE.
    """
    owners = read_owners(project.contracts)
    groups = tuple(project.groups.values())
    found = list(check_owners(owners, groups)) if owners is not None else []
    taken = taken_by_models(project)
    found += [_finding(twin, project, owners, taken) for twin in find_twins(groups, taken)]
    return tuple(sorted(found, key=lambda finding: LEVELS.index(finding.level)))


def taken_by_models(project: Project) -> frozenset[tuple[str, str]]:
    """(``team.group``, column) of all that models take from the project's groups."""
    asked = [
        (reference, column)
        for model in project.models.values()
        for reference, columns in model.features.items()
        for column in columns
    ]
    return frozenset((project.groups[reference].namespace, column) for reference, column in asked)


def show_findings(out: Console, found: Iterable[Finding]) -> None:
    """A line a finding."""
    for finding in found:
        out.print(f"{finding.level}: {finding.said}.", soft_wrap=True, markup=False)


def _finding(twin: Twin, project: Project, owners: Owners | None, taken: frozenset[tuple[str, str]]) -> Finding:
    people = owners.of(twin.old_group) if owners is not None else ()
    said = told(twin, ", ".join(person.name for person in people))
    if twin.kind != "named":
        source = project.sources[twin.group.source]
        would = saving(twin, project.groups_of(source.source), source, taken)
        verb = "It costs" if twin.kind == "part" else "Sharing saves"
        said += f". {told_saving(would, project.tables_at, verb)}"
    return Finding(_LEVELS[twin.kind], said)

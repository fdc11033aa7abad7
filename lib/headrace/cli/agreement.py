"""Contracts are compared with what was agreed: by a command, and before anything writes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Protocol

from headrace.cli.absent import stand_ins
from headrace.cli.alerts import keep_record
from headrace.cli.choice import Choice, console, grid_of
from headrace.graph.agreed import Broken, problems, refuse
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.ground.errors import DONE, USAGE, HeadraceError


class Signed(Protocol):
    """What every contract has."""

    @property
    def version(self) -> int: ...

    @property
    def owner(self) -> str: ...

    @property
    def fingerprint(self) -> str: ...


def contract_check(choice: Choice, values: bool = False) -> int:
    """The contracts with their fingerprints (a group's: its source included), and what is found of those that are shared.

    ``values``: columns of different groups are compared by their values too, by Spark.

    Raises:
        HeadraceError: see ``check_agreed``.
    """
    from headrace.cli.abroad import check_taken, tell_publishers
    from headrace.cli.findings import shared_findings, show_findings, value_findings

    with stand_ins():
        project, graph = choice.open()
    grid = grid_of("kind", "name", "version", "fingerprint", "owner")
    kinds: dict[str, Mapping[str, Signed]] = {
        "events": project.sources,
        "features": project.groups,
        "label": project.labels,
        "model": project.models,
    }
    for kind, contracts in kinds.items():
        for name, contract in contracts.items():
            mark = project.identity(name) if kind == "features" else contract.fingerprint
            grid.add_row(kind, name, str(contract.version), mark, contract.owner)
    for reference, entry in project.taken.items():
        grid.add_row("taken", reference, str(entry.group.version), entry.group.fingerprint, entry.group.owner)
    out = console()
    out.print(grid)
    found = shared_findings(project)
    show_findings(out, found)
    if values:
        from headrace.cli.assembly import assemble

        show_findings(out, value_findings(project, assemble(project, graph).store))
    today = datetime.now(UTC).date()
    standing = check_taken(out, project, today)
    tell_publishers(out, project, today)
    check_agreed(project, graph, standing.errors)
    out.print(f"{len(project.groups)} feature groups mean what was agreed.")
    if project.taken:
        out.print(f"{len(project.taken)} groups of other projects stand as accepted.")
    return USAGE if any(finding.level == "error" for finding in found) else DONE


def check_agreed(project: Project, graph: Graph, others: tuple[HeadraceError, ...] = ()) -> None:
    """Refuse to go on where a feature group is not as its lock entry says. Of a changed meaning an alert is kept.

    ``others``: what is wrong with groups of other projects.

    Raises:
        HeadraceError: CONTRACT_CHANGED, CONTRACT_UNLOCKED, CONTRACT_GONE, CONTRACT_VERSION_*, LOCK_SCHEME, PUBLISHED_*;
            CONTRACTS_REFUSED for several.
    """
    found = (*problems(project, graph), *others)
    for problem in found:
        if isinstance(problem, Broken):
            keep_alert(project, problem)
    refuse(found)


def keep_alert(project: Project, broken: Broken) -> None:
    """Write the alert record of a changed meaning; the same change again gives the same file.

    Where it cannot be written (a checkout that is only read, in CI) the refusal itself must still be seen.
    """
    group = project.groups[broken.group]
    present = project.bound(broken.group).fingerprint
    about = {
        "team": group.team,
        "group": group.group,
        "owner": group.owner,
        "version": broken.lock.version,
        "agreed": broken.lock.fingerprint,
        "found": present,
        "changes": [change.to_json() for change in broken.changes],
        "consumers": broken.consumers.to_json(),
    }
    keep_record(project, f"contract-{broken.lock.name}-{present}", broken.error.code, about)

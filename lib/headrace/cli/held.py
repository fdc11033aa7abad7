"""A project and its graph as rollbacks leave them for readers, and what planning has to know of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from headrace import __version__
from headrace.cli.assembly import Assembly
from headrace.cli.loading import declare_graph
from headrace.contracts.earlier import Earlier, read_earlier
from headrace.contracts.features import FeatureGroup
from headrace.graph.holds import Hold, Holding
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.graph.select import ordered
from headrace.ground.errors import HeadraceError
from headrace.release.decisions import Decision, read_decisions
from headrace.release.rollback import about_tables, holds, restored
from headrace.release.whole_run import run_holds
from headrace.tables.spec import Table


def as_held(parts: Assembly) -> Assembly:
    """The environment with what rollbacks hold, as the decision ledger tells it."""
    return with_holds(parts, about_tables(read_decisions(parts.store)))


def with_holds(parts: Assembly, history: Iterable[Decision]) -> Assembly:
    """The same by a history: readers' tables are those of the versions that are held.

    Raises:
        HeadraceError: EARLIER_MISSING, LOCK_*.
    """
    steps = tuple(history)
    if not steps:
        return parts
    lasting = holds(steps, identities(parts.project), __version__)
    lasting += run_holds(steps, table_identities(parts.project, parts.graph), __version__)
    project, graph = parts.project, parts.graph
    moved = {hold.group: held_version(project, hold) for hold in lasting if hold.table != hold.declared}
    if moved or project.held:
        project = replace(project, held=moved)
        graph = ordered(declare_graph(project))
    return Assembly(project, graph, parts.spark, Holding(lasting, restored(steps)))


def identities(project: Project) -> Mapping[str, str]:
    """What each group's contract means now, by ``team.group``."""
    return {group.namespace: project.identity(group.namespace) for group in project.groups.values()}


def table_identities(project: Project, graph: Graph) -> Mapping[str, str]:
    """What makes each table now: of a feature group its contract's fingerprint, else its job's."""
    found = {output.name: job.fingerprint for job in graph for output in job.outputs if isinstance(output, Table)}
    found |= {group.table: project.identity(group.namespace) for group in project.groups.values()}
    return found | {one.group.table: one.identity for one in project.kept}


def held_group(project: Project, group: FeatureGroup, history: Iterable[Decision]) -> FeatureGroup:
    """A group as its readers are given it."""
    lasting = (hold for hold in holds(history, identities(project), __version__) if hold.group == group.namespace)
    return next((held_version(project, hold).group for hold in lasting), group)


def held_version(project: Project, hold: Hold) -> Earlier:
    """The version of a group that a hold gives readers."""
    return version_of_group(project, hold.group, hold.version)


def version_of_group(project: Project, group: str, version: int) -> Earlier:
    """A version of a group as its readers would be given it.

    Raises:
        HeadraceError: VERSION_UNKNOWN, EARLIER_MISSING, LOCK_*.
    """
    lock = project.locks[group]
    step = lock.step(version)
    if step is None:
        known = ", ".join(str(one.version) for one in lock.history)
        raise HeadraceError("VERSION_UNKNOWN", group=group, version=version, known=known)
    return read_earlier(project.contracts, lock, step, project.groups[group])

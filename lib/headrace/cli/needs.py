"""What goes back to earlier versions of tables: rollbacks that can be undone, training sets that can be made again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime

from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.release.decisions import Decision
from headrace.release.rollback import changes_of, standing
from headrace.release.whole_run import not_over
from headrace.tables.layout import Need
from headrace.tables.log import TableLog
from headrace.tables.tended import Needs
from headrace.training.found import found_sets

Logs = Callable[[str], TableLog]


def needs_of(project: Project, graph: Graph, history: Iterable[Decision], log: Logs, now: datetime) -> Needs:
    """What goes back to a table, by its name."""
    found: dict[str, list[Need]] = {}
    for table, need in (*_rollbacks(history), *_training_sets(project, graph, log, now)):
        found.setdefault(table, []).append(need)
    return lambda table: tuple(found.get(table, ()))


def _rollbacks(history: Iterable[Decision]) -> Iterator[tuple[str, Need]]:
    """The tables that were given an earlier content: taking that back needs what they had before."""
    steps = tuple(history)
    groups = ((step, changes_of(step)) for some in standing(steps).values() for step in some)
    for step, changes in (*groups, *not_over(steps)):
        for change in (change for change in changes if change.commit is not None):
            yield change.table, Need(f"rollback {step.seq} of {step.model}", step.at)


def _training_sets(project: Project, graph: Graph, log: Logs, now: datetime) -> Iterator[tuple[str, Need]]:
    """The inputs of sets that are no older than tables keep their versions."""
    for found in found_sets(project, graph, lambda table: log(table.name).commits()):
        if found.made.at < now - project.config.retention.tables:
            continue
        for source in found.made.manifest.inputs.values():
            since = _replaced(log(source.table), source.version)
            if since is not None:
                yield source.table, Need(f"training set {found.made.id}", since)


def _replaced(log: TableLog, version: str) -> datetime | None:
    """When a version was followed by another one; None while it is the latest, or where nothing is known of it here."""
    if not log.readable or not version.isdigit():
        return None
    later = [commit.at for commit in log.commits() if commit.version > int(version)]
    return min(later, default=None)

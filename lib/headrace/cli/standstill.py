"""A run in which nothing is due: told by the logs and files that this machine sees, before any session is opened."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, cast

from headrace.cli.assembly import Assembly
from headrace.cli.held import with_holds
from headrace.cli.journal import Journal
from headrace.cli.outcome import show_outcome
from headrace.cli.restoring import show_holds
from headrace.cli.timelines import file_name
from headrace.cli.watching import logs_of
from headrace.graph.lint import Graph
from headrace.graph.plan import Plan, survey
from headrace.graph.project import Project
from headrace.graph.result import JobResult
from headrace.graph.view import View
from headrace.graph.waiting import idle
from headrace.ground.errors import DONE
from headrace.ground.interval import Interval
from headrace.release.decisions import pending, read_decisions
from headrace.release.rollback import about_tables

if TYPE_CHECKING:
    from pyspark.sql import SparkSession
    from rich.console import Console

    from headrace.cli.choice import Choice


class SessionNeeded(Exception):
    """Something was asked that only Spark can answer."""


class Unopened:
    """In place of a session that is not open: whatever is asked of it needs one."""

    def __getattr__(self, name: str) -> object:
        raise SessionNeeded(name)


def unopened(project: Project, graph: Graph) -> Assembly:
    """An environment that is only looked at, as far as that goes without Spark."""
    return Assembly(project, graph, cast("SparkSession", Unopened()))


def stands_still(
    out: Console, choice: Choice, project: Project, graph: Graph, chosen: Graph, asked: Interval, run_id: str
) -> tuple[JobResult, ...] | None:
    """What becomes of the chosen jobs where nothing of them is due; then everything is told and logged that a run would.

    None where something is due, and where that cannot be told from here: a rollback was interrupted, a log is not on this
    machine, a table in place has changed. Lineage events are a run's affair. What has a deadline has it where it is due.
    """
    if choice.refresh or choice.force or project.config.lineage.is_on:
        return None
    names = tuple(job.name for job in chosen)
    try:
        parts = _held(unopened(project, graph))
        found = _surveyed(parts, parts.jobs(names), asked) if parts is not None else None
    except SessionNeeded:
        return None
    if parts is None or found is None:
        return None
    results = tuple(idle(job, found[1]) for job in parts.jobs(names))
    journal = Journal(logs_of(project) / f"{file_name(run_id)}.jsonl", run_id, lambda: datetime.now(UTC), out.print)
    with journal.over(asked):
        journal.events.planned(*found)
        for result in results:
            journal.events.finished(result)
    show_holds(out, parts, choice)
    show_outcome(out, choice, parts, results, DONE)
    out.print(f"Log: {journal.path}", soft_wrap=True)
    return results


def _held(parts: Assembly) -> Assembly | None:
    """The environment as rollbacks leave it; None where one that a crash left open is to be carried out first."""
    history = about_tables(read_decisions(parts.store))
    return None if pending(history) is not None else with_holds(parts, history)


def _surveyed(parts: Assembly, chosen: Graph, asked: Interval) -> tuple[Plan, View] | None:
    parts.keep_versions()
    parts.pin_sources(chosen)
    seen = parts.look(asked)
    found = survey(chosen, seen, parts.project.config.engine.most_intervals)
    return None if found.steps or found.not_ready else (found, seen)

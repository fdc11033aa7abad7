"""Checks of a graph before anything is run: names, writers, makers, cycles, windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from graphlib import CycleError, TopologicalSorter

from headrace.graph.job import Each, Job
from headrace.graph.project import Project
from headrace.ground.errors import HeadraceError, nearest
from headrace.ground.interval import DAY
from headrace.tables.landing import LandingZone
from headrace.tables.source import SourceTable

Graph = tuple[Job, ...]


def lint(graph: Graph, project: Project) -> None:
    """Refuse a graph that cannot work.

    Raises:
        HeadraceError: GRAPH_INVALID with every problem found.
    """
    checks = (check_names, check_writers, check_makers, check_docstrings, check_cadence, check_deadlines, check_budgets)
    problems = [problem for check in checks for problem in check(graph, project)]
    problems += check_cycles(graph)
    if problems:
        raise HeadraceError("GRAPH_INVALID", problems="\n".join(f"  - {problem}" for problem in problems))


def check_names(graph: Graph, project: Project) -> Iterator[str]:
    """Two jobs of one name."""
    for name, times in Counter(job.name for job in graph).items():
        if times > 1:
            yield f"{times} jobs are called '{name}'"


def check_writers(graph: Graph, project: Project) -> Iterator[str]:
    """One output, two writers (parts of a table count as outputs of their own)."""
    writers = Counter((output.name, getattr(output, "part", None)) for job in graph for output in job.outputs)
    for (name, _), times in writers.items():
        if times > 1:
            yield f"'{name}' is written by {times} jobs"


def check_makers(graph: Graph, project: Project) -> Iterator[str]:
    """An input that no job makes; landing zones and tables in place may be filled from outside."""
    made = {output.name for job in graph for output in job.outputs}
    for job in graph:
        for name, asset in job.inputs.items():
            if asset.name not in made and not isinstance(asset, LandingZone | SourceTable):
                yield f"job '{job.name}' reads {name} = '{asset.name}', which no job makes"


def check_docstrings(graph: Graph, project: Project) -> Iterator[str]:
    """A job that does not say what it does."""
    for job in graph:
        if not job.meaning:
            yield f"job '{job.name}': its run() has no docstring"


def check_cadence(graph: Graph, project: Project) -> Iterator[str]:
    """An interval length that the project's span is no multiple of."""
    for job in graph:
        if isinstance(job.every, Each) and job.every.length % DAY:
            yield f"job '{job.name}': its intervals are no whole days, but sources land by day"


def check_deadlines(graph: Graph, project: Project) -> Iterator[str]:
    """A deadline of a table that no job makes."""
    made = {output.name for job in graph for output in job.outputs}
    for name in project.config.deadlines:
        if name not in made:
            yield f"deadlines: '{name}' is no table that a job makes. {nearest(name, made)}"


def check_budgets(graph: Graph, project: Project) -> Iterator[str]:
    """A budget of a job that is none."""
    names = {job.name for job in graph}
    for name in project.config.cost.budgets:
        if name not in names:
            yield f"cost.budgets: there is no job '{name}'. {nearest(name, names)}"


def check_cycles(graph: Graph) -> list[str]:
    """A cycle, printed as the path around it."""
    try:
        tuple(TopologicalSorter(upstream(graph)).static_order())
    except CycleError as error:
        return ["a cycle: " + " -> ".join(error.args[1])]
    return []


def upstream(graph: Graph) -> dict[str, set[str]]:
    """Job -> the jobs whose outputs it reads."""
    maker = {output.name: job.name for job in graph for output in job.outputs}
    return {job.name: {maker[asset.name] for asset in job.inputs.values() if asset.name in maker} for job in graph}

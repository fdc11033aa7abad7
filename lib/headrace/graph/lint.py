"""Checks of a graph before anything is run: names, writers, makers, cycles, windows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from headrace.contracts.names import show_span
from headrace.graph.job import Asset, Each, Job, Once
from headrace.graph.project import Project
from headrace.graph.timetable import Timetable
from headrace.ground.errors import HeadraceError, nearest
from headrace.ground.interval import DAY, HOUR
from headrace.ground.zones import UTC
from headrace.tables.landing import LandingZone
from headrace.tables.source import SourceTable
from headrace.tables.spec import Table

Graph = tuple[Job, ...]


def lint(graph: Graph, project: Project) -> None:
    """Refuse a graph that cannot work.

    What windows ask of their sources (how long these keep events, and that a date has no hours) is checked when
    contracts are read (``contracts.demands``).

    Raises:
        HeadraceError: GRAPH_INVALID with every problem found, by file and line of the jobs.
    """
    checks = (
        check_names, check_writers, check_makers, check_docstrings, check_cadence, check_deadlines, check_budgets, check_cycles,
    )  # fmt: skip
    problems = [fault.told(project.root) for check in checks for fault in check(graph, project)]
    if problems:
        raise HeadraceError("GRAPH_INVALID", problems="\n".join(f"  - {problem}" for problem in problems))


@dataclass(frozen=True)
class Fault:
    """What is wrong with a graph, and the jobs that it is about."""

    said: str
    jobs: tuple[Job, ...] = ()

    def told(self, root: Path) -> str:
        """With file and line of each job."""
        places = ", ".join(dict.fromkeys(filter(None, (place_of(job, root) for job in self.jobs))))
        return f"{self.said} ({places})" if places else self.said


def place_of(job: Job, root: Path) -> str:
    """File and line of a job's ``run``; "" where it is no function of a file."""
    code = getattr(getattr(job.run, "func", job.run), "__code__", None)
    if code is None:
        return ""
    file = Path(code.co_filename)
    return f"{file.relative_to(root) if file.is_relative_to(root) else file}:{code.co_firstlineno}"


def check_names(graph: Graph, project: Project) -> Iterator[Fault]:
    """Two jobs of one name."""
    for name, times in Counter(job.name for job in graph).items():
        if times > 1:
            yield Fault(f"{times} jobs are called '{name}'", tuple(job for job in graph if job.name == name))


def check_writers(graph: Graph, project: Project) -> Iterator[Fault]:
    """One output, two writers (parts of a table count as outputs of their own)."""
    writers: dict[tuple[str, object], list[Job]] = {}
    for job in graph:
        for output in job.outputs:
            writers.setdefault((output.name, getattr(output, "part", None)), []).append(job)
    for (name, _), jobs in writers.items():
        if len(jobs) > 1:
            yield Fault(f"'{name}' is written by {len(jobs)} jobs: {', '.join(job.name for job in jobs)}", tuple(jobs))


def check_makers(graph: Graph, project: Project) -> Iterator[Fault]:
    """An input that no job makes; landing zones and tables in place may be filled from outside."""
    made = {output.name for job in graph for output in job.outputs}
    for job in graph:
        for name, asset in job.inputs.items():
            if asset.name not in made and not isinstance(asset, LandingZone | SourceTable):
                yield Fault(f"job '{job.name}' reads {name} = '{asset.name}', which no job makes", (job,))


def check_docstrings(graph: Graph, project: Project) -> Iterator[Fault]:
    """A job that does not say what it does."""
    for job in graph:
        if not job.meaning:
            yield Fault(f"job '{job.name}': its run() has no docstring", (job,))


def check_cadence(graph: Graph, project: Project) -> Iterator[Fault]:
    """Intervals that days are not made of; those of hours, or of a zone's days, beside what there is by day of UTC only."""
    makers = {output.name: job for job in graph for output in job.outputs}
    for job in graph:
        if isinstance(job.every, Once) or job.every.of_utc_days:
            continue
        if job.every.length % DAY and (job.every.length % HOUR or DAY % job.every.length):
            yield Fault(f"job '{job.name}': its intervals are neither whole days nor hours that make up a day", (job,))
            continue
        often = show_span(job.every.length) + ("" if job.every.zone == UTC else f" in {job.every.zone}")
        for name, asset in job.inputs.items():
            said = _too_coarse(asset, makers.get(asset.name), job.every, name in job.history)
            if said:
                yield Fault(f"job '{job.name}' is done every {often}, but {said}", (job,))
        for output in job.outputs:
            if isinstance(output, Table) and output.replaced_by is not None and output.stamped == "start":
                yield Fault(f"job '{job.name}': rows of '{output.name}' name a day; stamped='within' or 'end'", (job,))


def _too_coarse(asset: Asset, maker: Job | None, read: Timetable, history: bool) -> str:
    """Why intervals of hours or of a zone cannot read an input; of ``history`` hours read what was over by then."""
    if maker is None or isinstance(asset, LandingZone | SourceTable):
        return f"'{asset.name}' lands by day of UTC"
    made = maker.every
    if history or not isinstance(made, Each) or not read.length % DAY or not read.length % made.length:
        return ""
    return f"'{asset.name}' is made every {show_span(made.length)}; name it in history to read what was over by then"


def check_deadlines(graph: Graph, project: Project) -> Iterator[Fault]:
    """A deadline of a table that no job makes."""
    made = {output.name for job in graph for output in job.outputs}
    for name in project.config.deadlines:
        if name not in made:
            yield Fault(f"deadlines: '{name}' is no table that a job makes. {nearest(name, made)}")


def check_budgets(graph: Graph, project: Project) -> Iterator[Fault]:
    """A budget of a job that is none."""
    names = {job.name for job in graph}
    for name in project.config.cost.budgets:
        if name not in names:
            yield Fault(f"cost.budgets: there is no job '{name}'. {nearest(name, names)}")


def check_cycles(graph: Graph, project: Project) -> Iterator[Fault]:
    """A cycle, printed as the path around it."""
    try:
        tuple(TopologicalSorter(upstream(graph)).static_order())
    except CycleError as error:
        ring = error.args[1]
        by_name = {job.name: job for job in graph}
        yield Fault("a cycle: " + " -> ".join(ring), tuple(by_name[name] for name in dict.fromkeys(ring)))


def upstream(graph: Graph) -> dict[str, set[str]]:
    """Job -> the jobs whose outputs it reads."""
    maker = {output.name: job.name for job in graph for output in job.outputs}
    return {job.name: {maker[asset.name] for asset in job.inputs.values() if asset.name in maker} for job in graph}

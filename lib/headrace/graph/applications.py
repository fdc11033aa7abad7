"""Where Spark applications end: a graph of jobs as a smaller graph, whose nodes are applications."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter

from headrace.graph.job import Job
from headrace.graph.lint import Graph, upstream
from headrace.ground.errors import HeadraceError, nearest
from headrace.ground.placement import Placement


@dataclass(frozen=True)
class Application:
    """Jobs that one application runs, in order. ``node``: what they are to those around them, as if they were one job."""

    node: Job
    jobs: Graph

    @property
    def name(self) -> str:
        """Its group's, or its only job's."""
        return self.node.name


def applications(chosen: Graph, placement: Placement) -> tuple[Application, ...]:
    """The applications of the chosen jobs, in an order in which each comes after what it reads.

    Raises:
        HeadraceError: PLACEMENT_CYCLE where a group would have to wait for itself.
    """
    group_of = {job: name for name, jobs in placement.groups.items() for job in jobs}
    whole = {"one": "all jobs", "per_job": "", "groups": ""}[placement.by]
    members: dict[str, list[Job]] = {}
    for job in chosen:
        name = whole or (group_of.get(job.name, job.name) if placement.by == "groups" else job.name)
        members.setdefault(name, []).append(job)
    found = [Application(_as_one(name, jobs), tuple(jobs)) for name, jobs in members.items()]
    by_name = {application.name: application for application in found}
    try:
        order = tuple(TopologicalSorter(upstream(tuple(one.node for one in found))).static_order())
    except CycleError as error:
        raise HeadraceError("PLACEMENT_CYCLE", ring=" -> ".join(error.args[1])) from error
    return tuple(by_name[name] for name in order)


def check_groups(graph: Graph, placement: Placement) -> None:
    """Refuse groups of jobs that there are not, and a group that is called as a job outside it.

    Raises:
        HeadraceError: JOB_UNKNOWN, PLACEMENT_NAME.
    """
    known = {job.name for job in graph}
    for name, jobs in placement.groups.items():
        for job in jobs:
            if job not in known:
                raise HeadraceError("JOB_UNKNOWN", job=job, hint=nearest(job, known))
        if name in known and name not in jobs:
            raise HeadraceError("PLACEMENT_NAME", group=name)


def _as_one(name: str, jobs: Iterable[Job]) -> Job:
    """Reads what its jobs read and do not make themselves, makes all that they make, and is alone where one of them is."""
    several = tuple(jobs)
    outputs = tuple(dict.fromkeys(output for job in several for output in job.outputs))
    made = {output.name for output in outputs}
    reads = {asset.name: asset for job in several for asset in job.inputs.values() if asset.name not in made}
    return Job(name, several[0].run, inputs=reads, outputs=outputs, exclusive=any(job.exclusive for job in several))

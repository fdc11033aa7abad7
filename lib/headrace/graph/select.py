"""Choose a part of a graph: ``JOB``, ``JOB+`` (and what is below), ``+JOB`` (and what is above), ``tag:NAME``; several by commas."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter
from heapq import heappop, heappush

from headrace.graph.job import Job
from headrace.graph.lint import Graph, upstream
from headrace.ground.errors import HeadraceError, nearest


def ordered(graph: Graph) -> Graph:
    """The jobs in an order in which each comes after what it reads; else as they are declared, the same in every process."""
    declared = {job.name: place for place, job in enumerate(graph)}
    sorter = TopologicalSorter(upstream(graph))
    sorter.prepare()
    found: list[Job] = []
    ready: list[int] = []
    while sorter.is_active():
        for name in sorter.get_ready():
            heappush(ready, declared[name])
        found.append(graph[heappop(ready)])
        sorter.done(found[-1].name)
    return tuple(found)


def select(graph: Graph, selector: str | None) -> Graph:
    """The jobs that a selector names, in order; all of them where there is none.

    Raises:
        HeadraceError: JOB_UNKNOWN with the nearest name.
    """
    if selector is None:
        return ordered(graph)
    parts = selector.split(",")
    chosen = (_tagged(graph, part[4:]) if part.startswith("tag:") else _around(graph, part) for part in parts)
    names = frozenset[str]().union(*chosen)
    return tuple(job for job in ordered(graph) if job.name in names)


def _tagged(graph: Graph, tag: str) -> set[str]:
    tags = {known for job in graph for known in job.tags}
    if tag not in tags:
        raise HeadraceError("JOB_UNKNOWN", job=f"tag:{tag}", hint=nearest(tag, tags))
    return {job.name for job in graph if tag in job.tags}


def _around(graph: Graph, selector: str) -> set[str]:
    name = selector.strip("+")
    if name not in {job.name for job in graph}:
        raise HeadraceError("JOB_UNKNOWN", job=name, hint=nearest(name, (job.name for job in graph)))
    above = upstream(graph)
    below: dict[str, set[str]] = {
        job.name: {child for child, parents in above.items() if job.name in parents} for job in graph
    }
    chosen = {name}
    if selector.startswith("+"):
        chosen |= _reach(name, above)
    if selector.endswith("+"):
        chosen |= _reach(name, below)
    return chosen


def _reach(name: str, edges: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    frontier = {name}
    while frontier:
        frontier = {further for at in frontier for further in edges[at]} - found
        found |= frontier
    return found

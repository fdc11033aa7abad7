"""Which ready job goes first, and which may run beside which."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from graphlib import TopologicalSorter
from types import MappingProxyType

from headrace.graph.job import Job
from headrace.graph.lint import upstream

NOTHING_KNOWN: Mapping[str, float] = MappingProxyType({})


def startable(waiting: Sequence[Job], running: Sequence[Job], most: int) -> list[str]:
    """The jobs that may start now, of those that wait in their order: at most ``most`` at once, an exclusive one alone."""
    if any(job.exclusive for job in running):
        return []
    if waiting and waiting[0].exclusive:
        return [] if running else [waiting[0].name]
    return [job.name for job in waiting if not job.exclusive][: max(most - len(running), 0)]


def ranked(names: Iterable[str], weight: Mapping[str, float]) -> list[str]:
    """The longest remaining path first; the same order in every process."""
    return sorted(names, key=lambda name: (-weight[name], name))


def longest_path(jobs: tuple[Job, ...], seconds: Mapping[str, float] = NOTHING_KNOWN) -> dict[str, float]:
    """The seconds from a job's start to the end of the longest way down, itself included.

    A job that ``seconds`` does not know counts as one second: with nothing known, a path is as long as it has jobs.
    """
    parents = upstream(jobs)
    weight: dict[str, float] = {}
    for name in reversed(tuple(TopologicalSorter(parents).static_order())):
        below = (weight[child] for child, above in parents.items() if name in above)
        weight[name] = seconds.get(name, 1.0) + max(below, default=0.0)
    return weight


def precedence(jobs: tuple[Job, ...], seconds: Mapping[str, float] = NOTHING_KNOWN) -> dict[str, float]:
    """What ready jobs are ranked by: the longest path; an exclusive job for which none waits comes behind all others."""
    waited_for = {name for above in upstream(jobs).values() for name in above}
    last = {job.name for job in jobs if job.exclusive and job.name not in waited_for}
    return {name: -1.0 if name in last else weight for name, weight in longest_path(jobs, seconds).items()}


def longest_way(jobs: tuple[Job, ...], seconds: Mapping[str, float]) -> tuple[str, ...]:
    """The jobs of the longest path, from its first to its last: no run is faster, on whatever machine."""
    weight, parents = longest_path(jobs, seconds), upstream(jobs)
    starts = ranked((job.name for job in jobs if not parents[job.name]), weight)
    way = starts[:1]
    while way:
        below = ranked((child for child, above in parents.items() if way[-1] in above), weight)
        if not below:
            break
        way.append(below[0])
    return tuple(way)

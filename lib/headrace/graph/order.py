"""Which ready job goes first, and which may run beside which."""

from __future__ import annotations

from graphlib import TopologicalSorter

from headrace.graph.job import Job
from headrace.graph.lint import upstream


def startable(waiting: list[Job], running: list[Job]) -> list[str]:
    """The jobs that may start now: an exclusive one runs alone."""
    if any(job.exclusive for job in running):
        return []
    if waiting and waiting[0].exclusive:
        return [] if running else [waiting[0].name]
    return [job.name for job in waiting if not job.exclusive]


def longest_path(jobs: tuple[Job, ...]) -> dict[str, int]:
    """How many jobs wait behind each, along the longest way down."""
    parents = upstream(jobs)
    weight: dict[str, int] = {}
    for name in reversed(tuple(TopologicalSorter(parents).static_order())):
        weight[name] = 1 + max((weight[child] for child, above in parents.items() if name in above), default=0)
    return weight

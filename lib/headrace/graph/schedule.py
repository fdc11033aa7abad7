"""When each job of a graph would start and end, by the rule that a run goes by; no clock, no Spark."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from graphlib import TopologicalSorter

from headrace.graph.job import Job
from headrace.graph.lint import upstream
from headrace.graph.order import precedence, ranked, startable


@dataclass(frozen=True)
class Span:
    """A job's time in a run, in seconds from its start."""

    start: float
    end: float


@dataclass(frozen=True)
class Speedup:
    """The job whose halved time would end the run soonest, and by how many seconds sooner."""

    job: str
    seconds: float


def schedule(
    jobs: tuple[Job, ...], seconds: Mapping[str, float], lanes: int, running_now: Collection[str] = ()
) -> dict[str, Span]:
    """List scheduling: whenever a job ends, those that are ready start, the longest remaining path first.

    ``lanes`` jobs run at once, an exclusive one alone. The end is never sooner than the longest path, nor than all
    seconds divided by ``lanes``, and never later than all seconds. Of those that are ``running_now``, the seconds are
    what is left of them, and they go on before any other starts.
    """
    by_name = {job.name: job for job in jobs}
    weight = precedence(jobs, seconds)
    order = TopologicalSorter(upstream(jobs))
    order.prepare()
    spans: dict[str, Span] = {}
    waiting: list[str] = []
    running: list[str] = []
    now = 0.0
    while order.is_active():
        waiting = ranked([*waiting, *order.get_ready()], weight)
        waiting.sort(key=lambda name: name not in running_now)
        for name in startable([by_name[one] for one in waiting], [by_name[one] for one in running], lanes):
            waiting.remove(name)
            running.append(name)
            spans[name] = Span(now, now + seconds[name])
        now = min(spans[name].end for name in running)
        ended = [name for name in running if spans[name].end == now]
        running = [name for name in running if name not in ended]
        order.done(*ended)
    return spans


def makespan(jobs: tuple[Job, ...], seconds: Mapping[str, float], lanes: int) -> float:
    """The seconds until the last job ends."""
    return max((span.end for span in schedule(jobs, seconds, lanes).values()), default=0.0)


def speed_up_next(jobs: tuple[Job, ...], seconds: Mapping[str, float], lanes: int) -> Speedup | None:
    """What to make faster first; None where halving no single job ends the run sooner.

    Tried, not reasoned: with a job halved, another path may be the longest, and another order may follow from it.
    """
    whole = makespan(jobs, seconds, lanes)
    found = [
        Speedup(job.name, whole - makespan(jobs, {**seconds, job.name: seconds[job.name] / 2}, lanes)) for job in jobs
    ]
    best = max(found, key=lambda one: one.seconds, default=None)
    return best if best is not None and best.seconds > 0 else None

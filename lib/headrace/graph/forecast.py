"""What a plan would cost: each step's seconds and core-hours, the whole one after another and as a graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import median

from headrace.graph.durations import Expected, earlier, expected
from headrace.graph.lint import Graph
from headrace.graph.order import longest_path, longest_way
from headrace.graph.plan import Plan, Step
from headrace.graph.rows import Rows, rows_read
from headrace.graph.schedule import Speedup, makespan, speed_up_next
from headrace.graph.view import View

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class StepForecast:
    """A step with the rows that it is to read (None where nothing is known) and the time that it is to take."""

    step: Step
    rows: Rows | None
    expected: Expected


@dataclass(frozen=True)
class Makespan:
    """The seconds of the whole as a graph on ``slots`` cores. ``lanes``: so many jobs run at once."""

    slots: int
    lanes: int
    seconds: float


@dataclass(frozen=True)
class Forecast:
    """A plan with what it is expected to cost.

    ``unknown`` are the jobs of whose time nothing is known: they count as nothing, so that every total is a least one.
    ``speed_up_next`` is for the first of ``makespans``.
    """

    steps: tuple[StepForecast, ...]
    unknown: tuple[str, ...]
    serial: float
    critical: tuple[str, ...]
    critical_seconds: float
    makespans: tuple[Makespan, ...]
    speed_up_next: Speedup | None


def core_hours(seconds: float, slots: int) -> float:
    """An upper bound, as in the report's costs: jobs beside one another count the cores that they share twice."""
    return seconds * slots / SECONDS_PER_HOUR


def forecast(jobs: Graph, found: Plan, seen: View, slots: Sequence[int], parallel_jobs: int) -> Forecast:
    """The plan's cost where the chosen ``jobs`` run on each number of ``slots``, at most ``parallel_jobs`` at once.

    A job takes the same seconds on more slots: what is foretold is what running jobs beside one another gains.
    """
    steps = step_forecasts(found, seen)
    seconds = _by_job(jobs, steps)
    critical = tuple(name for name in longest_way(jobs, seconds) if seconds[name] > 0)
    lanes = [max(min(parallel_jobs, count), 1) for count in slots]
    return Forecast(
        steps=steps,
        unknown=tuple(dict.fromkeys(one.step.job.name for one in steps if one.expected.seconds is None)),
        serial=sum(seconds.values()),
        critical=critical,
        critical_seconds=max(longest_path(jobs, seconds).values(), default=0.0),
        makespans=tuple(
            Makespan(count, at_once, makespan(jobs, seconds, at_once))
            for count, at_once in zip(slots, lanes, strict=True)
        ),
        speed_up_next=speed_up_next(jobs, seconds, lanes[0]),
    )


def seconds_ahead(jobs: Graph, found: Plan, seen: View) -> Mapping[str, float]:
    """What a run orders its jobs by: as ``forecast``, but a job of which nothing is known counts as a usual one.

    With nothing known of any job it is empty: then each counts as one.
    """
    steps = step_forecasts(found, seen)
    known = [one.expected.seconds for one in steps if one.expected.seconds is not None]
    if not known:
        return {}
    unknown = {one.step.job.name: median(known) for one in steps if one.expected.seconds is None}
    return {**_by_job(jobs, steps), **unknown}


def step_forecasts(found: Plan, seen: View) -> tuple[StepForecast, ...]:
    """What each step of a plan is to read and to take."""
    ahead = replace(seen, pending=found.pending)
    names = {step.job.name for step in found.steps}
    took = {name: earlier(seen.ledger.entries, name) for name in names}
    forecasts = []
    for step in found.steps:
        rows = rows_read(step.job, step.interval, ahead)
        count = None if rows is None else rows.count
        forecasts.append(StepForecast(step, rows, expected(took[step.job.name], len(step.dues), count)))
    return tuple(forecasts)


def _by_job(jobs: Graph, steps: Sequence[StepForecast]) -> dict[str, float]:
    seconds = dict.fromkeys((job.name for job in jobs), 0.0)
    for one in steps:
        seconds[one.step.job.name] += one.expected.seconds or 0.0
    return seconds

"""When a run that is under way will be done, with an interval, and who holds it up. No clock, no Spark.

What is left is played through many times, each time with other lengths of the steps: what a job is expected to take
(``graph.durations``) times how its earlier steps were longer or shorter than expected, times the run's own pace. The
same numbers are drawn each time, so that two foresights differ by what happened in between and not by chance.
"""

from __future__ import annotations

import math
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median

from headrace.graph.durations import earlier, expected
from headrace.graph.forecast import StepForecast
from headrace.graph.ledger import Entry
from headrace.graph.lint import Graph
from headrace.graph.schedule import schedule

DRAWS = 60
USUAL = (0.8, 0.9, 1.0, 1.1, 1.3)
"""How steps differ from what is expected, where too few were seen to tell."""
RECENT, FEW = 8, 3
OVERRUN = 1.25
"""A job that takes longer than it ever did: how long it will have taken, over how long it has."""
CALM = 4
"""As if so many more jobs had taken just what was expected: one slow job says little of the others."""
LOW, HIGH = 0.1, 0.9
"""The interval: one in ten draws is earlier, one in ten is later."""


@dataclass(frozen=True)
class Habit:
    """What a job is expected to take in this run, and how many times as long its earlier steps took as was expected."""

    seconds: float
    ratios: tuple[float, ...] = USUAL


@dataclass(frozen=True)
class Standing:
    """How far a run is: the seconds of the jobs that are done with, and of those that are running, up to now."""

    done: Mapping[str, float] = field(default_factory=dict)
    running: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Foresight:
    """The ends of each job that is not done, in seconds from now, sorted; () for one that is."""

    ends: Mapping[str, tuple[float, ...]]

    def interval(self, job: str | None = None) -> tuple[float, float, float] | None:
        """(low, likely, high) seconds until the job is done, until all are; None where nothing is left."""
        found = self.whole if job is None else self.ends.get(job, ())
        if not found:
            return None
        low, high = (found[min(int(share * len(found)), len(found) - 1)] for share in (LOW, HIGH))
        return low, median(found), high

    @property
    def whole(self) -> tuple[float, ...]:
        """The ends of the run."""
        return tuple(sorted(max(each) for each in zip(*self._drawn, strict=True))) if self._drawn else ()

    _drawn: tuple[tuple[float, ...], ...] = ()
    """The same by job, in the order in which they were drawn."""


def habits(jobs: Graph, steps: Sequence[StepForecast], entries: Sequence[Entry]) -> dict[str, Habit]:
    """The habit of each job of a run. One that was never done is taken to be a usual one; one that is not due takes nothing.

    Empty where no job that is due was ever done: nothing can be foreseen then.
    """
    found = dict.fromkeys((job.name for job in jobs), 0.0)
    known = [one.expected.seconds for one in steps if one.expected.seconds is not None]
    if not known:
        return {}
    usual = median(known)
    for one in steps:
        found[one.step.job.name] += usual if one.expected.seconds is None else one.expected.seconds
    return {name: Habit(seconds, _ratios(entries, name)) for name, seconds in found.items()}


def _ratios(entries: Iterable[Entry], job: str) -> tuple[float, ...]:
    """How the latest steps differ from what all the others of them lead one to expect."""
    took = earlier(entries, job)[-RECENT:]
    if len(took) < FEW:
        return USUAL
    others = (
        (one, expected([*took[:place], *took[place + 1 :]], one.intervals, one.rows)) for place, one in enumerate(took)
    )
    return tuple(sorted(one.seconds / told.seconds for one, told in others if told.seconds))


def foresee(jobs: Graph, habits: Mapping[str, Habit], standing: Standing, lanes: int, seed: int) -> Foresight:
    """Play what is left of the run through, ``DRAWS`` times."""
    left = tuple(job for job in jobs if job.name not in standing.done)
    pace, chance = pace_of(habits, standing), random.Random(seed)
    drawn: dict[str, list[float]] = {job.name: [] for job in left}
    for _ in range(DRAWS):
        luck = {job.name: chance.random() for job in jobs}
        seconds = {
            job.name: _left(habits[job.name], pace, standing.running.get(job.name), luck[job.name]) for job in left
        }
        for name, span in schedule(left, seconds, lanes, standing.running).items():
            drawn[name].append(span.end)
    return Foresight(
        {name: tuple(sorted(ends)) for name, ends in drawn.items()}, tuple(tuple(ends) for ends in drawn.values())
    )


def pace_of(habits: Mapping[str, Habit], standing: Standing) -> float:
    """How many times as long as expected the jobs of this run take: their geometric mean, with ``CALM`` more that took 1.

    A running job that is over its time counts too.
    """
    ratios = [
        seconds / habits[name].seconds for name, seconds in standing.done.items() if _counts(habits[name], seconds)
    ]
    over = (
        seconds / habits[name].seconds for name, seconds in standing.running.items() if _counts(habits[name], seconds)
    )
    ratios += [ratio for ratio in over if ratio > 1]
    return math.exp(sum(map(math.log, ratios)) / (len(ratios) + CALM))


def eats_the_slack(
    jobs: Graph, habits: Mapping[str, Habit], standing: Standing, lanes: int, target: str
) -> tuple[str, float]:
    """The job but for whose delay ``target`` would be done earliest, and by how many seconds; else its longest, and 0.

    Tried, not reasoned: the whole run with all that is known of it, and again with one job as long as expected.
    """
    pace = pace_of(habits, standing)
    now = {job.name: _whole(habits[job.name], pace, standing, job.name) for job in jobs}
    end = schedule(jobs, now, lanes)[target].end
    saved = {
        job.name: end - schedule(jobs, {**now, job.name: habits[job.name].seconds}, lanes)[target].end
        for job in jobs
        if now[job.name] > habits[job.name].seconds
    }
    worst = max(saved, key=lambda name: saved[name], default=None)
    if worst is not None and saved[worst] > 0:
        return worst, saved[worst]
    return max(now, key=lambda name: now[name]), 0.0


def _counts(habit: Habit, seconds: float) -> bool:
    """Whether a job says something of the pace: a second is mostly the overhead of a step."""
    return habit.seconds >= 1 and seconds > 0


def _left(habit: Habit, pace: float, elapsed: float | None, luck: float) -> float:
    """Seconds that a job still takes, with this luck; of those lengths that it can still have."""
    lengths = [habit.seconds * pace * ratio for ratio in habit.ratios]
    if elapsed is None:
        return lengths[int(luck * len(lengths))]
    possible = [length for length in lengths if length > elapsed]
    return (possible[int(luck * len(possible))] if possible else elapsed * OVERRUN) - elapsed


def _whole(habit: Habit, pace: float, standing: Standing, name: str) -> float:
    if name in standing.done:
        return standing.done[name]
    elapsed = standing.running.get(name, 0.0)
    usual = habit.seconds * pace * median(habit.ratios)
    return usual if elapsed < usual else elapsed * OVERRUN

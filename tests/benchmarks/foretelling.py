"""Of planted two-fold slowdowns, the share that is foretold to miss a deadline, and how early. No Spark, no clock.

Runs of random graphs are played by the engine's own rule (``graph.schedule``). A graph's deadline is a quarter later than
its median run of twenty; then one job of the longest path, or every job after a third of the run, takes twice as long.
At each fiftieth of the run's usual length what a run knows then is foreseen; it is foretold once more than half of the
draws are late. Counted apart: runs that in truth miss, and runs that do not (where an alert is a false one).

    ./spark-submit.sh --exec python tests/benchmarks/foretelling.py [GRAPHS]
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from statistics import median

from headrace.graph.foresight import Habit, Standing, eats_the_slack, foresee
from headrace.graph.job import Job
from headrace.graph.order import longest_way
from headrace.graph.schedule import Span, schedule
from headrace.tables.spec import Table

JOBS, LANES, HISTORY, NOISE, SLACK, LOOKS = 12, 2, 20, 0.12, 1.25, 50
Slow = Callable[[random.Random, "Case"], dict[str, float]]


@dataclass(frozen=True)
class Case:
    """A graph with what its jobs usually take, their history, and its deadline in seconds from the run's beginning."""

    jobs: tuple[Job, ...]
    usual: Mapping[str, float]
    habits: Mapping[str, Habit]
    usual_end: float
    deadline: float

    @property
    def target(self) -> str:
        """What is to be done in time."""
        return self.jobs[-1].name


@dataclass(frozen=True)
class Outcome:
    """Whether a run missed, when it was foretold (None: not at all), its deadline, and whether the slow job was named."""

    missed: bool
    foretold: float | None
    deadline: float
    named: bool


def case(chance: random.Random) -> Case:
    jobs = []
    for place in range(JOBS):
        reads = {f"j{other}" for other in range(place) if chance.random() < 2 / max(place, 1)}
        reads |= {f"j{other}" for other in range(place)} if place == JOBS - 1 else set()
        inputs = {read: Table(f"t.{read}", read) for read in sorted(reads)}
        jobs.append(Job(f"j{place}", lambda *_: None, inputs, (Table(f"t.j{place}", "made"),)))
    usual = {job.name: 60 * chance.lognormvariate(1.5, 0.9) for job in jobs}
    past = [{name: seconds * _noise(chance) for name, seconds in usual.items()} for _ in range(HISTORY)]
    habits = {}
    for name in usual:
        took = [run[name] for run in past]
        middle = median(took)
        habits[name] = Habit(middle, tuple(sorted(seconds / middle for seconds in took[-8:])))
    end = median(schedule(tuple(jobs), run, LANES)[jobs[-1].name].end for run in past)
    return Case(tuple(jobs), usual, habits, end, end * SLACK)


def _noise(chance: random.Random) -> float:
    return chance.lognormvariate(0, NOISE)


def as_usual(chance: random.Random, found: Case) -> dict[str, float]:
    return dict.fromkeys(found.usual, 1.0)


def one_job(chance: random.Random, found: Case) -> dict[str, float]:
    return as_usual(chance, found) | {chance.choice(longest_way(found.jobs, found.usual)): 2.0}


def from_a_third_on(chance: random.Random, found: Case) -> dict[str, float]:
    spans = schedule(found.jobs, found.usual, LANES)
    return {name: 2.0 if span.start > found.usual_end / 3 else 1.0 for name, span in spans.items()}


def play(found: Case, slow: Mapping[str, float], chance: random.Random) -> Outcome:
    seconds = {name: usual * slow[name] * _noise(chance) for name, usual in found.usual.items()}
    spans = schedule(found.jobs, seconds, LANES)
    missed = spans[found.target].end > found.deadline
    for look in range(1, 4 * LOOKS):
        now = look * found.usual_end / LOOKS
        if now >= min(found.deadline, spans[found.target].end):
            break
        standing = standing_at(spans, now)
        ends = foresee(found.jobs, found.habits, standing, LANES, 7).ends[found.target]
        if sum(now + end > found.deadline for end in ends) * 2 > len(ends):
            name, _ = eats_the_slack(found.jobs, found.habits, standing, LANES, found.target)
            return Outcome(missed, now, found.deadline, slow[name] > 1)
    return Outcome(missed, None, found.deadline, False)


def standing_at(spans: Mapping[str, Span], now: float) -> Standing:
    done = {name: span.end - span.start for name, span in spans.items() if span.end <= now}
    return Standing(done, {name: now - span.start for name, span in spans.items() if span.start <= now < span.end})


def measured(graphs: int, slow: Slow, seed: int = 7) -> list[Outcome]:
    chance = random.Random(seed)
    cases = (case(chance) for _ in range(graphs))
    return [play(found, slow(chance, found), chance) for found in cases]


def told(name: str, outcomes: list[Outcome]) -> Iterator[str]:
    missed, met = ([one for one in outcomes if one.missed is which] for which in (True, False))
    foretold = [one for one in missed if one.foretold is not None]
    early = sorted((one.deadline - (one.foretold or 0)) / one.deadline for one in foretold)
    line = f"{name}: {len(outcomes)} runs, {len(missed)} missed, {len(foretold)} of them foretold"
    if early:
        tenth, middle = early[len(early) // 10], median(early)
        named = sum(one.named for one in foretold)
        line += f", with {middle:.0%} of the time to the deadline left (a tenth with less than {tenth:.0%}); slow job named: {named}"
    yield line
    yield f"  {len(met)} met, {sum(one.foretold is not None for one in met)} of them with a false alert"


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    for slow in (as_usual, one_job, from_a_third_on):
        print("\n".join(told(slow.__name__, measured(count, slow))))

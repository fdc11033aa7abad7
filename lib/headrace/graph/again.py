"""Whether and how a step is tried again after an error: the class of the error decides, as the catalogue has it."""

from __future__ import annotations

import random
from dataclasses import dataclass

from headrace.graph.failures import retryable
from headrace.graph.plan import Step
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval

LONGEST = 30.0
"""Seconds that a conflict is waited for at most; the first time it is at most two, then twice as long each time."""


@dataclass(frozen=True)
class Again:
    """What is done after so many seconds: the step itself, or its halves; ``attempt`` counts tries at the same size."""

    parts: tuple[Step, ...]
    attempt: int
    after: float = 0.0


def again(step: Step, error: Exception, attempt: int, attempts: int, chance: str) -> Again | None:
    """The next try; None where there is none.

    Less at once needs less memory, and loses less with an executor: a step of several intervals is cut in two, each half
    committed by itself, and each may be cut again, so that of n intervals one fails at most log2(n) + 1 times before it is
    tried alone. Who met another writer waits for a random while, so that two who met do not meet again; it is drawn from
    ``chance`` and the attempt.
    """
    if not retryable(error) or not isinstance(error, HeadraceError):
        return None
    if error.condition.again == "in halves" and len(step.dues) > 1:
        return Again(halves(step), 1)
    if attempt >= attempts:
        return None
    if error.condition.again == "later":
        most = min(2.0**attempt, LONGEST)
        return Again((step,), attempt + 1, random.Random(f"{chance} {attempt}").uniform(0, most))
    return Again((step,), attempt + 1)


def halves(step: Step) -> tuple[Step, Step]:
    """The earlier and the later half of a step's intervals, the earlier the smaller where they are odd."""
    middle = len(step.dues) // 2
    parts = (step.dues[:middle], step.dues[middle:])
    earlier, later = (Step(step.job, Interval(part[0].interval.start, part[-1].interval.end), part) for part in parts)
    return earlier, later

"""What the jobs cost: time, rows per second, core-hours and money, from the ledger's entries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from headrace.ground.config import Cost

SECONDS_PER_HOUR = 3600


@dataclass(frozen=True)
class LedgerEntry:
    """One job's step as the ledger has it; rows are None where a job does not count them."""

    job: str
    seconds: float
    rows_in: int | None
    rows_out: int | None
    intervals: int
    state: str


@dataclass(frozen=True)
class JobCost:
    """All of one job's steps together.

    ``rows_per_second`` is of rows read, else of rows written; None where neither is known or no time passed.
    ``core_hours`` is seconds x cores / 3600: jobs that ran beside one another count the cores that they shared twice,
    so it is an upper bound. ``state`` is the worst of its steps.
    """

    job: str
    state: str
    steps: int
    intervals: int
    seconds: float
    rows_in: int | None
    rows_out: int | None
    rows_per_second: float | None
    core_hours: float
    money: float


def price(entries: Iterable[LedgerEntry], *, cores: int, cost: Cost) -> tuple[JobCost, ...]:
    """One line a job, in the order in which the jobs first occur; money in ``cost.currency``."""
    jobs: dict[str, list[LedgerEntry]] = {}
    for entry in entries:
        jobs.setdefault(entry.job, []).append(entry)
    return tuple(_line(job, steps, cores, cost) for job, steps in jobs.items())


def _line(job: str, steps: Sequence[LedgerEntry], cores: int, cost: Cost) -> JobCost:
    seconds = sum(step.seconds for step in steps)
    rows_in, rows_out = (_total(getattr(step, side) for step in steps) for side in ("rows_in", "rows_out"))
    rows = rows_in if rows_in is not None else rows_out
    core_hours = seconds * cores / SECONDS_PER_HOUR
    return JobCost(
        job=job,
        state=_worst([step.state for step in steps]),
        steps=len(steps),
        intervals=sum(step.intervals for step in steps),
        seconds=seconds,
        rows_in=rows_in,
        rows_out=rows_out,
        rows_per_second=rows / seconds if rows is not None and seconds > 0 else None,
        core_hours=core_hours,
        money=core_hours * cost.per_core_hour,
    )


def _total(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def _worst(states: Sequence[str]) -> str:
    return next((state for state in ("failed", "refused", "skipped") if state in states), states[-1])

"""What a run costs: counted while it goes on, held to budgets, kept beside its log, and shown beside the run before."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession
from rich.console import Console

from headrace.cli.choice import grid_of
from headrace.cli.eventlog import log_file
from headrace.cli.journal import KEPT, prune
from headrace.cli.timelines import file_name
from headrace.graph.job import Job
from headrace.ground.config import Cost
from headrace.ground.errors import HeadraceError
from headrace.ground.sizes import show_bytes
from headrace.monitoring.spent import Meter, Spent
from headrace.tables.lock import commit_lock

COST_FORMAT = 1
EVERY = 5.0
"""Seconds between two looks at the event log, where a job has a budget."""


@dataclass
class Spending:
    """One run's meter; None where Spark keeps no event log that this machine can read."""

    meter: Meter | None
    cost: Cost
    _looked: float = 0.0
    _told: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, spark: SparkSession, cost: Cost) -> Spending:
        """From now on; what the application did before is left out."""
        file = log_file(spark)
        if file is None:
            return cls(None, cost)
        meter = Meter(file)
        meter.skip()
        return cls(meter, cost)

    def over(self, job: Job) -> HeadraceError | None:
        """That a job is over a budget that stops it."""
        budget = self.cost.budgets.get(job.name)
        if budget is None or budget.then != "stop" or self._spent(job.name) <= budget.money:
            return None
        return self._error(job.name)

    def warnings(self) -> Iterator[tuple[str, str]]:
        """(job, text), once each, of those that are over a budget that only warns."""
        for job, budget in self.cost.budgets.items():
            if budget.then == "warn" and job not in self._told and self._spent(job) > budget.money:
                self._told.add(job)
                yield job, str(self._error(job)).partition("\n")[0]

    def jobs(self) -> Mapping[str, Spent]:
        """What each job spent so far."""
        return self.meter.read() if self.meter is not None else {}

    def _spent(self, job: str) -> float:
        if self.meter is None:
            return 0.0
        if time.monotonic() - self._looked >= EVERY:
            self.meter.read()
            self._looked = time.monotonic()
        return self.meter.jobs.get(job, Spent()).price(self.cost.per_core_hour)

    def _error(self, job: str) -> HeadraceError:
        spent, currency = self._spent(job), self.cost.currency
        return HeadraceError(
            "JOB_BUDGET", job=job, spent=f"{spent:.4f} {currency}", budget=self.cost.budgets[job].money
        )


@dataclass(frozen=True)
class Bill:
    """What the jobs of one run spent, and at what price."""

    run_id: str
    at: str
    cost: Cost
    jobs: Mapping[str, Spent]


def keep_bill(logs: Path, run_id: str, at: datetime, spending: Spending) -> Bill | None:
    """Keep it beside the run's log; None where nothing was counted."""
    jobs = spending.jobs()
    if not jobs:
        return None
    with commit_lock(logs / "bills.lock"):
        return _keep(logs, run_id, at, spending.cost, jobs)


def _keep(logs: Path, run_id: str, at: datetime, cost: Cost, jobs: Mapping[str, Spent]) -> Bill:
    """The run's bill, joined to what other applications of the same run have spent."""
    file = logs / f"{file_name(run_id)}.cost.json"
    others = _read(file).jobs if file.is_file() else {}
    found = Bill(run_id, f"{at:%Y-%m-%dT%H:%M:%S.%fZ}", cost, {**others, **jobs})
    spent = {job: asdict(one) for job, one in sorted(found.jobs.items())}
    price = {"per_core_hour": found.cost.per_core_hour, "currency": found.cost.currency}
    record = {"format_version": COST_FORMAT, "run": run_id, "at": found.at, **price, "jobs": spent}
    logs.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    prune(logs, "*.cost.json", KEPT)
    return found


def read_bills(logs: Path) -> list[Bill]:
    """The bills that are kept, oldest first."""
    return sorted((_read(path) for path in logs.glob("*.cost.json")), key=lambda bill: bill.at)


def _read(path: Path) -> Bill:
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    cost = Cost(per_core_hour=told["per_core_hour"], currency=told["currency"])
    return Bill(told["run"], told["at"], cost, {job: Spent(**one) for job, one in told["jobs"].items()})


def before(bills: Sequence[Bill], bill: Bill, job: str) -> Spent | None:
    """What a job spent in the latest run before that it spent anything in."""
    earlier = [one.jobs[job] for one in bills if one.at < bill.at and job in one.jobs]
    return earlier[-1] if earlier else None


def show_bill(out: Console, bills: Sequence[Bill], run_id: str) -> None:
    """A line a job: what it spent, what that costs, and how that is to the run before."""
    bill = next((one for one in reversed(bills) if one.run_id == run_id), None)
    if bill is None:
        out.print("What it cost is not known: Spark kept no event log here.")
        return
    grid = grid_of("job", "core-seconds", "read", "shuffled", "spilled", bill.cost.currency, "before", "change")
    for job, spent in bill.jobs.items():
        earlier = before(bills, bill, job)
        money = spent.price(bill.cost.per_core_hour)
        grid.add_row(
            job,
            f"{spent.core_seconds:.1f}",
            *map(show_bytes, (spent.read, spent.shuffled, spent.spilled)),
            f"{money:.5f}",
            "" if earlier is None else f"{earlier.price(bill.cost.per_core_hour):.5f}",
            ""
            if earlier is None or not earlier.core_seconds
            else f"{spent.core_seconds / earlier.core_seconds - 1:+.0%}",
        )
    out.print(grid)
    out.print(total(bill))


def total(bill: Bill) -> str:
    """The run's costs in a line."""
    whole = sum(bill.jobs.values(), Spent())
    money = whole.price(bill.cost.per_core_hour)
    return f"Cost: {whole.core_seconds:.1f} core-seconds, {money:.5f} {bill.cost.currency} at {bill.cost.per_core_hour} a core-hour"

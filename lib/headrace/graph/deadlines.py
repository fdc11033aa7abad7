"""Which runs made a table by its deadline, and which were foretold to miss it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from headrace.graph.ledger import Entry
from headrace.ground.deadline import Deadline

RUNS = 30
FORETOLD = "DEADLINE_FORETOLD"
"""The code of an alert that a deadline will be missed."""


@dataclass(frozen=True)
class Kept:
    """One run that made a table: when it was done, by when it was to be, and when an alert foretold a miss.

    ``ended`` is None where the table's job failed, or was refused, last of all in that run.
    """

    run_id: str
    began: datetime
    ended: datetime | None
    due: datetime
    foretold: datetime | None

    @property
    def slack(self) -> timedelta | None:
        """By how much it was early; negative where it was late."""
        return None if self.ended is None else self.due - self.ended

    @property
    def told(self) -> str:
        """Met or missed, and whether that was foretold."""
        missed = self.ended is None or self.ended > self.due
        if self.foretold is None:
            return "missed, not foretold" if missed else "met"
        early = round((self.due - self.foretold).total_seconds() / 60)
        return f"missed, foretold {early} min before" if missed else "met, though an alert foretold a miss"


def kept(entries: Sequence[Entry], job: str, deadline: Deadline, foretold: Mapping[str, datetime]) -> tuple[Kept, ...]:
    """The latest runs in which the table's job had something to do, oldest first; alerts by run.

    A run begins with its first step. The deadline is the configuration's of today, also for the runs of before.
    """
    began: dict[str, datetime] = {}
    last: dict[str, Entry] = {}
    for entry in entries:
        start = entry.at - timedelta(seconds=entry.seconds)
        began[entry.run_id] = min(began.get(entry.run_id, start), start)
        if entry.job == job:
            last[entry.run_id] = entry
    return tuple(
        Kept(
            run, began[run], entry.at if entry.state == "done" else None, deadline.after(began[run]), foretold.get(run)
        )
        for run, entry in list(last.items())[-RUNS:]
    )


def spelled(slack: float) -> str:
    """So much before, or after."""
    length, side = abs(slack), "before" if slack >= 0 else "after"
    return f"{length:.0f} s {side}" if length < 120 else f"{length / 60:.0f} min {side}"

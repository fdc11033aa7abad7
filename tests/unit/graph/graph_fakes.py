"""A graph of literal jobs, and the ledger's store in memory."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from headrace.graph.job import Job
from headrace.graph.ledger import Entry, Ledger
from headrace.graph.origin import Origin
from headrace.ground.interval import DAY, Interval
from headrace.tables.spec import Table

START = datetime(2017, 1, 1, tzinfo=UTC)  # a Sunday


def day(number: int, length: int = 1) -> Interval:
    """``length`` days from the ``number``-th day of the project on, counted from 0."""
    return Interval(START + number * DAY, START + (number + length) * DAY)


def table(name: str) -> Table:
    return Table(name=f"t.{name}", meaning=name)


def run(inputs: Any, at: Any, project: Any) -> None:
    """Does nothing."""


def job(name: str, *reads: str, **more: Any) -> Job:
    """A job that makes the table of its own name from those of others."""
    return Job(name=name, run=run, inputs={read: table(read) for read in reads}, outputs=(table(name),), **more)


@dataclass
class Memory:
    """The ledger's port, in memory."""

    rows: list[dict[str, Any]] = field(default_factory=list)

    def read_rows(self, table: Table) -> list[dict[str, Any]]:
        return [dict(row) for row in self.rows]

    def append_rows(self, table: Table, rows: list[dict[str, Any]], schema: str) -> None:
        assert [part.split()[0] for part in schema.split(", ")] == list(rows[0])
        self.rows += rows


def entry(
    name: str, interval: Interval, stamp: str, state: Any = "done", minute: int = 0, origin: Origin | None = None
) -> Entry:
    return Entry(START + timedelta(minutes=minute), "run-1", name, interval, state, stamp, origin=origin)


def ledger_of(*entries: Entry) -> Ledger:
    ledger = Ledger(Memory())
    if entries:
        ledger.append(entries)
    return ledger

"""The ledger: what was done for which interval, from which inputs. A value; where it is kept is the store's affair."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from headrace.graph.origin import Origin, origin_of
from headrace.ground.interval import Interval
from headrace.tables.spec import Table

LEDGER = Table(name="ops.ledger", meaning="Every interval of every job: its state, identity, rows and seconds.")
SCHEMA = (
    "at timestamp, run_id string, job string, start timestamp, end timestamp, state string, stamp string, "
    "seconds double, rows_in bigint, rows_out bigint, intervals int, outputs string, note string, origin string"
)
"""A ledger from before it had ``origin`` gets that column with the next entry; in rows before it, it is null."""
RESTORED = "restored from the histories of its tables"
"""The note of an entry that was lost: what those who wrote it knew, and tables do not tell, is not in it."""
State = Literal["done", "failed", "refused"]


@dataclass(frozen=True)
class Entry:
    """One interval of one job.

    ``stamp`` is the identity of the job and of everything that it read. ``seconds`` and rows are those of the whole
    step, in which ``intervals`` adjacent intervals were done at once. ``origin`` is None in entries from before it was kept.
    A refusal without a stamp is of rows that were held back: it settles nothing.
    """

    at: datetime
    run_id: str
    job: str
    interval: Interval
    state: State
    stamp: str
    seconds: float = 0.0
    rows_in: int | None = None
    rows_out: int | None = None
    intervals: int = 1
    outputs: Mapping[str, str] = field(default_factory=dict)
    note: str = ""
    origin: Origin | None = None

    @property
    def withheld(self) -> bool:
        """Whether rows were made, and held back as not what is expected of them."""
        return self.state == "refused" and not self.stamp


class Rows(Protocol):
    """What the ledger needs of a store."""

    def read_rows(self, table: Table) -> list[dict[str, Any]]:
        """All rows of a small table."""
        ...

    def append_rows(self, table: Table, rows: list[dict[str, Any]], schema: str) -> None:
        """Append in one commit."""
        ...


class Ledger:
    """The entries so far, and the port through which more are appended."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self.entries: list[Entry] = entries_of(rows.read_rows(LEDGER))
        self._settled: dict[str, dict[Interval, Entry]] = {}
        self._published: set[str] = set()
        self._withheld: dict[str, dict[Interval, tuple[Entry, ...]]] = {}
        self._index(self.entries)

    def append(self, entries: Iterable[Entry]) -> None:
        """Write the entries down, then know them."""
        new = list(entries)
        self._rows.append_rows(LEDGER, [_row(entry) for entry in new], SCHEMA)
        self.entries += new
        self._index(new)

    def settled(self, job: str) -> Mapping[Interval, Entry]:
        """The latest entry of each interval of a job that needs no other try: done, or refused."""
        return self._settled.get(job, {})

    def done(self, job: str) -> Mapping[Interval, Entry]:
        """The settled intervals that left outputs."""
        return {interval: entry for interval, entry in self.settled(job).items() if entry.state == "done"}

    def withheld(self, job: str) -> Mapping[Interval, tuple[Entry, ...]]:
        """The intervals of which rows were held back, and that were not settled since: each such refusal, latest last."""
        return self._withheld.get(job, {})

    def published(self, job: str) -> bool:
        """Whether the job ever left outputs, though its latest try may have been refused."""
        return job in self._published

    def _index(self, entries: Iterable[Entry]) -> None:
        for entry in entries:
            if entry.state == "done":
                self._published.add(entry.job)
            if entry.withheld:
                withheld = self._withheld.setdefault(entry.job, {})
                withheld[entry.interval] = (*withheld.get(entry.interval, ()), entry)
            elif entry.state != "failed":
                self._settled.setdefault(entry.job, {})[entry.interval] = entry
                self._withheld.get(entry.job, {}).pop(entry.interval, None)


def entries_of(rows: Iterable[Mapping[str, Any]]) -> list[Entry]:
    """The entries of the ledger's rows, in the order in which they were written."""
    return sorted((_entry(row) for row in rows), key=lambda entry: entry.at)


def _entry(row: Mapping[str, Any]) -> Entry:
    interval = Interval(_utc(row["start"]), _utc(row["end"]))
    kept = {
        name: row[name]
        for name in ("run_id", "job", "state", "stamp", "seconds", "rows_in", "rows_out", "intervals", "note")
    }
    return Entry(
        at=_utc(row["at"]),
        interval=interval,
        outputs=json.loads(row["outputs"]),
        origin=origin_of(row.get("origin")),
        **kept,
    )


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "run_id": entry.run_id,
        "job": entry.job,
        "start": entry.interval.start,
        "end": entry.interval.end,
        "state": entry.state,
        "stamp": entry.stamp,
        "seconds": entry.seconds,
        "rows_in": entry.rows_in,
        "rows_out": entry.rows_out,
        "intervals": entry.intervals,
        "outputs": json.dumps(dict(entry.outputs), sort_keys=True),
        "note": entry.note,
        "origin": entry.origin.text() if entry.origin is not None else None,
    }


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)

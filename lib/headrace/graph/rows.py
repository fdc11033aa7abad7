"""How many rows a step reads: what the steps above it left, as the ledger has it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from statistics import median

from headrace.graph.job import Job
from headrace.graph.ledger import Entry
from headrace.graph.view import View, made_anew, needed
from headrace.ground.interval import Interval


@dataclass(frozen=True)
class Rows:
    """So many rows; ``about`` where a part of them is yet to be made, and taken to be as many as before."""

    count: int
    about: bool = False


def rows_read(job: Job, interval: Interval, seen: View) -> Rows | None:
    """The rows of the intervals read, each step above with its share; None where nothing is known.

    A step that made ten intervals, of which three are read, counts with three tenths of its rows.
    """
    known, guessed = 0.0, 0.0
    found = False
    for rows, about in _pieces(job, interval, seen):
        if rows is None:
            return None
        found = True
        known, guessed = (known, guessed + rows) if about else (known + rows, guessed)
    return Rows(round(known + guessed), guessed > 0) if found else None


def _pieces(job: Job, interval: Interval, seen: View) -> Iterator[tuple[float | None, bool]]:
    """The rows of each interval that is read; with whether they are yet to be made, None where nobody can say.

    An entry counts the rows of all that its step wrote: it is taken once, however many inputs are of that step.
    """
    read: dict[tuple[str, Interval], bool] = {}
    for name, asset in job.inputs.items():
        maker = seen.makers.get(asset.name)
        if maker is None:
            continue
        pending = made_anew(asset, maker, seen)
        for piece in needed(job, name, maker, interval, seen):
            read[maker.name, piece] = read.get((maker.name, piece), False) or piece in pending
    usual = {above: _usual(above, seen) for (above, _), waits in read.items() if waits}
    for (above, piece), waits in read.items():
        entry = seen.ledger.done(above).get(piece)
        if waits:
            yield (_share(entry) if entry is not None else usual[above]), True
        elif entry is not None and entry.rows_out is not None:
            yield _share(entry), False


def _share(entry: Entry) -> float | None:
    return None if entry.rows_out is None else entry.rows_out / entry.intervals


def _usual(job: str, seen: View) -> float | None:
    """The rows that one interval of a job usually leaves."""
    shares = (_share(entry) for entry in seen.ledger.done(job).values())
    known = [share for share in shares if share is not None]
    return median(known) if known else None

"""How long a step is expected to take: what the ledger's earlier steps of the same job took, by their size.

A step costs something to start and something for each row or interval: a line through the earlier steps. It is laid by
*repeated medians* (Siegel 1982): of each point the median slope to all others, of these the median. From four steps on,
one that took ten times as long as it should moves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, median

from headrace.graph.ledger import Entry

MOST = 20
"""So many of the latest steps are looked at: code and machines change."""

Point = tuple[float, float]
"""A step's size, in rows or intervals, and its seconds."""


@dataclass(frozen=True)
class Took:
    """One step of the past. ``rows`` that it read: None where they were not counted."""

    seconds: float
    intervals: int
    rows: int | None


@dataclass(frozen=True)
class Expected:
    """What a step is expected to take. ``seconds`` is None where the job was never done: nothing is known then.

    ``at_most``: the earlier steps were all of one size, and this one is smaller; how much of their time they needed to
    start is not to be seen.
    """

    seconds: float | None = None
    steps: int = 0
    at_most: bool = False


UNKNOWN = Expected()


def earlier(entries: Iterable[Entry], job: str) -> tuple[Took, ...]:
    """The job's latest steps that ran to their end, oldest first. A step has as many entries as intervals."""
    found = {
        (entry.run_id, entry.at): Took(entry.seconds, entry.intervals, entry.rows_in)
        for entry in entries
        if entry.job == job and entry.state != "failed" and entry.seconds > 0
    }
    return tuple(found.values())[-MOST:]


def expected(took: Sequence[Took], intervals: int, rows: float | None) -> Expected:
    """The seconds of a step over so many intervals and rows (None where they are not known).

    By rows or by intervals, whichever tells the earlier steps better; by rows where both do so equally.
    """
    if not took:
        return UNKNOWN
    sizes: list[tuple[float, list[Point]]] = []
    counted = [(float(one.rows), one.seconds) for one in took if one.rows]
    if rows and len(counted) == len(took):
        sizes.append((rows, counted))
    sizes.append((intervals, [(float(one.intervals), one.seconds) for one in took]))
    size, points = min(sizes, key=lambda pair: _misfit(pair[1]))
    known = {at for at, _ in points}
    return Expected(_at(points, size), len(took), len(known) == 1 and size < max(known))


def _misfit(points: Sequence[Point]) -> float:
    """By how much the line misses a step: on average, since a step that went wrong is missed by any line alike."""
    return fmean(abs(seconds - _at(points, size)) for size, seconds in points)


def _at(points: Sequence[Point], size: float) -> float:
    """The line's seconds at a size; with steps of one size alone, in proportion, but no less than those took."""
    slopes = [median(found) for found in _slopes(points) if found]
    if not slopes:
        return median(seconds for _, seconds in points) * max(1.0, size / points[0][0])
    slope = max(median(slopes), 0.0)
    start = median(seconds - slope * at for at, seconds in points)
    return start + slope * size if start >= 0 else size * median(seconds / at for at, seconds in points)


def _slopes(points: Sequence[Point]) -> Iterable[list[float]]:
    for size, seconds in points:
        yield [(other - seconds) / (at - size) for at, other in points if at != size]

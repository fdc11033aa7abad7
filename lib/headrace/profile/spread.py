"""How a number is spread: rows by range, its quantiles, and the same rows over cells of even width, for a picture."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate, pairwise
from math import inf, nextafter

from headrace.profile.edges import BELOW, INFINITY, MINUS_INFINITY, NAN, NULL, ZERO, NumberEdges
from headrace.profile.row import ProfileRow

TAIL = 0.05
"""The share of the rows above which a picture may end, where that makes it at least ``STRETCH`` times as wide."""
STRETCH = 1.5


@dataclass(frozen=True)
class Span:
    """``rows`` in ``[low, high)``; all of them at one number where the two are equal."""

    low: float
    high: float
    rows: int

    def within(self, low: float, high: float) -> float:
        """How many of the rows are in ``[low, high)``, where they lie evenly."""
        if self.high <= self.low:
            return float(self.rows) if low <= self.low < high else 0.0
        inside = min(high, self.high) - max(low, self.low)
        return self.rows * max(inside, 0.0) / (self.high - self.low)


@dataclass(frozen=True)
class Spread:
    """A number's rows by span, in order. ``rows`` are all, ``empty`` those without a finite value, ``zeros`` those at 0.

    ``outside`` are those below or above the spans: beyond what the reference had.
    """

    rows: int
    empty: int
    zeros: int
    outside: int
    spans: tuple[Span, ...]

    @cached_property
    def shown(self) -> int:
        """The rows that are in a span."""
        return sum(span.rows for span in self.spans)

    def quantile(self, share: float) -> float | None:
        """The number at or below which ``share`` of the rows in spans are; within a span they are taken to lie evenly."""
        wanted = share * self.shown
        for span, after in zip(self.spans, accumulate(span.rows for span in self.spans), strict=True):
            if span.rows and after >= wanted:
                return span.low + (span.high - span.low) * (1 - (after - wanted) / span.rows)
        return None

    @cached_property
    def bounds(self) -> tuple[float, float] | None:
        """Where a picture begins and ends: at the spans' ends, but before a long tail of few rows."""
        filled = [span for span in self.spans if span.rows]
        if not filled:
            return None
        low, high = filled[0].low, filled[-1].high
        near = self.quantile(1 - TAIL)
        return (low, near) if near is not None and near > low and high - low > STRETCH * (near - low) else (low, high)

    @property
    def beyond(self) -> int:
        """The rows of spans above the picture's end, about."""
        if self.bounds is None:
            return 0
        return round(
            self.shown - sum(span.within(self.bounds[0], nextafter(self.bounds[1], inf)) for span in self.spans)
        )

    def cells(self, count: int) -> tuple[float, ...]:
        """The rows between the bounds in ``count`` cells of even width; () where all are at one number."""
        if self.bounds is None or self.bounds[0] == self.bounds[1]:
            return ()
        low, high = self.bounds
        ends = [low + (high - low) * place / count for place in range(count)] + [nextafter(high, inf)]
        filled = [span for span in self.spans if span.rows]
        return tuple(sum(span.within(*cell) for span in filled) for cell in pairwise(ends))


def rounded(value: float) -> str:
    """A number to three figures, as people write it: 0.34, 4.87, 138, 2,600."""
    short = float(f"{value:.3g}")
    return f"{short:,.0f}" if 1000 <= abs(short) < 1e12 else f"{short:.3g}"


def spread_of(row: ProfileRow, edges: NumberEdges | None) -> Spread:
    """The spread of a column whose rows were counted on ``edges``; without them it has no spans."""
    counts = dict(row.counts)
    empty = sum(counts.get(kind, 0) for kind in (NULL, NAN, MINUS_INFINITY, INFINITY))
    zeros = counts.get(ZERO, 0)
    if edges is None:
        return Spread(row.n, empty, zeros, 0, ())
    inner = list(_spans(edges, counts))
    outside = counts.get(BELOW, 0) + counts.get(BELOW + len(inner) + 1, 0)
    at_zero = [Span(0.0, 0.0, zeros)] if zeros else []
    return Spread(
        row.n, empty, zeros, outside, tuple(sorted([*inner, *at_zero], key=lambda span: (span.low, span.high)))
    )


def _spans(edges: NumberEdges, counts: dict[int, int]) -> Iterator[Span]:
    """The bins between cuts; one that is no wider than a rounding stands for the one number that fills it."""
    for place, (low, high) in enumerate(pairwise(edges.cuts)):
        narrow = high - low <= 1e-9 * max(abs(low), abs(high))
        yield Span(low, low if narrow else high, counts.get(BELOW + 1 + place, 0))

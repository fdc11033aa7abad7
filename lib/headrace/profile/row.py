"""The profile as plain values: one row a column, slice and user bucket, and the sum of such rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal, localcontext
from math import sqrt

import numpy as np
from numpy.typing import NDArray

USER_BUCKETS = 32
ALL = "all"
"""The slice that holds every row."""


@dataclass(frozen=True)
class ProfileRow:
    """Additive facts about one column.

    ``counts`` are (bin, rows) pairs in the order of the column's edges, without the bins that have none. ``least``,
    ``greatest``, ``total`` and ``squares`` are over finite values; the sums are exact at 12 decimals, and None where
    a value is too large for that (about 1e26, for squares 1e13). For text only the counts are filled.
    """

    table: str
    column: str
    slice: str
    window: str
    fingerprint: str
    user_bucket: int | None
    n: int
    nulls: int
    nans: int
    infinities: int
    zeros: int
    least: float | None
    greatest: float | None
    total: Decimal | None
    squares: Decimal | None
    counts: tuple[tuple[int, int], ...]

    @property
    def finite(self) -> int:
        """Rows with a finite number."""
        return self.n - self.nulls - self.nans - self.infinities

    @property
    def mean(self) -> float | None:
        """Mean of the finite values."""
        return float(self.total) / self.finite if self.total is not None and self.finite else None

    @property
    def sd(self) -> float | None:
        """Standard deviation of the finite values (divisor n)."""
        if self.total is None or self.squares is None or not self.finite:
            return None
        return sqrt(max(0.0, float(self.squares / self.finite - (self.total / self.finite) ** 2)))

    def vector(self, bins: int) -> NDArray[np.float64]:
        """The counts as a vector over all ``bins``."""
        dense = np.zeros(bins)
        for index, rows in self.counts:
            dense[index] = rows
        return dense


def merge(rows: Iterable[ProfileRow], *, over: Sequence[str] = ()) -> tuple[ProfileRow, ...]:
    """One row for each key, the sum of all rows that share it.

    The key is (table, column, slice, window, fingerprint, user_bucket) without the fields named in ``over``
    (``window`` makes days into weeks, ``user_bucket`` all users into one). A field that was summed over keeps its value
    where all rows agree; else it is "*" (None for ``user_bucket``).
    """
    names = ("table", "column", "slice", "window", "fingerprint", "user_bucket")
    kept = [name for name in names if name not in over]
    groups: dict[tuple[object, ...], ProfileRow] = {}
    for row in rows:
        key = tuple(getattr(row, name) for name in kept)
        groups[key] = _add(groups[key], row) if key in groups else row
    return tuple(groups.values())


def by_bucket(rows: Iterable[ProfileRow], bins: int) -> NDArray[np.float64]:
    """Counts by user bucket, shape (32, bins): the states that a jackknife leaves out one at a time."""
    states = np.zeros((USER_BUCKETS, bins))
    for row in rows:
        states[row.user_bucket or 0] += row.vector(bins)
    return states


def group(rows: Iterable[ProfileRow]) -> Mapping[tuple[str, str, str], tuple[ProfileRow, ...]]:
    """The rows by (table, column, slice), in the order in which these first occur."""
    groups: dict[tuple[str, str, str], list[ProfileRow]] = {}
    for row in rows:
        groups.setdefault((row.table, row.column, row.slice), []).append(row)
    return {key: tuple(members) for key, members in groups.items()}


def _add(one: ProfileRow, other: ProfileRow) -> ProfileRow:
    counts = dict(one.counts)
    for index, rows in other.counts:
        counts[index] = counts.get(index, 0) + rows
    return replace(
        one,
        table=_same(one.table, other.table),
        column=_same(one.column, other.column),
        slice=_same(one.slice, other.slice),
        window=_same(one.window, other.window),
        fingerprint=_same(one.fingerprint, other.fingerprint),
        user_bucket=one.user_bucket if one.user_bucket == other.user_bucket else None,
        n=one.n + other.n,
        nulls=one.nulls + other.nulls,
        nans=one.nans + other.nans,
        infinities=one.infinities + other.infinities,
        zeros=one.zeros + other.zeros,
        least=_outer(min, one.least, other.least),
        greatest=_outer(max, one.greatest, other.greatest),
        total=_sum(one.total, other.total),
        squares=_sum(one.squares, other.squares),
        counts=tuple(sorted(counts.items())),
    )


def _same(one: str, other: str) -> str:
    return one if one == other else "*"


def _outer(choose: Callable[[Iterable[float]], float], *values: float | None) -> float | None:
    present = [value for value in values if value is not None]
    return choose(present) if present else None


def _sum(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    with localcontext(prec=60):
        return None if one is None or other is None else one + other

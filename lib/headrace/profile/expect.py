"""Expectations on a profile: what must hold for a table or a column, checked without a second look at the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from headrace.contracts.expectation import Expectation, Rule
from headrace.profile.row import ALL, ProfileRow, merge


@dataclass(frozen=True)
class Ok:
    """The expectation holds; ``seen`` is what was found."""

    expectation: Expectation
    seen: float | tuple[float, float] | None


@dataclass(frozen=True)
class Failed:
    """The expectation does not hold: what was seen (None: no such column, or no value at all) and expected."""

    expectation: Expectation
    seen: float | tuple[float, float] | None

    def __str__(self) -> str:
        if self.seen is None:
            return f"expected: {self.expectation}; seen: no value"
        seen = self.seen if isinstance(self.seen, tuple) else (self.seen,)
        return f"expected: {self.expectation}; seen: {' to '.join(map(_show, seen))}"


def check(profile: Iterable[ProfileRow], expectations: Sequence[Expectation]) -> tuple[Ok | Failed, ...]:
    """Each expectation's outcome, in order, over all windows and users of one table's profile (slice ``all``).

    Raises:
        ValueError: the profile is of more than one table.
    """
    rows = [row for row in profile if row.slice == ALL]
    if len({row.table for row in rows}) > 1:
        raise ValueError(f"expectations are checked on one table; found {sorted({row.table for row in rows})}")
    columns = {row.column: row for row in merge(rows, over=("window", "user_bucket", "fingerprint"))}
    return tuple(_outcome(expectation, columns) for expectation in expectations)


def _outcome(expectation: Expectation, columns: dict[str, ProfileRow]) -> Ok | Failed:
    if expectation.column is None:
        n = max((row.n for row in columns.values()), default=0)
        return _bounded(expectation, n)
    row = columns.get(expectation.column)
    if row is None:
        return Failed(expectation, None)
    return _CHECKS[expectation.rule](expectation, row)


def _bounded(expectation: Expectation, seen: float) -> Ok | Failed:
    low, high = expectation.low, expectation.high
    holds = (low is None or seen >= low) and (high is None or seen <= high)
    return Ok(expectation, seen) if holds else Failed(expectation, seen)


def _within(expectation: Expectation, row: ProfileRow) -> Ok | Failed:
    if row.least is None or row.greatest is None:
        return Ok(expectation, None)
    holds = all(isinstance(_bounded(expectation, value), Ok) for value in (row.least, row.greatest))
    return (Ok if holds else Failed)(expectation, (row.least, row.greatest))


def _not_constant(expectation: Expectation, row: ProfileRow) -> Ok | Failed:
    differs = row.least != row.greatest or len(row.counts) > 1
    return Ok(expectation, None) if differs else Failed(expectation, row.least)


_CHECKS: dict[Rule, Callable[[Expectation, ProfileRow], Ok | Failed]] = {
    "nulls_at_most": lambda expectation, row: _bounded(expectation, row.nulls),
    "null_share_at_most": lambda expectation, row: _bounded(expectation, row.nulls / row.n if row.n else 0.0),
    "within": _within,
    "not_constant": _not_constant,
    "finite": lambda expectation, row: _bounded(expectation, row.nans + row.infinities),
    "rows_hold": lambda expectation, row: _bounded(expectation, row.nulls),
}


def _show(value: float) -> str:
    return f"{value:.10g}"

"""Expectations on a profile: what must hold for a table or a column, checked without a second look at the data."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from headrace.profile.row import ALL, ProfileRow, merge

Rule = Literal[
    "rows_at_least", "rows_at_most", "nulls_at_most", "null_share_at_most", "within", "not_constant", "finite"
]


@dataclass(frozen=True)
class Expectation:
    """One rule. ``column`` is None for a rule about the table; ``low`` and ``high`` are the rule's bounds, inclusive.

    Made by the functions below, which name what they need.
    """

    rule: Rule
    column: str | None = None
    low: float | None = None
    high: float | None = None

    def __str__(self) -> str:
        return _SAYS[self.rule].format(column=self.column, low=_show(self.low), high=_show(self.high))


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


def rows_at_least(n: int) -> Expectation:
    """The table has ``n`` rows or more."""
    return Expectation("rows_at_least", low=n)


def rows_at_most(n: int) -> Expectation:
    """The table has ``n`` rows or fewer."""
    return Expectation("rows_at_most", high=n)


def nulls_at_most(column: str, n: int) -> Expectation:
    """At most ``n`` rows are null."""
    return Expectation("nulls_at_most", column, high=n)


def null_share_at_most(column: str, share: float) -> Expectation:
    """At most this share of the rows, 0..1, is null; it holds for a table without rows."""
    return Expectation("null_share_at_most", column, high=share)


def within(column: str, low: float | None = None, high: float | None = None) -> Expectation:
    """All finite numbers are in ``[low, high]``; None is no bound; it holds where there are none."""
    return Expectation("within", column, low, high)


def not_constant(column: str) -> Expectation:
    """There are two different values at least (of a text: two bins of its edges); null is a value here."""
    return Expectation("not_constant", column)


def finite(column: str) -> Expectation:
    """No NaN and no infinity."""
    return Expectation("finite", column, high=0)


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
}
_SAYS: dict[Rule, str] = {
    "rows_at_least": "at least {low} rows",
    "rows_at_most": "at most {high} rows",
    "nulls_at_most": "{column}: at most {high} nulls",
    "null_share_at_most": "{column}: at most {high} of the rows null",
    "within": "{column}: within {low} and {high}",
    "not_constant": "{column}: two different values at least",
    "finite": "{column}: no NaN and no infinity",
}


def _show(value: float | None) -> str:
    return "no bound" if value is None else f"{value:.10g}"

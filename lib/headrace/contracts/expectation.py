"""Expectations: what must hold for a table's rows before anybody reads them, and how contracts declare it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import Field, model_validator

from headrace.contracts.expressions import Expression, parse_expression
from headrace.contracts.names import Formula, Name, quoted
from headrace.ground.document import Misplaced, Strict
from headrace.ground.errors import nearest

Rule = Literal[
    "rows_at_least", "rows_at_most", "nulls_at_most", "null_share_at_most", "within", "not_constant", "finite",
    "rows_hold",
]  # fmt: skip


@dataclass(frozen=True)
class Expectation:
    """One rule. ``column`` is None for a rule about the table; ``low`` and ``high`` are the rule's bounds, inclusive.

    A rule about rows has an ``expression``; its column is the expression's text, as if its truth values were one.
    Made by the functions below, which name what they need.
    """

    rule: Rule
    column: str | None = None
    low: float | None = None
    high: float | None = None
    expression: Expression | None = None

    def __str__(self) -> str:
        return _SAYS[self.rule].format(column=self.column, low=_show(self.low), high=_show(self.high))

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of the table that it is about."""
        if self.expression is not None:
            return tuple(sorted(self.expression.columns))
        return () if self.column is None else (self.column,)

    @property
    def broken_by(self) -> str | None:
        """SQL that holds for the rows that break it, or add to what is too much; None where no single row does."""
        if self.expression is not None:
            return f"NOT coalesce({self.expression.sql}, FALSE)"
        column = None if self.column is None else quoted(self.column)
        match self.rule:
            case "nulls_at_most" | "null_share_at_most":
                return f"{column} IS NULL"
            case "finite":
                return f"isnan(CAST({column} AS DOUBLE)) OR abs(CAST({column} AS DOUBLE)) = DOUBLE('Infinity')"
            case "within":
                bounds = ((self.low, "<"), (self.high, ">"))
                outside = " OR ".join(f"{column} {sign} {bound}" for bound, sign in bounds if bound is not None)
                return f"({outside}) AND abs(CAST({column} AS DOUBLE)) < DOUBLE('Infinity')"
            case _:
                return None


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


def rows_hold(expression: str | Expression, n: int = 0) -> Expectation:
    """The expression (of the contracts' language) is true for every row, but for ``n`` at most; null is not true.

    Raises:
        ValueError: what ``parse_expression`` raises.
    """
    parsed = parse_expression(expression) if isinstance(expression, str) else expression
    return Expectation("rows_hold", parsed.text, high=n, expression=parsed)


class Expected(Strict):
    """An expectation as a contract spells it: the rule, and the keys that it needs."""

    rule: Rule
    column: Name | None = None
    low: float | None = None
    high: float | None = None
    share: float | None = Field(default=None, ge=0, le=1)
    rows: int | None = Field(default=None, ge=0)
    expression: Formula | None = None

    @model_validator(mode="after")
    def _agree(self) -> Expected:
        needs, may = _KEYS[self.rule]
        given = [key for key in _ALL_KEYS if getattr(self, key) is not None]
        for key in given:
            if key not in (*needs, *may):
                raise Misplaced((key,), f"{key}: not for {self.rule}, which takes {', '.join((*needs, *may))}")
        missing = [key for key in needs if key not in given]
        if missing:
            raise ValueError(f"{self.rule} needs {' and '.join(missing)}")
        if self.rule == "within" and self.low is None and self.high is None:
            raise ValueError("within needs low, high or both")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"nothing is within {_show(self.low)} and {_show(self.high)}")
        return self

    @property
    def expectation(self) -> Expectation:
        """What it says."""
        if self.expression is not None:
            return rows_hold(self.expression, self.rows or 0)
        least = self.low if self.rule == "within" else {"rows_at_least": self.rows}.get(self.rule)
        most = {"within": self.high, "null_share_at_most": self.share, "finite": 0}.get(self.rule, self.rows)
        return Expectation(self.rule, self.column, least, None if self.rule == "rows_at_least" else most)


def expectations_of(declared: Iterable[Expected]) -> tuple[Expectation, ...]:
    """What a contract expects, in the order declared."""
    return tuple(one.expectation for one in declared)


def check_expected(declared: Sequence[Expected], known: Iterable[str]) -> None:
    """Refuse a column that the table does not have, and a rule that stands twice.

    Raises:
        Misplaced: with the nearest name.
    """
    names = tuple(known)
    for place, one in enumerate(declared):
        for column in one.expectation.columns:
            if column not in names:
                key = "column" if one.expression is None else "expression"
                at = ("expectations", place, key)
                raise Misplaced(at, f"the table has no column '{column}'. {nearest(column, names)}")
        if one in declared[:place]:
            raise Misplaced(("expectations", place), "stands there twice")


_KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "rows_at_least": (("rows",), ()),
    "rows_at_most": (("rows",), ()),
    "nulls_at_most": (("column", "rows"), ()),
    "null_share_at_most": (("column", "share"), ()),
    "within": (("column",), ("low", "high")),
    "not_constant": (("column",), ()),
    "finite": (("column",), ()),
    "rows_hold": (("expression",), ("rows",)),
}
"""The keys that a rule needs, and those that it may have."""
_ALL_KEYS = ("column", "low", "high", "share", "rows", "expression")
_SAYS: dict[Rule, str] = {
    "rows_at_least": "at least {low} rows",
    "rows_at_most": "at most {high} rows",
    "nulls_at_most": "{column}: at most {high} nulls",
    "null_share_at_most": "{column}: at most {high} of the rows null",
    "within": "{column}: within {low} and {high}",
    "not_constant": "{column}: two different values at least",
    "finite": "{column}: no NaN and no infinity",
    "rows_hold": "{column}: true but for {high} rows at most",
}


def _show(value: Any) -> str:
    return "no bound" if value is None else f"{value:.10g}"

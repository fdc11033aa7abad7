"""The audit of rows before they are published: the facts that expectations need, in one aggregate over their columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import DataType, MapType, NumericType

from headrace.contracts.expectation import Expectation
from headrace.contracts.names import quoted
from headrace.ground.errors import HeadraceError, nearest
from headrace.profile.edges import BELOW, FIRST_TEXT, INFINITY, NAN, NULL
from headrace.profile.expect import Failed, check
from headrace.profile.profile import collected
from headrace.profile.row import ALL, ProfileRow

_OF_NUMBERS = ("within", "finite")


@dataclass(frozen=True)
class Broken:
    """An expectation that does not hold: how many of all ``rows`` break it; None for a rule that no single row breaks.

    It says counts and what was declared, and no value of a row.
    """

    expectation: Expectation
    rows: int
    breaking: int | None = None

    def __str__(self) -> str:
        seen = f"{self.rows:,} rows" if self.breaking is None else f"{self.breaking:,} of {self.rows:,} rows break it"
        return f"expected {self.expectation}; seen {seen}"


@dataclass(frozen=True)
class Audit:
    """What came of an audit: how many rows were looked at, and what of all that is expected does not hold."""

    rows: int
    broken: tuple[Broken, ...] = ()


def audit(frame: DataFrame, expectations: Sequence[Expectation], table: str) -> Audit:
    """Judge rows by what is expected of them. One aggregate, which reads the columns that are named and no other.

    Raises:
        HeadraceError: EXPECTATION_COLUMN where the rows have no such column, or one of a type that has no such rule.
    """
    kinds = {field.name: field.dataType for field in frame.schema}
    for expectation in expectations:
        _check_columns(expectation, kinds, table)
    columns = {one.column: kinds[one.column] for one in expectations if one.expression is None and one.column}
    asked = {f"broken{place}": one.broken_by for place, one in enumerate(expectations)}
    facts = [_count(sql).alias(name) for name, sql in asked.items() if sql is not None]
    for place, (column, kind) in enumerate(columns.items()):
        facts += [fact.alias(f"{name}{place}") for name, fact in _facts(F.col(quoted(column)), kind).items()]
    (row,) = collected(frame.agg(F.count(F.lit(1)).alias("rows"), *facts))
    seen: dict[str, Any] = row.asDict()
    rows = [_whole(table, seen["rows"])]
    rows += [_of_column(table, column, place, seen) for place, column in enumerate(columns)]
    for place, one in enumerate(expectations):
        if one.expression is not None:
            rows.append(_row(table, str(one.column), seen["rows"], nulls=seen[f"broken{place}"]))
    outcomes = enumerate(check(rows, expectations))
    broken = (
        Broken(one.expectation, seen["rows"], seen.get(f"broken{place}"))
        for place, one in outcomes
        if isinstance(one, Failed)
    )
    return Audit(seen["rows"], tuple(broken))


def _check_columns(expectation: Expectation, kinds: Mapping[str, DataType], table: str) -> None:
    for column in expectation.columns:
        if column not in kinds:
            told = f"there is no column '{column}'. {nearest(column, kinds)}"
            raise HeadraceError("EXPECTATION_COLUMN", table=table, expectation=expectation, problem=told)
        kind = kinds[column]
        if expectation.rule in _OF_NUMBERS and not isinstance(kind, NumericType):
            told = f"'{column}' is {kind.simpleString()}, and a number is needed"
            raise HeadraceError("EXPECTATION_COLUMN", table=table, expectation=expectation, problem=told)


def _count(condition: str) -> Column:
    return F.count_if(F.expr(condition))


def _facts(value: Column, kind: DataType) -> dict[str, Column]:
    """Of one column. The bounds are of finite numbers; of what is no number, whether there are two values."""
    nulls = F.count_if(value.isNull())
    if not isinstance(kind, NumericType):
        two = F.lit(True) if isinstance(kind, MapType) else F.coalesce(F.min(value) != F.max(value), F.lit(False))
        return {"nulls": nulls, "two": two}
    number = value.cast("double")
    endless = F.abs(number) == float("inf")
    finite = F.when(~(F.isnan(number) | endless), number)
    return {
        "nulls": nulls,
        "nans": F.count_if(F.isnan(number)),
        "infinities": F.count_if(endless),
        "least": F.min(finite),
        "greatest": F.max(finite),
    }


def _of_column(table: str, column: str, place: int, seen: Mapping[str, Any]) -> ProfileRow:
    """A column's facts as a profile has them; of its bins only which there are, in as few as its values can be told by."""
    n, nulls, nans = seen["rows"], seen[f"nulls{place}"], seen.get(f"nans{place}") or 0
    endless = seen.get(f"infinities{place}") or 0
    rest = n - nulls - nans - endless
    bins = [(NULL, nulls), (NAN, nans), (INFINITY, endless), (BELOW, rest)]
    if seen.get(f"two{place}"):
        bins[-1:] = [(FIRST_TEXT, rest - 1), (FIRST_TEXT + 1, 1)]
    counts = tuple((index, rows) for index, rows in bins if rows)
    bounds = (seen.get(f"least{place}"), seen.get(f"greatest{place}"))
    return _row(table, column, n, nulls, nans, endless, bounds, counts)


def _whole(table: str, n: int) -> ProfileRow:
    return _row(table, "*", n)


def _row(
    table: str,
    column: str,
    n: int,
    nulls: int = 0,
    nans: int = 0,
    infinities: int = 0,
    bounds: tuple[float | None, float | None] = (None, None),
    counts: tuple[tuple[int, int], ...] = (),
) -> ProfileRow:
    least, greatest = bounds
    return ProfileRow(
        table, column, ALL, "staged", "", None, n, nulls, nans, infinities, 0, least, greatest, None, None, counts
    )

"""The audit against its definition: plain Python over the rows, on random tables with nulls, NaN and infinities."""

from __future__ import annotations

import math
import random
from decimal import Decimal
from typing import Any

import pytest

from headrace.contracts.expectation import (
    Expectation,
    finite,
    not_constant,
    null_share_at_most,
    nulls_at_most,
    rows_at_least,
    rows_at_most,
    rows_hold,
    within,
)
from headrace.ground.errors import HeadraceError
from headrace.profile.audit import audit

pytestmark = pytest.mark.spark
SCHEMA = "x double, d decimal(10,2), n bigint, t string"
EXPECTATIONS = (
    rows_at_least(20), rows_at_most(30), nulls_at_most("x", 2), null_share_at_most("t", 0.2), within("x", -5, 5),
    within("d", high=Decimal("4.5")), within("n", low=0), not_constant("t"), not_constant("n"), finite("x"),
    rows_hold("n < 8"), rows_hold("n < 8 or x > 0", 3),
)  # fmt: skip
Row = tuple[Any, ...]


def random_rows(chance: random.Random) -> list[Row]:
    few = chance.random() < 0.3
    numbers = [None, math.nan, math.inf, -math.inf, -7.5, 0.0, 1.5, 4.0, 6.25]
    weights = [1, 0, 0, 0, 0, 9, 9, 9, 0] if few else [2, 1, 1, 1, 1, 9, 9, 9, 1]
    return [
        (
            chance.choices(numbers, weights)[0],
            chance.choice([None, Decimal("4.50"), Decimal("-3.25")] if few else [Decimal("4.51"), None, Decimal(1)]),
            chance.choice([5] if few else [None, -1, 3, 7, 9]),
            chance.choice(["a"] if few else [None, "a", "b"]),
        )
        for _ in range(chance.choice([0, 1, 19, 20, 25, 30, 31]))
    ]


def breaking(one: Expectation, rows: list[Row]) -> tuple[bool, int | None]:
    """Whether it is broken, and by how many rows."""
    place = {"x": 0, "d": 1, "n": 2, "t": 3}.get(one.column or "")
    values = [] if place is None else [row[place] for row in rows]
    whole = [value for value in values if value is not None and math.isfinite(value if place != 3 else 0)]
    nulls, low, high = values.count(None), one.low, one.high
    match one.rule:
        case "rows_at_least":
            return len(rows) < low, None
        case "rows_at_most":
            return len(rows) > high, None
        case "nulls_at_most":
            return nulls > high, nulls
        case "null_share_at_most":
            return bool(rows) and nulls / len(rows) > high, nulls
        case "within":
            out = sum((low is not None and value < low) or (high is not None and value > high) for value in whole)
            return out > 0, out
        case "finite":
            out = sum(value is not None and not math.isfinite(value) for value in values)
            return out > 0, out
        case "not_constant":
            return len({"NaN" if value != value else value for value in values}) < 2, None
        case _:
            out = sum(not holds(one, row) for row in rows)
            return out > high, out


def holds(one: Expectation, row: Row) -> bool:
    """In SQL's logic: null is not true. NaN is greater than all numbers."""
    x, _, n, _ = row
    small = n is not None and n < 8
    return small or ("or" in str(one.column) and x is not None and (math.isnan(x) or x > 0))


def test_the_audit_counts_what_its_definition_counts(spark: Any) -> None:
    seen = set()
    for seed in range(6):
        rows = random_rows(random.Random(seed))
        found = audit(spark.createDataFrame(rows, SCHEMA), EXPECTATIONS, "t.x")
        wanted = [(one, *breaking(one, rows)) for one in EXPECTATIONS]
        assert found.rows == len(rows)
        assert [(one.expectation, one.breaking) for one in found.broken] == [
            (one, count) for one, broken, count in wanted if broken
        ], rows
        seen |= {(place, broken) for place, (_, broken, _) in enumerate(wanted)}
    assert len(seen) >= 2 * len(EXPECTATIONS) - 3, "nearly every rule was seen to hold, and to be broken"


@pytest.mark.parametrize(
    ("expectation", "said"),
    [
        (within("t", 0), "'t' is string, and a number is needed"),
        (finite("y"), "there is no column 'y'"),
        (rows_hold("y > 0"), "there is no column 'y'"),
    ],
)
def test_what_cannot_be_judged_is_an_error_and_no_refusal(spark: Any, expectation: Expectation, said: str) -> None:
    with pytest.raises(HeadraceError, match=said) as refused:
        audit(spark.createDataFrame([], SCHEMA), [expectation], "t.x")
    assert refused.value.code == "EXPECTATION_COLUMN"

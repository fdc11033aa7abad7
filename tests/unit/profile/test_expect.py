"""Expectations on a profile, and the sum of profiles, without Spark."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from headrace.contracts.expectation import (
    Expectation,
    finite,
    not_constant,
    null_share_at_most,
    nulls_at_most,
    rows_at_least,
    rows_at_most,
    within,
)
from headrace.profile.expect import Failed, Ok, check
from headrace.profile.row import ProfileRow, merge

ROW = ProfileRow(
    "t", "x", "all", "monday", "f", 0, 10, 2, 0, 0, 1, 0.0, 5.0, Decimal(20), Decimal(60), ((0, 2), (4, 1), (6, 7))
)
PROFILE = (ROW, replace(ROW, user_bucket=1, n=5, nulls=0, least=-1.0, greatest=None, counts=((6, 5),)))


@pytest.mark.parametrize(
    ("expectation", "seen"),
    [
        (rows_at_least(15), 15), (rows_at_most(15), 15), (nulls_at_most("x", 2), 2),
        (null_share_at_most("x", 0.14), 2 / 15), (within("x", -1, 5), (-1.0, 5.0)), (within("x", high=5), (-1.0, 5.0)),
        (not_constant("x"), None), (finite("x"), 0),
    ],
)  # fmt: skip
def test_what_holds_is_ok_with_what_was_seen(expectation: Expectation, seen: object) -> None:
    assert check(PROFILE, [expectation]) == (Ok(expectation, seen),)


@pytest.mark.parametrize(
    ("expectation", "said"),
    [
        (rows_at_least(16), "expected: at least 16 rows; seen: 15"),
        (rows_at_most(14), "expected: at most 14 rows; seen: 15"),
        (nulls_at_most("x", 1), "expected: x: at most 1 nulls; seen: 2"),
        (within("x", 0, 5), "expected: x: within 0 and 5; seen: -1 to 5"),
        (within("y", 0, 5), "expected: y: within 0 and 5; seen: no value"),
    ],
)
def test_what_does_not_hold_is_a_value_that_says_expected_and_seen(expectation: Expectation, said: str) -> None:
    (failed,) = check(PROFILE, [expectation])
    assert isinstance(failed, Failed)
    assert str(failed) == said


def test_constants_and_endless_numbers_fail() -> None:
    constant = replace(ROW, nulls=0, zeros=0, least=3.0, greatest=3.0, counts=((6, 10),))
    assert check([constant], [not_constant("x")]) == (Failed(not_constant("x"), 3.0),)
    endless = replace(ROW, nans=1, infinities=2)
    assert check([endless], [finite("x")]) == (Failed(finite("x"), 3),)


def test_an_empty_table_fails_on_rows_and_a_column_of_nulls_is_within() -> None:
    assert isinstance(check([], [rows_at_least(1)])[0], Failed)
    nulls = replace(ROW, n=3, nulls=3, least=None, greatest=None, counts=((0, 3),))
    assert check([nulls], [within("x", 0, 1)]) == (Ok(within("x", 0, 1), None),)


def test_two_tables_are_refused() -> None:
    with pytest.raises(ValueError, match="one table"):
        check([ROW, replace(ROW, table="u")], [])


def test_merging_is_associative_commutative_and_marks_what_was_summed_over() -> None:
    rows = [replace(ROW, window=day, user_bucket=bucket) for day in ("monday", "tuesday") for bucket in (0, 1)]
    (whole,) = merge(rows, over=["window", "user_bucket"])
    assert (whole.window, whole.user_bucket, whole.n, whole.total) == ("*", None, 40, Decimal(80))
    assert whole.counts == ((0, 8), (4, 4), (6, 28))
    assert merge(reversed(rows), over=["window", "user_bucket"]) == (whole,)
    halves = [*merge(rows[:3], over=["window", "user_bucket"]), rows[3]]
    assert merge(halves, over=["window", "user_bucket"]) == (whole,)


def test_mean_and_sd_are_of_finite_values_and_unknown_sums_stay_unknown() -> None:
    assert (ROW.finite, ROW.mean) == (8, 2.5)
    assert ROW.sd == pytest.approx((60 / 8 - 2.5**2) ** 0.5)
    (unknown,) = merge([ROW, replace(ROW, total=None)])
    assert (unknown.total, unknown.mean, unknown.sd) == (None, None, None)

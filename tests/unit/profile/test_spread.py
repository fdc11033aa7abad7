"""How numbers are spread: quantiles and cells against the numbers themselves. No Spark."""

from __future__ import annotations

import random
from decimal import Decimal
from math import inf, nan

import pytest

from headrace.profile.edges import NumberEdges, cut_at
from headrace.profile.row import ProfileRow
from headrace.profile.spread import Span, Spread, spread_of


def counted(values: list[float | None], edges: NumberEdges) -> ProfileRow:
    """The profile's row of some values, by the definition of the bins."""
    bins = [edges.index(value) for value in values]
    counts = tuple((place, bins.count(place)) for place in sorted(set(bins)))
    nulls = sum(value is None for value in values)
    return ProfileRow(
        *("training.m", "x", "all", "2024-03-11", "f", None),
        *(len(values), nulls, 0, 0, 0, None, None, Decimal(0), Decimal(0), counts),
    )


def spread(values: list[float | None], edges: NumberEdges) -> Spread:
    return spread_of(counted(values, edges), edges)


def test_rows_are_told_by_what_they_hold() -> None:
    edges = NumberEdges((1.0, 2.0, 4.0))
    found = spread([None, nan, inf, 0.0, 0.0, 0.5, 1.0, 1.5, 3.0, 4.0, 9.0], edges)
    assert (found.rows, found.empty, found.zeros, found.outside) == (11, 3, 2, 2)
    assert found.spans == (Span(0.0, 0.0, 2), Span(1.0, 2.0, 2), Span(2.0, 4.0, 2))
    assert found.shown == 6
    assert spread_of(counted([None, 1.0], edges), None) == Spread(2, 1, 0, 0, ())


def test_a_greatest_value_that_fills_a_bin_is_one_number() -> None:
    found = spread([1.0, 2.0, 5.0, 5.0, 5.0], cut_at([1.0, 2.0, 5.0, 5.0]))
    assert found.spans == (Span(1.0, 2.0, 1), Span(2.0, 5.0, 1), Span(5.0, 5.0, 3))
    assert found.quantile(0.5) == 5.0
    assert found.cells(4) == pytest.approx((1.0, 1 / 3, 1 / 3, 3 + 1 / 3))
    assert spread([7.0, 7.0], cut_at([7.0])).cells(4) == (), "there is nothing to draw of one number"


def test_a_long_tail_of_few_ends_the_picture_before_it() -> None:
    edges = NumberEdges((0.5, 1.0, 2.0, 3.0, 100.0))
    found = spread([0.7] * 32 + [1.5] * 32 + [2.5] * 32 + [90.0] * 4, edges)
    low, high = found.bounds or (0, 0)
    assert (low, round(high, 3)) == (0.5, 2.969), "95 of 100 rows are below"
    assert sum(found.cells(10)) == pytest.approx(95)
    even = spread([0.7] * 30 + [1.5] * 30 + [2.5] * 40, edges)
    assert even.bounds == (0.5, 3.0)


@pytest.mark.parametrize("seed", range(20))
def test_quantiles_and_cells_are_near_those_of_the_numbers(seed: int) -> None:
    """On edges that are their own 20 quantiles: a quantile is within its span, no row is lost, cells add up to spans."""
    chance = random.Random(seed)
    values = sorted(round(chance.lognormvariate(2, 1), chance.choice([0, 3])) + 1 for _ in range(500))
    edges = cut_at([values[min(place * 25, 499)] for place in range(21)])
    found = spread(list(values), edges)
    assert found.shown == 500
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        exact = values[max(int(share * 500) - 1, 0)]
        place = next(
            index
            for index, span in enumerate(found.spans)
            if span.low <= exact < span.high or span.low == exact == span.high or span is found.spans[-1]
        )
        about = found.quantile(share)
        assert about is not None
        near = found.spans[max(place - 1, 0) : place + 2]
        assert min(span.low for span in near) <= about <= max(span.high for span in near)
    low, high = found.bounds or (0.0, 0.0)
    assert sum(found.cells(30)) == pytest.approx(sum(span.within(low, high) for span in found.spans), abs=25)
    whole = Spread(500, 0, 0, 0, found.spans)
    assert sum(found.cells(30)) <= whole.shown + 1e-9
    assert sum(found.cells(30)) >= 0.94 * whole.shown

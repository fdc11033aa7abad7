"""Frozen edges: every value has one bin, and they are kept as JSON."""

from __future__ import annotations

import json
import math

import numpy as np
import pytest

from headrace.profile.edges import Edges, NumberEdges, TextEdges, cut_at, edges_from_values

EDGES = NumberEdges((1.0, 2.0, 5.0))


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (None, "null"), (math.nan, "not a number"), (-math.inf, "minus infinity"), (math.inf, "infinity"),
        (0.0, "zero"), (-0.0, "zero"), (0.5, "below"), (-7.0, "below"), (1.0, "1 to 2"), (2.0, "2 to 5"),
        (5.0, "2 to 5"), (5.1, "above"),
    ],
)  # fmt: skip
def test_each_number_has_its_bin(value: float | None, name: str) -> None:
    assert EDGES.bins[EDGES.index(value)] == name


def test_without_cuts_there_are_two_sides() -> None:
    none = cut_at(None)
    assert [none.bins[none.index(value)] for value in (-1.0, 0.0, 1.0)] == ["below", "zero", "above"]


def test_equal_quantiles_become_one_cut_and_a_heavy_maximum_keeps_its_own_bin() -> None:
    assert cut_at([1.0, 1.0, 2.0, 3.0]).cuts == (1.0, 2.0, 3.0)
    heavy = cut_at([1.0, 2.0, 3.0, 3.0])
    assert heavy.index(2.9) != heavy.index(3.0)
    assert heavy.bins[heavy.index(3.1)] == "above"
    constant = cut_at([4.0] * 21)
    assert [constant.bins[constant.index(x)] for x in (3.9, 4.0, 4.1)] == ["below", "4 to 4", "above"]


@pytest.mark.parametrize(
    ("cuts", "expected"),
    [
        ((1.0, 2.0), [7, 10, 20]),  # zero stands below 1
        ((-1.0, 1.0), [3, 14, 20]),  # zero stands in the bin
        ((-2.0, -1.0), [3, 10, 24]),  # zero stands above -1
        ((), [7, 10]),
    ],
)
def test_zeros_and_infinities_take_their_place_in_the_order(cuts: tuple[float, ...], expected: list[int]) -> None:
    counts = np.array([99, 98, 1, 0, 4, 2, 10, 20], dtype=float)[: 8 if cuts else 7]
    assert NumberEdges(cuts).ordered(counts).tolist() == expected
    assert len(NumberEdges(cuts).positions) == len(expected)


def test_each_text_has_its_bin() -> None:
    edges = TextEdges(("milk", "bread"))
    assert [edges.bins[edges.index(text)] for text in (None, "", "milk", "bread", "x", "Milk")] == [
        "null", "empty", "milk", "bread", "rest", "rest",
    ]  # fmt: skip


def test_json_reads_back_equal_to_the_last_bit() -> None:
    edges = Edges({"a": NumberEdges((0.1, 1 / 3, math.nextafter(5, 6))), "b": TextEdges(("ä", "x"))})
    again = edges_from_values(json.loads(edges.as_json()))
    assert again == edges
    assert again.fingerprint == edges.fingerprint
    assert Edges({"a": NumberEdges((0.1, 0.5))}).fingerprint != edges.fingerprint

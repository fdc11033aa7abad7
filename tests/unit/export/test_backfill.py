"""Pieces of the span: together the whole, and no interval of a job in two of them."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from manifests import DAILY, manifest_of, node

from headrace.export.backfill import MOST, pieces
from headrace.graph.manifest import Cadence


@pytest.mark.parametrize(
    ("lengths", "days", "expected"),
    [((1,), 7, 1), ((1,), 28, 1), ((1,), 29, 2), ((1, 7), 366, 14), ((1, 30), 366, 13), ((6, 35), 366, 2), ((), 60, 3)],
)
def test_no_interval_is_cut_in_two(lengths, days, expected):
    start = date(2017, 1, 1)
    jobs = [node(f"j{length}", cadence=Cadence("each", f"{length}d")) for length in lengths]
    found = pieces(manifest_of(*jobs, end=(start + timedelta(days=days)).isoformat()))
    bounds = [(date.fromisoformat(a), date.fromisoformat(b)) for a, b in found]
    assert (bounds[0][0], bounds[-1][1], len(found)) == (start, start + timedelta(days=days), expected)
    assert all(one[1] == after[0] for one, after in pairwise(bounds))
    for length in lengths:
        intervals = [start + timedelta(days=at) for at in range(0, days - length + 1, length)]
        for begin in intervals:
            end = begin + timedelta(days=length)
            assert sum(a <= begin and end <= b for a, b in bounds) == 1, (length, begin)


def test_a_long_span_has_no_more_pieces_than_a_list_takes():
    found = pieces(manifest_of(node("tiles", cadence=DAILY), start="1990-01-01", end="2030-01-01"))
    assert len(found) == MOST


def test_what_a_calendar_lays_is_cut_anywhere_since_it_belongs_to_the_piece_in_which_it_is_over():
    zoned = (
        node("a", cadence=Cadence("each", "1d", zone="Asia/Tokyo")),
        node("b", cadence=Cadence("each", "35d", zone="UTC")),
    )
    assert pieces(manifest_of(*zoned, end="2017-03-01")) == pieces(manifest_of(node("a"), end="2017-03-01"))

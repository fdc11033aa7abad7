"""What a step is expected to take, from steps whose times are known."""

from __future__ import annotations

from dataclasses import replace

import pytest
from graph_fakes import day, entry

from headrace.graph.durations import MOST, UNKNOWN, Expected, Took, earlier, expected


def took(*triples):
    return [Took(seconds, intervals, rows) for seconds, intervals, rows in triples]


def test_of_what_was_never_done_nothing_is_known():
    assert expected([], 3, 100) == UNKNOWN
    assert UNKNOWN.seconds is None


def test_a_line_through_two_sizes_tells_starting_from_working():
    """1 day takes 3 s and 11 days take 13 s: 2 s to start and 1 s a day."""
    known = took((3, 1, None), (13, 11, None))
    assert expected(known, 6, None) == Expected(8, 2)
    assert expected(known, 1, None) == Expected(3, 2)
    assert expected(known, 21, None) == Expected(23, 2)


def test_by_rows_where_they_tell_it_and_by_intervals_where_those_do():
    by_rows = took((3, 1, 100), (5, 1, 300), (9, 1, 700))
    assert expected(by_rows, 1, 500) == Expected(7, 3)
    assert expected(by_rows, 1, None).seconds == 5, "rows that nobody knows tell nothing: the median"
    of_all_time = took((104, 100, 1000), (5, 1, 1010), (5, 1, 1020), (5, 1, 1030))
    assert expected(of_all_time, 1, 1040) == Expected(5, 4), (
        "each reads all that there is; the days make the difference"
    )
    assert expected(of_all_time, 51, 1040) == Expected(55, 4)


@pytest.mark.parametrize("place", range(4))
@pytest.mark.parametrize("factor", [0.0, 10.0, 1000.0])
def test_one_step_of_four_that_went_wrong_moves_nothing(place, factor):
    known = took((4, 2, None), (6, 4, None), (10, 8, None), (18, 16, None))
    known[place] = replace(known[place], seconds=known[place].seconds * factor)
    assert expected(known, 10, None).seconds == pytest.approx(12, abs=2.01)


@pytest.mark.parametrize("slow", [6.0, 600.0])
def test_one_slow_step_of_three_of_a_size_moves_nothing(slow):
    assert expected(took((5, 1, None), (slow, 1, None), (5, 1, None)), 1, None).seconds == 5


def test_of_one_size_a_smaller_step_takes_at_most_that_and_a_larger_one_in_proportion():
    known = took((60, 100, None))
    assert expected(known, 1, None) == Expected(60, 1, at_most=True)
    assert expected(known, 100, None) == Expected(60, 1)
    assert expected(known, 200, None) == Expected(120, 1)


def test_more_rows_never_take_less_and_nothing_takes_less_than_nothing():
    assert expected(took((9, 1, None), (3, 5, None)), 100, None).seconds == 6
    steep = took((1, 10, None), (100, 20, None))
    assert expected(steep, 1, None).seconds == pytest.approx((0.1 + 5) / 2), "no time before the start: in proportion"


def test_a_step_without_rows_is_told_by_its_intervals():
    assert expected(took((2, 1, 0), (4, 3, 50)), 2, 10) == Expected(3, 2)


def test_a_step_is_counted_once_whatever_it_covers_and_what_failed_not_at_all():
    whole = [replace(entry("a", day(n), "s", minute=1), seconds=7.0, rows_in=70, intervals=2) for n in (0, 1)]
    failed = replace(entry("a", day(2), "", "failed", 2), seconds=99.0)
    refused = replace(entry("a", day(2), "t", "refused", 3), seconds=5.0)
    other = replace(entry("b", day(2), "t", minute=3), seconds=50.0)
    assert earlier([*whole, failed, refused, other], "a") == (Took(7.0, 2, 70), Took(5.0, 1, None))


def test_only_the_latest_steps_tell():
    long_ago = [replace(entry("a", day(n), "s", minute=n), seconds=100.0) for n in range(MOST)]
    lately = [replace(entry("a", day(n), "s", minute=n), seconds=1.0) for n in range(MOST, 2 * MOST)]
    assert expected(earlier([*long_ago, *lately], "a"), 1, None) == Expected(1.0, MOST)

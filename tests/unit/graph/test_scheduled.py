"""When jobs start and end, on graphs that are worked out by hand; the same for any graph is in tests/oracle."""

from __future__ import annotations

import pytest
from graph_fakes import job

from headrace.graph.order import longest_path, longest_way, precedence, ranked, startable
from headrace.graph.schedule import Span, Speedup, makespan, schedule, speed_up_next

DIAMOND = (job("a"), job("b", "a"), job("c", "a"), job("d", "b", "c"))
SECONDS = {"a": 2.0, "b": 5.0, "c": 3.0, "d": 1.0}


def test_the_longest_path_is_counted_in_seconds_and_where_none_are_known_in_jobs():
    assert longest_path(DIAMOND, SECONDS) == {"a": 8.0, "b": 6.0, "c": 4.0, "d": 1.0}
    assert longest_way(DIAMOND, SECONDS) == ("a", "b", "d")
    assert longest_path(DIAMOND) == {"a": 3.0, "b": 2.0, "c": 2.0, "d": 1.0}
    assert longest_path(()) == {}
    assert longest_way((), {}) == ()


def test_a_diamond_on_two_lanes_and_on_one():
    assert schedule(DIAMOND, SECONDS, 2) == {"a": Span(0, 2), "b": Span(2, 7), "c": Span(2, 5), "d": Span(7, 8)}
    assert schedule(DIAMOND, SECONDS, 1) == {"a": Span(0, 2), "b": Span(2, 7), "c": Span(7, 10), "d": Span(10, 11)}
    assert [makespan(DIAMOND, SECONDS, lanes) for lanes in (1, 2, 3)] == [11, 8, 8]


def test_the_longest_remaining_path_goes_first():
    """Two lanes: the chain of 1 + 6 starts at once; if the 4 s of x and y went first, it would end at 11."""
    graph = (job("x"), job("y"), job("head"), job("tail", "head"))
    seconds = {"x": 4.0, "y": 4.0, "head": 1.0, "tail": 6.0}
    assert schedule(graph, seconds, 2) == {"head": Span(0, 1), "x": Span(0, 4), "tail": Span(1, 7), "y": Span(4, 8)}


def test_an_exclusive_job_waits_for_the_others_and_they_for_it():
    graph = (job("x"), job("train", exclusive=True), job("y"))
    seconds = {"x": 9.0, "train": 4.0, "y": 1.0}
    assert schedule(graph, seconds, 2) == {"x": Span(0, 9), "y": Span(0, 1), "train": Span(9, 13)}
    above = {"x": 9.0, "train": 4.0, "y": 1.0, "z": 2.0, "release": 1.0}
    below_x = (*graph, job("z", "x"), job("release", "train"))
    assert schedule(below_x, above, 2)["train"] == Span(9, 13), (
        "it has a longer path than z, and z is not ready before 9"
    )
    assert schedule(below_x, above, 2)["z"] == Span(13, 15)


def test_an_exclusive_job_for_which_none_waits_comes_last_however_long_it_takes():
    graph = (job("x"), job("maintain", "x", exclusive=True), job("score", "x"), job("monitor", "score"))
    for seconds in (
        {"x": 1.0, "maintain": 90.0, "score": 2.0, "monitor": 0.0},
        dict.fromkeys("x maintain score monitor".split(), 1.0),
    ):
        spans = schedule(graph, seconds, 2)
        assert list(spans) == ["x", "score", "monitor", "maintain"]
        assert spans["maintain"].start == spans["monitor"].end
    assert precedence(graph)["maintain"] == -1.0


def test_what_may_start_is_no_more_than_there_are_lanes():
    a, b, c, alone = job("a"), job("b"), job("c"), job("alone", exclusive=True)
    assert startable([a, b, c], [], 2) == ["a", "b"]
    assert startable([b, c], [a], 2) == ["b"]
    assert startable([c], [a, b], 2) == []
    assert startable([alone, a], [], 2) == ["alone"]
    assert startable([alone, a], [b], 2) == [], "nothing goes before what waits to be alone"
    assert startable([a, alone], [], 2) == ["a"]
    assert startable([a], [alone], 2) == []


def test_of_equals_the_first_by_name_goes_first():
    assert ranked(["b", "c", "a"], {"a": 1, "b": 1, "c": 2}) == ["c", "a", "b"]


@pytest.mark.parametrize(
    ("seconds", "lanes", "best"),
    [
        (SECONDS, 2, Speedup("b", 2.0)),  # b halved: 2.5 s, and c with its 3 s is the longer one then
        (SECONDS, 1, Speedup("b", 2.5)),
        ({"a": 10.0, "b": 5.0, "c": 5.0, "d": 1.0}, 2, Speedup("a", 5.0)),
        ({"a": 0.0, "b": 5.0, "c": 5.0, "d": 0.0}, 2, None),  # two equal ones: halving one alone gains nothing
    ],
)
def test_the_job_to_speed_up_next_is_the_one_that_ends_the_whole_soonest(seconds, lanes, best):
    assert speed_up_next(DIAMOND, seconds, lanes) == best


def test_of_no_jobs_nothing_is_to_be_made_faster():
    assert speed_up_next((), {}, 2) is None
    assert makespan((), {}, 2) == 0.0

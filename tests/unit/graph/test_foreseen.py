"""What a run under way foresees, over literal habits: chains, lanes, overruns, the run's pace, and who eats the slack."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from graph_fakes import START, day, entry, job

from headrace.graph.deadlines import kept, spelled
from headrace.graph.durations import UNKNOWN, Expected
from headrace.graph.foresight import OVERRUN, Habit, Standing, eats_the_slack, foresee, habits, pace_of
from headrace.graph.ledger import Entry, State
from headrace.ground.deadline import read_deadline

GRAPH = (job("a"), job("b", "a"), job("c", "a"), job("d", "b", "c"))
TOOK = (Expected(10.0, 4), UNKNOWN)
SURE = {"a": Habit(10, (1.0,)), "b": Habit(20, (1.0,)), "c": Habit(30, (1.0,)), "d": Habit(5, (1.0,))}


@pytest.mark.parametrize(("lanes", "end"), [(2, 45), (1, 65)])
def test_without_chance_it_is_the_schedule(lanes: int, end: float) -> None:
    seen = foresee(GRAPH, SURE, Standing(), lanes, 7)
    assert seen.interval() == (end, end, end)
    assert seen.interval("a") == (10, 10, 10)


def test_what_is_done_is_past_and_what_runs_has_its_rest() -> None:
    seen = foresee(GRAPH, SURE, Standing({"a": 10.0}, {"b": 5.0, "c": 5.0}), 2, 7)
    assert seen.interval("b") == (15, 15, 15)
    assert seen.interval() == (30, 30, 30)
    assert seen.interval("a") is None
    assert foresee(GRAPH, SURE, Standing(dict.fromkeys("abcd", 1.0)), 2, 7).interval() is None


def test_what_runs_goes_on_before_what_has_waited_longer() -> None:
    """One lane, and ``b`` has it though ``c`` has the longer way."""
    seen = foresee(GRAPH, SURE, Standing({"a": 10.0}, {"b": 5.0}), 1, 7)
    assert (seen.interval("b"), seen.interval("c")) == ((15, 15, 15), (45, 45, 45))


def test_a_job_that_is_over_its_time_takes_a_quarter_more_than_it_has() -> None:
    late = Standing({"a": 10.0, "b": 20.0}, {"c": 60.0})
    assert foresee(GRAPH, SURE, late, 2, 7).interval("c") == (60 * OVERRUN - 60,) * 3


def test_the_interval_is_as_wide_as_the_habits_are_and_the_same_each_time() -> None:
    wide = SURE | {"c": Habit(30, (0.5, 1.0, 2.0))}
    low, likely, high = foresee(GRAPH, wide, Standing(), 2, 7).interval() or (0, 0, 0)
    assert (low, likely, high) == (35, 45, 75)
    assert foresee(GRAPH, wide, Standing(), 2, 7) == foresee(GRAPH, wide, Standing(), 2, 7)


def test_the_pace_is_the_mean_of_what_was_seen_and_of_four_usual_jobs() -> None:
    assert pace_of(SURE, Standing()) == 1
    assert pace_of(SURE, Standing({"a": 20.0})) == pytest.approx(2 ** (1 / 5))
    assert pace_of(SURE, Standing({"a": 20.0, "b": 40.0})) == pytest.approx(4 ** (1 / 6))
    assert pace_of(SURE, Standing({"a": 10.0}, {"b": 10.0})) == 1, "a job that is not over its time says nothing"
    assert pace_of({"a": Habit(0.2)}, Standing({"a": 3.0})) == 1, "nor does one that is nothing but overhead"


def test_who_eats_the_slack_is_who_delays_and_not_who_is_longest() -> None:
    slow_beside = Standing({"a": 10.0, "b": 28.0}, {})
    assert eats_the_slack(GRAPH, SURE | {"c": Habit(30, (0.5,))}, slow_beside, 2, "d")[0] == "b"
    on_the_path = Standing({"a": 25.0, "b": 22.0}, {"c": 10.0})
    name, seconds = eats_the_slack(GRAPH, SURE, on_the_path, 2, "d")
    assert (name, round(seconds)) == ("a", 15)


def test_where_nobody_is_slow_it_is_the_longest() -> None:
    assert eats_the_slack(GRAPH, SURE, Standing(), 2, "d") == ("c", 0.0)


def test_habits_come_from_the_ledger_each_step_beside_the_others() -> None:
    past = [
        replace(entry("a", day(n), "s", minute=n), run_id=f"r{n}", seconds=seconds)
        for n, seconds in enumerate((10.0, 10.0, 10.0, 20.0))
    ]
    due: Any = [
        SimpleNamespace(step=SimpleNamespace(job=node), expected=took) for node, took in zip(GRAPH, TOOK, strict=False)
    ]
    found = habits(GRAPH, due, past)["a"]
    assert found.seconds == 10
    assert habits(GRAPH, due, past)["b"].seconds == 10, "never done: a usual one"
    assert habits(GRAPH, due, past)["d"].seconds == 0, "not due"
    assert found.ratios == (1.0, 1.0, 1.0, 2.0)
    assert len(habits(GRAPH, due, past[:2])["a"].ratios) == 5, "two steps tell nothing"
    assert habits(GRAPH, due[1:], past) == {}, "nothing is known of what is due"


def test_runs_that_met_and_missed_their_deadline() -> None:
    def step(run: str, name: str, hour: float, state: State = "done") -> Entry:
        made = replace(entry(name, day(0), "s", state), run_id=run, seconds=1800.0)
        return replace(made, at=START + timedelta(hours=hour))

    entries = [step("r1", "a", 1), step("r1", "d", 2), step("r2", "a", 25), step("r2", "d", 31), step("r3", "a", 49)]
    entries += [step("r3", "d", 49, "failed"), step("r4", "a", 73)]
    told = {"r2": START + timedelta(hours=28), "r1": START + timedelta(hours=1)}
    found = kept(entries, "d", read_deadline("06:00"), told)
    assert [(one.run_id, one.told) for one in found] == [
        ("r1", "met, though an alert foretold a miss"),
        ("r2", "missed, foretold 120 min before"),
        ("r3", "missed, not foretold"),
    ]
    assert [one.slack for one in found] == [timedelta(hours=4), timedelta(hours=-1), None]


@pytest.mark.parametrize(("slack", "text"), [(90, "90 s before"), (-90.4, "90 s after"), (2880, "48 min before")])
def test_slack_is_spelled(slack: float, text: str) -> None:
    assert spelled(slack) == text

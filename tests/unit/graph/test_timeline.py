"""The timeline of a run, from literal ledger entries: its steps, the chain that its end hung on, and how a run is named."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from graph_fakes import START, day, entry, job

from headrace.graph.ledger import Entry
from headrace.graph.timeline import ancestors, run_named, timeline
from headrace.ground.errors import HeadraceError

GRAPH = (
    job("land"),
    job("ingest", "land"),
    job("tiles", "ingest"),
    job("train", "ingest"),
    job("score", "train", "tiles"),
)


def step(name: str, began: float, seconds: float, first: int = 0, **more: object) -> Entry:
    ended = START + timedelta(seconds=began + seconds)
    return replace(entry(name, day(first), "s"), at=ended, seconds=seconds, **more)


RUN = (
    step("land", 0, 5, rows_out=100),
    step("ingest", 5.5, 10),
    step("tiles", 16, 4),
    step("train", 16, 20),
    step("score", 37, 3),
)


def test_steps_come_by_their_beginning_with_seconds_after_the_first() -> None:
    found = timeline(reversed(RUN), "run-1", GRAPH)
    assert [bar.job for bar in found.bars] == ["land", "ingest", "tiles", "train", "score"]
    assert [round(found.after(bar), 6) for bar in found.bars] == [0, 5.5, 16, 16, 37]
    assert (found.seconds, found.worked) == (40, 42)
    assert found.bars[0].rows_out == 100
    assert found.began == START


def test_the_chain_leads_from_the_last_to_end_over_whoever_it_waited_for() -> None:
    found = timeline(RUN, "run-1", GRAPH)
    assert [found.bars[place].job for place in found.chain] == ["land", "ingest", "train", "score"]
    assert found.chained == 38
    assert found.told == (
        "40.0 s, 42.0 s of steps; its end hung on land, ingest, train, score: 38.0 s of steps, 2.0 s between them"
    )


def test_what_was_up_to_date_in_between_breaks_no_chain() -> None:
    found = timeline((step("land", 0, 5), step("score", 6, 1)), "run-1", GRAPH)
    assert [found.bars[place].job for place in found.chain] == ["land", "score"]
    assert ancestors(GRAPH)["score"] == {"land", "ingest", "tiles", "train"}


def test_steps_of_one_job_wait_for_each_other_and_jobs_that_are_gone_stand_alone() -> None:
    found = timeline((step("ingest", 0, 5), step("ingest", 5, 5, first=1), step("renamed", 0, 2)), "run-1", GRAPH)
    assert [(found.bars[place].job, found.bars[place].interval) for place in found.chain] == [
        ("ingest", day(0)),
        ("ingest", day(1)),
    ]


def test_intervals_of_a_step_are_one_bar_and_other_runs_are_left_out() -> None:
    both = [replace(step("ingest", 0, 5, first=number), intervals=2) for number in (0, 1)]
    found = timeline((*both, replace(step("land", 0, 9), run_id="run-2")), "run-1", GRAPH)
    (bar,) = found.bars
    assert (bar.interval, bar.intervals, bar.seconds) == (day(0, 2), 2, 5)
    assert timeline(both, "run-3", GRAPH).bars == ()


def test_a_failed_step_has_its_seconds_and_ends_the_chain() -> None:
    found = timeline((*RUN[:2], step("train", 16, 30, state="failed", note="TASK_MEMORY: ...")), "run-1", GRAPH)
    assert found.bars[found.chain[-1]].state == "failed"
    assert found.seconds == 46


@pytest.mark.parametrize(
    ("text", "run"), [("20170101T0600Z", "20170101T0600Z"), ("2017010", "20170101T0600Z"), ("n", "nightly")]
)
def test_a_run_is_named_by_its_id_or_how_it_begins(text: str, run: str) -> None:
    assert run_named(runs("20170101T0600Z", "nightly"), text) == run


def test_an_id_that_begins_another_is_still_an_id() -> None:
    assert run_named(runs("night", "nightly"), "night") == "night"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("nigtly", "RUN_UNKNOWN", "Did you mean 'nightly'?"),
        ("zzz", "RUN_UNKNOWN", "The latest: 20170101, 20170102, nightly."),
        ("", "RUN_UNKNOWN", "The latest:"),
        ("2017", "RUN_AMBIGUOUS", "2 runs begin with '2017'"),
    ],
)
def test_a_run_that_is_not_there_is_an_error_with_those_that_are(text: str, code: str, said: str) -> None:
    with pytest.raises(HeadraceError) as raised:
        run_named(runs("20170101", "20170102", "nightly"), text)
    assert (raised.value.code, raised.value.exit_status) == (code, 2)
    assert said in str(raised.value)


def test_where_nothing_was_run_there_is_none() -> None:
    with pytest.raises(HeadraceError, match="None was run yet"):
        run_named((), "x")


def runs(*names: str) -> list[Entry]:
    return [replace(entry("land", day(0), "s"), run_id=name) for name in names]

"""What a plan would cost: rows, seconds and the whole, from a ledger whose steps are written down here."""

from __future__ import annotations

from dataclasses import replace

import pytest
from graph_fakes import day, entry, job, ledger_of, table
from test_plan import GRAPH, seen

from headrace.graph.durations import Expected
from headrace.graph.forecast import Makespan, core_hours, forecast, seconds_ahead
from headrace.graph.job import Latest
from headrace.graph.plan import Plan, survey
from headrace.graph.reads import AS_IT_IS, TO_COME, versions_read
from headrace.graph.rows import Rows, rows_read
from headrace.graph.schedule import Speedup

FAN = (job("in"), job("left", "in"), job("right", "in"), job("end", "left", "right", every=Latest()))
"""Its first two days were one step each: 100 rows, 20 to the left and 80 to the right."""


def done(name, days, stamp="s", seconds=0.0, rows=None, read=None, minute=1):
    """A step over days that ended at a minute."""
    one = replace(entry(name, days[0], stamp, minute=minute), seconds=seconds, rows_out=rows, rows_in=read)
    return [replace(one, interval=piece, intervals=len(days)) for piece in days]


def past():
    two = (day(0), day(1))
    return ledger_of(
        *done("in", two, seconds=4.0, rows=200),
        *done("left", two, seconds=2.0, rows=40, read=200),
        *done("right", two, seconds=6.0, rows=160, read=200),
        *done("end", (day(1),), seconds=1.0, rows=1, read=200),
    )


def cost(graph, ledger, asked, slots=(2,), parallel_jobs=2, forced=()):
    look = seen(graph, ledger, asked, forced=forced)
    return forecast(graph, survey(graph, look, 400), look, slots, parallel_jobs)


def test_a_step_above_counts_once_however_many_of_its_outputs_are_read():
    land = replace(job("land"), outputs=(table("shops"), table("households")))
    look = seen((land, job("ingest", "shops", "households")), ledger_of(*done("land", (day(0),), rows=100)), day(0, 2))
    assert rows_read(look.graph[1], day(0), look) == Rows(100), "a step's rows are those of all its outputs"
    ahead = replace(look, pending={"land": {day(1): "s"}})
    assert rows_read(look.graph[1], day(1), ahead) == Rows(100, about=True)


def test_a_step_reads_its_share_of_what_the_steps_above_left():
    look = seen(FAN, past(), day(0, 2))
    assert rows_read(FAN[1], day(0), look) == Rows(100), "one day of the two that were one step"
    assert rows_read(FAN[1], day(0, 2), look) == Rows(200)
    assert rows_read(FAN[3], day(1), look) == Rows(100)
    assert rows_read(FAN[0], day(0), look) is None, "it reads what lies outside"
    assert rows_read(FAN[1], day(5), look) is None, "nothing is there"


def test_what_is_yet_to_be_made_counts_as_before_or_as_usual():
    look = replace(seen(FAN, past(), day(0, 4)), pending={"in": {day(1): "t", day(2): "u", day(3): "v"}})
    assert rows_read(FAN[1], day(0), look) == Rows(100), "this day is there"
    assert rows_read(FAN[1], day(1), look) == Rows(100, about=True), "as many as it had"
    assert rows_read(FAN[1], day(0, 4), look) == Rows(400, about=True), "a usual day has 100"
    nothing = replace(seen(FAN, ledger_of(), day(0, 1)), pending={"in": {day(0): "t"}})
    assert rows_read(FAN[1], day(0), nothing) is None


def test_a_plan_over_two_new_days_is_foretold_from_the_two_before():
    """One after another 13 s. Two at a time: in 4, then right 6 beside left 2, then end 1."""
    found = cost(FAN, past(), day(2, 2))
    assert [(one.step.job.name, one.rows, one.expected) for one in found.steps] == [
        ("in", None, Expected(4.0, 1)),
        ("left", Rows(200, about=True), Expected(2.0, 1)),
        ("right", Rows(200, about=True), Expected(6.0, 1)),
        ("end", Rows(100, about=True), Expected(1.0, 1, at_most=True)),
    ]
    assert (found.serial, found.unknown) == (13.0, ())
    assert (found.critical, found.critical_seconds) == (("in", "right", "end"), 11.0)
    assert found.makespans == (Makespan(2, 2, 11.0),)
    assert found.speed_up_next == Speedup("right", 3.0)


@pytest.mark.parametrize(
    ("slots", "parallel_jobs", "makespans"),
    [
        ((2, 1), 2, (Makespan(2, 2, 11.0), Makespan(1, 1, 13.0))),
        ((8,), 1, (Makespan(8, 1, 13.0),)),
        ((8,), 4, (Makespan(8, 4, 11.0),)),
    ],
)
def test_no_more_jobs_run_at_once_than_configuration_and_slots_allow(slots, parallel_jobs, makespans):
    assert cost(FAN, past(), day(2, 2), slots, parallel_jobs).makespans == makespans


def test_what_is_up_to_date_takes_no_time_and_joins_what_is_around_it():
    ledger = past()
    look = seen(FAN, ledger, day(0, 2), forced=("in",))
    found = forecast(FAN, survey(FAN, look, 400), look, (2,), 2)
    assert {one.step.job.name for one in found.steps} == {"in", "left", "right", "end"}, "their stamps are made up"
    settled = {"in", "end"}
    both = replace(look, ledger=ledger_of())
    two = replace(survey(FAN, look, 400), steps=tuple(s for s in survey(FAN, look, 400).steps if s.job.name in settled))
    alone = forecast(FAN, two, look, (2,), 2)
    assert (alone.serial, alone.critical, alone.makespans[0].seconds) == (5.0, ("in", "end"), 5.0)
    assert forecast(FAN, two, both, (2,), 2).unknown == ("in", "end")


def test_what_was_never_done_is_named_and_every_total_is_a_least_one():
    found = cost(GRAPH, ledger_of(), day(0, 2))
    assert found.unknown == ("ingest", "tiles", "features")
    assert (found.serial, found.critical, found.speed_up_next) == (0.0, (), None)
    assert found.makespans == (Makespan(2, 2, 0.0),)


def test_a_run_orders_by_what_is_known_and_takes_the_rest_for_usual():
    ledger = past()
    graph = (*FAN, job("new", "in"))
    look = seen(graph, ledger, day(2, 2))
    assert seconds_ahead(graph, survey(graph, look, 400), look) == {
        "in": 4.0, "left": 2.0, "right": 6.0, "end": 1.0, "new": 3.0,
    }  # fmt: skip
    nothing = seen(graph, ledger_of(), day(2, 2))
    assert seconds_ahead(graph, survey(graph, nothing, 400), nothing) == {}


def test_a_step_reads_the_versions_that_stand_or_are_to_come():
    ledger = past()
    ledger.append([replace(entry("right", day(1), "s", minute=2), outputs={"t.right": "4"})])
    graph = (*FAN, job("score", "end", "champion", "zone"))
    look = replace(
        seen(graph, ledger, day(0, 2)),
        version=lambda asset: "7" if asset.name == "t.left" else None,
        observe=lambda asset, interval: {"t.champion": "version 3", "t.zone": "a hash".replace(" ", "")}.get(
            asset.name
        ),
    )
    ahead = Plan((), {}, {"end": {day(1): "t"}})
    assert versions_read(FAN[3], Plan((), {}), look) == {"t.left": "7", "t.right": "4"}
    assert versions_read(graph[-1], ahead, look) == {"t.end": TO_COME, "t.champion": "version 3", "t.zone": AS_IT_IS}


def test_core_hours_are_slots_for_as_long_as_it_takes():
    assert core_hours(1800.0, 4) == 2.0

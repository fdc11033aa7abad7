"""The plan is a pure function of graph, ledger and what has landed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from graph_fakes import START, day, entry, job, ledger_of

from headrace.graph.job import Each, Latest, Once
from headrace.graph.ledger import Ledger
from headrace.graph.plan import Missing, due, not_ready, plan, steps, survey
from headrace.graph.select import ordered
from headrace.graph.stamps import carries_on
from headrace.graph.view import intervals_of, needed, view
from headrace.ground.interval import DAY, WEEK, Interval
from headrace.tables.landing import LandingZone

LANDED = {f"2017-01-{number:02d}": "files" for number in range(1, 32)}
ZONE = LandingZone("zone", Path("landing"))
INGEST = replace(job("ingest", lag=2 * DAY), inputs={"zone": ZONE})
NO_VERSION = "code or contract changed under the same version"
GRAPH = (INGEST, job("tiles", "ingest"), job("features", "tiles", history=("tiles",)))


def observer(landed: dict[str, str]):
    """What ``observe`` says: the landing zone is outside, the identity of its days as they are."""

    def observe(asset, interval):
        if asset.name != ZONE.name:
            return None
        return "|".join(landed.get(f"{piece.start:%Y-%m-%d}", "") for piece in interval.cut(DAY))

    return observe


def seen(graph, ledger: Ledger, asked: Interval, landed=LANDED, forced=()):
    return view(graph, ledger, observer(landed), asked, START, forced)


def told(planned) -> list[tuple[str, str, str]]:
    return [(step.job.name, step.interval.label(), step.why) for step in planned]


def settle(graph, asked: Interval, ledger: Ledger | None = None, landed=LANDED, state="done", minute=0) -> Ledger:
    """The ledger after all that is due in ``asked`` was done."""
    ledger = ledger or ledger_of()
    for one in graph:
        dues, missing = due(one, seen(graph, ledger, asked, landed))
        assert missing == ()
        if dues:
            ledger.append([entry(one.name, item.interval, item.stamp, state, minute, item.origin) for item in dues])
    return ledger


def test_what_was_never_done_is_due_in_as_few_steps_as_possible():
    assert told(plan(GRAPH, seen(GRAPH, ledger_of(), day(0, 5)), 400)) == [
        ("ingest", "2017-01-01..2017-01-06", "never done"),
        ("tiles", "2017-01-01..2017-01-06", "never done"),
        ("features", "2017-01-01..2017-01-06", "never done"),
    ]


def test_nothing_is_due_after_all_is_settled():
    ledger = settle(GRAPH, day(0, 5))
    assert plan(GRAPH, seen(GRAPH, ledger, day(0, 5)), 400) == ()
    assert plan(GRAPH, seen(GRAPH, ledger, day(2, 1)), 400) == (), "nor in a part of it"


def test_a_longer_run_makes_only_what_is_new():
    ledger = settle(GRAPH, day(0, 5))
    assert [step.interval for step in plan(GRAPH, seen(GRAPH, ledger, day(0, 7)), 400)] == [day(5, 2)] * 3


def test_a_changed_fingerprint_makes_the_job_and_what_is_below_due_and_nothing_above():
    ledger = settle(GRAPH, day(0, 5))
    changed = (GRAPH[0], replace(GRAPH[1], fingerprint="new"), GRAPH[2])
    assert told(plan(changed, seen(changed, ledger, day(0, 5)), 400)) == [
        ("tiles", "2017-01-01..2017-01-06", NO_VERSION),
        ("features", "2017-01-01..2017-01-06", "tiles will be made anew"),
    ]
    settle(changed, day(0, 5), ledger, minute=1)
    assert plan(changed, seen(changed, ledger, day(0, 5)), 400) == ()


def test_a_late_file_is_read_again_for_the_lag_and_below_only_where_it_is_read():
    """A file of day 2: ingest looks back two days, so days 2, 3 and 4; features read all earlier tiles."""
    ledger = settle(GRAPH, day(0, 8))
    late = LANDED | {"2017-01-03": "one file more"}
    found = plan(GRAPH, seen(GRAPH, ledger, day(0, 8), late), 400)
    assert told(found) == [
        ("ingest", "2017-01-03..2017-01-06", "late data of zone for these days"),
        ("tiles", "2017-01-03..2017-01-06", "ingest will be made anew"),
        ("features", "2017-01-03..2017-01-09", "tiles will be made anew"),
    ]
    settle(GRAPH, day(0, 8), ledger, late, minute=1)
    assert plan(GRAPH, seen(GRAPH, ledger, day(0, 8), late), 400) == ()


def test_a_job_is_due_again_only_where_what_it_reads_has_changed():
    """Made again with an equal stamp, a table changes nothing below."""
    ledger = settle(GRAPH, day(0, 3))
    again = seen(GRAPH, ledger, day(0, 3), forced=("ingest",))
    dues, _ = due(GRAPH[0], again)
    assert [(item.interval, item.why) for item in dues] == [(day(n), "forced") for n in range(3)]
    ledger.append([entry("ingest", item.interval, item.stamp, minute=1) for item in dues])
    assert due(GRAPH[1], seen(GRAPH, ledger, day(0, 3))) == ((), ())


def test_weeks_are_cut_from_the_projects_start_whatever_is_asked_for():
    weekly = job("weekly", every=Each(WEEK))
    assert intervals_of(weekly, seen((weekly,), ledger_of(), day(0, 20))) == (day(0, 7), day(7, 7))
    assert intervals_of(weekly, seen((weekly,), ledger_of(), day(3, 18))) == (day(7, 7), day(14, 7))
    assert intervals_of(weekly, seen((weekly,), ledger_of(), day(8, 5))) == ()


def test_a_week_reads_its_days_and_a_day_reads_only_whole_weeks():
    days, weekly = job("days"), job("weekly", "days", every=Each(WEEK))
    graph = (days, weekly, job("late", "weekly"))
    look = seen(graph, ledger_of(), day(0, 14))
    assert needed(weekly, "days", days, day(7, 7), look) == tuple(day(n) for n in range(7, 14))
    assert needed(graph[2], "weekly", weekly, day(6), look) == (day(0, 7),)
    assert needed(graph[2], "weekly", weekly, day(8), look) == ()


def test_the_latest_is_the_last_interval_asked_for_and_none_before():
    latest = job("report", every=Latest())
    assert intervals_of(latest, seen((latest,), ledger_of(), day(0, 5))) == (day(4),)
    weekly = job("report", every=Latest(WEEK))
    assert intervals_of(weekly, seen((weekly,), ledger_of(), day(0, 20))) == (day(7, 7),)


def test_who_reads_the_latest_reads_what_was_settled_last():
    latest = job("champion", every=Latest())
    reader = job("score", "champion")
    graph = (latest, reader)
    ledger = ledger_of(entry("champion", day(2), "s"), entry("champion", day(4), "t"))
    look = seen(graph, ledger, day(0, 8))
    assert needed(reader, "champion", latest, day(7), look) == (day(4),)
    assert needed(reader, "champion", latest, day(3), look) == (day(2),)
    assert needed(reader, "champion", latest, day(1), look) == (day(1),), "nothing yet: the one that is to come"


def test_once_is_due_when_its_span_is_over_and_not_before():
    once = job("train", every=Once(day(2, 5)))
    for asked, intervals in ((day(0, 6), ()), (day(0, 7), (day(2, 5),)), (day(20, 1), (day(2, 5),))):
        assert intervals_of(once, seen((once,), ledger_of(), asked)) == intervals
    reader = job("score", "train")
    assert needed(reader, "train", once, day(9), seen((once, reader), ledger_of(), day(9))) == (day(2, 5),)


def test_what_lacks_its_upstream_is_not_due_but_missing():
    dues, missing = due(GRAPH[1], seen(GRAPH, ledger_of(entry("ingest", day(0), "s")), day(0, 3)))
    assert [item.interval for item in dues] == [day(0)]
    assert missing == (Missing("ingest", day(1)), Missing("ingest", day(2)))


def test_with_history_every_earlier_interval_is_needed_though_it_was_not_asked_for():
    ledger = ledger_of(*(entry("tiles", day(n), "s") for n in (1, 2)))
    dues, missing = due(GRAPH[2], seen(GRAPH, ledger, day(2, 1)))
    assert (dues, missing) == ((), (Missing("tiles", day(0)),))


def test_a_refusal_is_not_tried_again_until_something_changes():
    gate = (job("gate"), job("below", "gate"))
    ledger = settle(gate[:1], day(0, 2), state="refused")
    assert due(gate[0], seen(gate, ledger, day(0, 2))) == ((), ())
    missing = due(gate[1], seen(gate, ledger, day(0, 2)))[1]
    assert missing == tuple(Missing("gate", day(n), refused=True) for n in (0, 1)), "nothing was published yet"
    assert "UPSTREAM_REFUSED" in not_ready("below", missing[0])
    before = settle(
        gate[:1], day(0, 2), ledger_of(*(entry("gate", day(n), "old") for n in (0, 1))), state="refused", minute=1
    )
    assert due(gate[1], seen(gate, before, day(0, 2)))[1] == (), "what is below goes on with what was there before"
    mended = (replace(gate[0], fingerprint="mended"), gate[1])
    assert [item.why for item in due(mended[0], seen(mended, ledger, day(0, 2)))[0]] == [NO_VERSION] * 2


def test_a_failure_is_tried_again():
    ledger = ledger_of(entry("a", day(0), "", "failed"))
    assert [item.why for item in due(job("a"), seen((job("a"),), ledger, day(0)))[0]] == ["never done"]


def test_a_forced_job_is_done_though_its_upstream_is_not():
    dues, missing = due(GRAPH[1], seen(GRAPH, ledger_of(), day(0, 2), forced=("tiles",)))
    assert [item.interval for item in dues] == [day(0), day(1)]
    assert missing == ()


def test_adjacent_intervals_are_one_step_of_at_most_so_many():
    a = job("a")
    dues, _ = due(a, seen((a,), ledger_of(entry("a", day(3), "other")), day(0, 8)))
    assert len(dues) == 8
    apart = [item for item in dues if item.interval != day(3)]
    assert [step.interval for step in steps(a, apart, 400)] == [day(0, 3), day(4, 4)]
    assert [step.interval for step in steps(a, apart, 2)] == [day(0, 2), day(2), day(4, 2), day(6, 2)]
    assert [len(step.dues) for step in steps(a, apart, 2)] == [2, 1, 2, 2]
    (step,) = steps(a, dues, 400)
    assert step.why == "new interval, code, contract or input changed"


def test_the_stamps_of_a_plan_are_those_that_the_run_writes():
    planned = plan(GRAPH, seen(GRAPH, ledger_of(), day(0, 2)), 400)
    ledger = settle(GRAPH, day(0, 2))
    for step in planned:
        assert {item.interval: item.stamp for item in step.dues} == {
            interval: entry.stamp for interval, entry in ledger.settled(step.job.name).items()
        }


def run_as_planned(graph, ledger: Ledger, asked: Interval, forced=(), landed=LANDED, lands=lambda landed: landed):
    """What a run would do, job after job, with the ledger and the landing zone as they are by then."""
    did = []
    for one in graph:
        look = seen(graph, ledger, asked, landed, forced)
        dues, missing = due(one, look)
        if missing or not dues:
            continue
        if one.name == "land":
            landed = lands(landed)
        did += [(step.job.name, step.interval) for step in steps(one, dues, 400)]
        ledger.append([entry(one.name, item.interval, item.stamp, minute=5) for item in dues])
    return did


LAND = replace(job("land", every=Once(day(0, 8))), outputs=(ZONE,))
WHOLE = (LAND, *GRAPH, job("report", "features", every=Latest()), job("below", "report", every=Latest()))


@pytest.mark.parametrize("forced", [(one.name,) for one in WHOLE] + [(), ("ingest", "features"), ("land", "tiles")])
@pytest.mark.parametrize("late", [{}, {"2017-01-03": "one file more"}], ids=["as it was", "late file"])
@pytest.mark.parametrize("changed", [None, "ingest", "tiles", "report"])
def test_a_run_does_what_the_plan_says(forced, late, changed):
    """Made again from the same inputs, a table changes nothing below; the plan knows it as the run does."""
    ledger = settle(WHOLE, day(0, 8))
    graph = tuple(replace(one, fingerprint="new") if one.name == changed else one for one in WHOLE)
    look = seen(graph, ledger, day(0, 8), LANDED | late, forced)
    planned = [(step.job.name, step.interval) for step in plan(graph, look, 400)]
    assert run_as_planned(graph, ledger, day(0, 8), forced, LANDED | late) == planned
    if changed is None and not late:
        assert {name for name, _ in planned} == set(forced), "what is below a forced job is up to date"


def test_where_a_job_will_change_what_lies_outside_nobody_knows_more_than_that():
    (_, ingest, *_) = planned = plan(WHOLE, seen(WHOLE, ledger_of(), day(0, 8)), 400)
    assert (ingest.why, {item.stamp for item in ingest.dues}) == ("never done", {None})
    did = run_as_planned(WHOLE, ledger_of(), day(0, 8), lands=lambda _: {"2017-01-01": "other files"})
    assert did == [(step.job.name, step.interval) for step in planned]


def test_what_is_not_ready_is_told_and_what_is_below_it_is_left_alone():
    ledger = ledger_of(entry("ingest", day(0), "s"))
    found = survey(GRAPH[1:], seen(GRAPH, ledger, day(0, 2)), 400)
    assert found.steps == ()
    assert found.not_ready == {"tiles": (Missing("ingest", day(1)),), "features": ()}


def test_the_plan_is_in_the_order_of_the_graph_and_the_order_of_jobs_is_found():
    turned = ordered(tuple(reversed(GRAPH)))
    assert [step.job.name for step in plan(turned, seen(turned, ledger_of(), day(0)), 1)] == [
        "ingest",
        "tiles",
        "features",
    ]


def test_planning_a_year_takes_well_under_a_second_a_job():
    year = Interval(START, START + timedelta(days=365))
    assert len(plan(GRAPH[:2], seen(GRAPH, ledger_of(), year), 400)) == 2


def test_a_day_carries_on_from_the_one_before_if_that_is_done_of_what_its_inputs_are_now():
    features = GRAPH[2]
    ledger = settle(GRAPH, day(0, 4))
    assert carries_on(features, day(4), seen(GRAPH, ledger, day(0, 5)))
    assert carries_on(features, day(4, 3), seen(GRAPH, ledger, day(0, 7))), "several days at once, too"
    assert not carries_on(features, day(5), seen(GRAPH, ledger, day(0, 6))), "the day before was never done"
    assert not carries_on(features, day(0), seen(GRAPH, ledger, day(0, 1))), "nothing is before the first day"
    assert not carries_on(features, day(4), seen(GRAPH, ledger, day(0, 5), forced=("features",))), "all of it is wanted"
    late = LANDED | {"2017-01-02": "one more file"}
    remade = settle(GRAPH[:2], day(1, 2), ledger, late, minute=1)
    assert not carries_on(features, day(4), seen(GRAPH, remade, day(0, 5), late)), "what it was made of was made anew"
    again = settle(GRAPH, day(0, 5))
    again.append([entry("features", day(4), "", "refused", minute=1)])
    assert not carries_on(features, day(4), seen(GRAPH, again, day(0, 5))), (
        "asked for anew and refused: still all of it"
    )
    assert carries_on(features, day(5), seen(GRAPH, settle(GRAPH, day(5), again, minute=2), day(0, 6)))
    whole = replace(features, every=Once(day(0, 5)))
    assert not carries_on(whole, day(0, 5), seen(GRAPH, ledger, day(0, 5)))

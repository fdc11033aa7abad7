"""Intervals of a zone in a graph: what they read, when they are due, and that stretches of any length ask for each once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

from fake_run import doing, fake_run
from graph_fakes import START, day, entry, job, ledger_of
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.graph.job import At, Each, Job, Latest, Once
from headrace.graph.ledger import Ledger
from headrace.graph.lint import Graph
from headrace.graph.plan import Missing, due, plan, steps, survey
from headrace.graph.stamps import carries_on
from headrace.graph.view import View, intervals_of, needed, over, view
from headrace.graph.waiting import wait
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import DAY, HOUR, WEEK, Interval

MARCH = datetime(2017, 3, 20, tzinfo=UTC)
"""A Monday; London's clocks change on the 26th."""
DAYS = job("days")
LONDON = job("london", "days", every=Each(DAY, "Europe/London"))
TOKYO = job("tokyo", "days", every=Each(DAY, "Asia/Tokyo"))
NEW_YORK = job("new_york", "days", every=Each(DAY, "America/New_York"))
WEEKS = job("weeks", "london", every=Each(WEEK, "Europe/London"))
GRAPH = (DAYS, LONDON, TOKYO, NEW_YORK, WEEKS)


def at(day_of_march: int, hour: float = 0) -> datetime:
    return MARCH + (day_of_march - 20) * DAY + hour * HOUR


def seen(graph: Graph, start: datetime, end: datetime, ledger: Ledger | None = None, origin: datetime = MARCH) -> View:
    return view(graph, ledger or ledger_of(), lambda *_: None, Interval(start, end), origin)


def utc(first: int, last: int) -> tuple[Interval, ...]:
    """The days of UTC from the ``first`` of March to the ``last``."""
    return tuple(Interval(at(number), at(number + 1)) for number in range(first, last + 1))


SHORT = Interval(at(26), at(26, 23))
"""London's 26 March."""


def test_a_local_day_reads_every_day_of_utc_that_it_touches() -> None:
    look = seen(GRAPH, MARCH, at(31))
    assert needed(LONDON, "days", DAYS, Interval(at(25), at(26)), look) == utc(25, 25), "in winter it is that day"
    assert needed(LONDON, "days", DAYS, SHORT, look) == utc(26, 26)
    assert needed(LONDON, "days", DAYS, Interval(at(26, 23), at(27, 23)), look) == utc(26, 27)
    assert needed(TOKYO, "days", DAYS, Interval(at(25, 15), at(26, 15)), look) == utc(25, 26)
    history = replace(LONDON, history=("days",))
    assert needed(history, "days", DAYS, Interval(at(26, 23), at(27, 23)), look) == utc(20, 27)
    week = Interval(at(20), at(26, 23))
    assert [piece.end - piece.start for piece in needed(WEEKS, "london", LONDON, week, look)] == [*[DAY] * 6, 23 * HOUR]


def test_a_local_day_is_ready_only_when_both_days_of_utc_are_done() -> None:
    piece = Interval(at(26, 23), at(27, 23))
    for done in (26, 27):
        ledger = ledger_of(entry("days", *utc(done, done), "s"))
        _, missing = due(LONDON, seen(GRAPH, at(27), at(28), ledger))
        assert missing == (Missing("days", *utc(53 - done, 53 - done)),)
    both = ledger_of(*(entry("days", one, "s") for one in utc(26, 27)))
    dues, missing = due(LONDON, seen(GRAPH, at(27), at(28), both))
    assert ([item.interval for item in dues], missing) == ([piece], ())


def test_when_either_day_of_utc_is_restated_the_local_day_is_made_anew() -> None:
    ledger = ledger_of(*(entry("days", one, "s") for one in utc(20, 30)))
    dues, _ = due(LONDON, seen(GRAPH, MARCH, at(31), ledger))
    ledger.append([entry("london", item.interval, item.stamp or "", minute=1) for item in dues])
    assert due(LONDON, seen(GRAPH, MARCH, at(31), ledger)) == ((), ())
    ledger.append([entry("days", *utc(28, 28), "other", minute=2)])
    again, _ = due(LONDON, seen(GRAPH, MARCH, at(31), ledger))
    assert [item.interval for item in again] == [Interval(at(n, 23), at(n + 1, 23)) for n in (27, 28)]


def test_what_reads_a_day_of_utc_that_is_not_over_is_not_due_yet_rather_than_not_ready() -> None:
    """Tokyo's 26 March is over at 15:00; the day of UTC that it ends in is not."""
    ledger = ledger_of(*(entry("days", one, "s") for one in utc(20, 25)))
    found = survey((TOKYO,), seen(GRAPH, MARCH, at(26, 16), ledger), 400)
    assert found.not_ready == {}
    assert found.steps[-1].interval.end == at(25, 15)
    assert over(TOKYO, Interval(at(25, 15), at(26, 15)), seen(GRAPH, MARCH, at(31))) == at(27)
    assert over(WEEKS, Interval(at(20), at(26, 23)), seen(GRAPH, MARCH, at(31))) == at(27), "by way of London's days"
    alone = job("alone", every=Each(DAY, "Asia/Tokyo"))
    assert intervals_of(alone, seen((alone,), MARCH, at(26, 16)))[-1].end == at(26, 15)


def test_days_of_utc_over_days_of_new_york_wait_for_the_one_that_reaches_beyond() -> None:
    graph = (job("new_york", every=Each(DAY, "America/New_York")), job("below", "new_york"))
    look = seen(graph, MARCH, at(27))
    assert needed(graph[1], "new_york", graph[0], *utc(25, 25), look) == tuple(
        Interval(at(n, 4), at(n + 1, 4)) for n in (24, 25)
    )
    assert intervals_of(graph[1], look) == utc(20, 25), "the 26th is not over in New York"
    assert survey(graph, look, 400).not_ready == {}
    assert intervals_of(graph[1], seen(graph, at(27), at(28))) == utc(26, 26), "so it is done with the day after"


def test_a_longer_interval_is_read_once_it_is_over_as_ever() -> None:
    daily = job("daily", "weeks", every=Each(DAY, "Europe/London"))
    look = seen((*GRAPH, daily), MARCH, at(31))
    week = Interval(at(20), at(26, 23))
    assert needed(daily, "weeks", WEEKS, SHORT, look) == (week,)
    assert needed(daily, "weeks", WEEKS, Interval(at(26, 23), at(27, 23)), look) == ()
    assert needed(replace(daily, history=("weeks",)), "weeks", WEEKS, Interval(at(26, 23), at(27, 23)), look) == (week,)


def test_a_span_that_is_done_once_reads_the_local_days_at_both_its_ends() -> None:
    train = job("train", "new_york", every=Once(Interval(at(22), at(24))))
    graph = (*GRAPH, train)
    look = seen(graph, MARCH, at(24))
    read = needed(train, "new_york", NEW_YORK, Interval(at(22), at(24)), look)
    assert (read[0].start, read[-1].end, len(read)) == (at(21, 4), at(24, 4), 3)
    assert intervals_of(train, look) == ()
    waits = wait(train, look)
    assert waits
    assert waits.until == at(25), "when the day of UTC is over in which New York's last one ends"
    assert len(intervals_of(train, seen(graph, MARCH, at(25)))) == 1


def test_a_local_day_that_is_not_over_is_waited_for_with_what_it_reads() -> None:
    first = wait(NEW_YORK, seen(GRAPH, MARCH, at(21)))
    assert first
    assert (first.until, first.on) == (
        at(22),
        "2017-03-20T04:00:00+00:00..2017-03-21T04:00:00+00:00, which it is done for, with what it reads,",
    )
    later = wait(NEW_YORK, seen(GRAPH, at(27, 5), at(27, 8)))
    assert later
    assert later.until == at(28)
    weekly = job("weekly", every=Latest(WEEK, "Europe/London"))
    waits = wait(weekly, seen((weekly,), MARCH, at(26, 22)))
    assert waits
    assert (waits.until, "with what" in waits.on) == (at(26, 23), False)


def test_carrying_on_looks_at_the_local_day_before_however_long_it_was() -> None:
    daily = job("daily", every=Each(DAY, "Europe/London"))
    dues, _ = due(daily, seen((daily,), MARCH, at(31)))
    short = next(item for item in dues if item.interval == SHORT)
    ledger = ledger_of(entry("daily", SHORT, short.stamp or ""))
    look = seen((daily,), MARCH, at(31), ledger)
    assert carries_on(daily, Interval(at(26, 23), at(27, 23)), look)
    assert not carries_on(daily, SHORT, look)
    assert not carries_on(daily, Interval(at(20), at(21)), look), "before the first there is none"


def test_adjacent_local_days_are_one_step_and_its_chunks_fit_together() -> None:
    daily = job("daily", every=Each(DAY, "Europe/London"))
    found = plan((daily,), seen((daily,), MARCH, at(31)), 400)
    assert [(step.interval, len(step.dues)) for step in found] == [(Interval(at(20), at(30, 23)), 11)]
    assert found[0].interval.label() == "2017-03-20..2017-03-30T23:00:00+00:00"
    chunks = steps(daily, found[0].dues, 3)
    assert [len(step.dues) for step in chunks] == [3, 3, 3, 2]
    assert all(one.interval.end == after.interval.start for one, after in pairwise(chunks))


ZONES = ("Europe/London", "America/New_York", "Asia/Tokyo", "Asia/Kolkata", "Pacific/Auckland", "UTC")


@st.composite
def stretches(draw: st.DrawFn) -> list[Interval]:
    """A span in pieces, cut at midnights of UTC or at whatever hour."""
    unit = draw(st.sampled_from([DAY, HOUR]))
    whole = 24 * DAY // unit
    inside = draw(st.sets(st.integers(1, whole - 1), max_size=12))
    edges = [MARCH + number * unit for number in sorted({0, *inside, whole})]
    return [Interval(start, end) for start, end in pairwise(edges)]


@given(stretches(), st.lists(st.sampled_from(ZONES), min_size=2, max_size=3), st.sampled_from([HOUR, DAY, WEEK]))
@settings(max_examples=60, deadline=None)
def test_rule_1_what_is_asked_for_stretch_by_stretch_is_done_once_and_is_all_of_it(
    pieces: list[Interval], zones: list[str], length: timedelta
) -> None:
    """A backfill by days of UTC cuts every local day in two; each belongs to the stretch in which it is over."""
    graph: tuple[Job, ...] = (job("a", every=Each(DAY if length == WEEK else length, zones[0])),)
    for name, above, zone in zip("bc", "ab", zones[1:], strict=False):
        graph += (job(name, above, every=Each(length, zone, "sunday" if length == WEEK else None)),)
    looks = [seen(graph, asked.start, asked.end) for asked in pieces]
    whole = seen(graph, pieces[0].start, pieces[-1].end)
    for one in graph:
        assert isinstance(one.every, Each)
        found = [piece for look in looks for piece in intervals_of(one, look)]
        assert len(found) == len(set(found))
        assert all(over(one, piece, look) <= look.asked.end for look in looks for piece in intervals_of(one, look))
        if one.every.calendar:  # what is counted from the start is whole in a stretch, or in none
            assert found == list(intervals_of(one, whole))


def test_a_backfill_in_chunks_goes_on_where_it_stopped_and_every_local_day_is_committed_once() -> None:
    """London's 2017 begins on the project's first day, in winter; 26 March is day 84."""
    short = Interval(START + 84 * DAY, START + 84 * DAY + 23 * HOUR)
    broken = [short]

    def work(at: At) -> Any:
        if any(at.interval.contains(one) for one in broken):
            raise HeadraceError("JOB_TIMEOUT", job="local", limit="none")
        return "rows"

    local = doing("local", work, "days", every=Each(DAY, "Europe/London"))
    ran = fake_run(doing("days", lambda at: "rows"), local, days=90, most_intervals=7, parallel_jobs=1)
    ran.go()
    made = [interval for name, interval in ran.commits.made if name == "t.local"]
    assert made[-1].end == START + 84 * DAY, "the chunk with the short day was not committed"
    broken.clear()
    ran.run.results.clear()
    assert ran.go() == 0
    made = [interval for name, interval in ran.commits.made if name == "t.local"]
    assert all(one.end == after.start for one, after in pairwise(made))
    assert (made[0].start, made[-1].end) == (START, day(89).start + 23 * HOUR)
    done = ran.ledger.done("local")
    assert len(done) == 90
    assert done[short].intervals == 6

"""The two lines that `headrace status` ends with."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from headrace.cli.choice import Choice
from headrace.cli.status import done_until, due_now
from headrace.features.entry import Entry, Freshness
from headrace.graph.job import Job
from headrace.graph.plan import Due, Plan, Step
from headrace.graph.reasons import NEVER_DONE
from headrace.graph.waiting import Wait
from headrace.ground.interval import DAY, Interval

START = datetime(2024, 3, 1, tzinfo=UTC)


def table(name: str, days: int | None) -> Entry:
    fresh = None if days is None else Freshness(0, START, START + timedelta(days=days))
    return Entry(kind="table", name=name, meaning="m", freshness=fresh)


def step(name: str, days: int) -> Step:
    job = Job(name, lambda *_: None, {}, ())
    dues = tuple(Due(Interval(START + n * DAY, START + (n + 1) * DAY), (NEVER_DONE,), None) for n in range(days))
    return Step(job, Interval(START, START + days * DAY), dues)


def test_tables_that_are_behind_stand_beside_those_that_are_not() -> None:
    tables = [table("a", 9), table("b", 2), table("c", 9), table("d", None)]
    assert done_until(tables) == "Done until: 2024-03-10 (2 tables), 2024-03-03 (1 table), never (1 table)"


def test_what_is_due_is_said_with_the_command_that_does_it() -> None:
    choice = Choice(Path(), "local")
    assert due_now(Plan((), {}), choice) == "Due now: nothing; everything is up to date."
    said = due_now(Plan((step("build", 2), step("build", 1), step("train", 1)), {}), choice)
    assert said == "Due now: build, train (4 intervals). Next: headrace run --env local"
    assert due_now(Plan((step("train", 1),), {}), choice).startswith("Due now: train (1 interval).")


def test_what_waits_is_said_with_until_when() -> None:
    waits = Wait("train", "label gone of 2024-03-07", START + 9 * DAY, START + 7 * DAY)
    assert due_now(Plan((), {}, waiting=(waits,)), Choice(Path(), "local")).splitlines() == [
        "Due now: nothing; everything else is up to date.",
        (
            "train waits: label gone of 2024-03-07 is over on 2024-03-10; data until then is needed, and what is asked for "
            "ends on 2024-03-08"
        ),
    ]

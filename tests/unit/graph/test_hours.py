"""Jobs of hours in a run: in chunks, each job after what it reads, and after a stop only what is left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from fake_run import doing, fake_run
from graph_fakes import START

from headrace.graph.job import At, Each
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import HOUR, Interval


def hours(first: int, last: int) -> Interval:
    """From hour ``first`` of the project to hour ``last``."""
    return Interval(START + first * HOUR, START + last * HOUR)


def test_hours_half_days_and_days_are_done_in_chunks_and_go_on_where_they_stopped() -> None:
    broken = {"at": START + 16 * HOUR}

    def work(at: At) -> Any:
        if at.start == broken.get("at"):
            raise HeadraceError("JOB_TIMEOUT", job="hours", limit="none")
        return "rows"

    ran = fake_run(
        doing("hours", work, every=Each(HOUR)),
        doing("halves", lambda at: "rows", "hours", every=Each(timedelta(hours=12))),
        doing("days", lambda at: "rows", "halves"),
        days=2,
        most_intervals=8,
        parallel_jobs=1,
    )
    ran.go()
    assert ran.commits.made == [("t.hours", hours(0, 8)), ("t.hours", hours(8, 16))]
    assert ran.run.results["hours"].state == "failed"

    broken.clear()
    ran.commits.made.clear()
    ran.run.results.clear()
    assert ran.go() == 0
    assert ran.commits.made == [
        *(("t.hours", hours(first, first + 8)) for first in (16, 24, 32, 40)),
        ("t.halves", hours(0, 48)),
        ("t.days", hours(0, 48)),
    ]
    assert len(ran.ledger.done("hours")) == 48
    assert len(ran.ledger.done("halves")) == 4

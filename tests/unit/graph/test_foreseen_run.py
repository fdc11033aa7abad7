"""A run that is listened to by whoever looks ahead: plan, time left, deadline, end. No Spark."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from fake_run import doing, fake_run
from graph_fakes import START, day, entry

from headrace.cli.foreseeing import Foreseeing
from headrace.ground.deadline import read_deadline
from headrace.ground.errors import DONE


def past(name: str, number: int, seconds: float) -> Any:
    """A step of an earlier run over one day, before the project's time."""
    made = entry(name, day(-9 + number), "old", minute=-9 + number)
    return replace(made, run_id=f"r{number}", seconds=seconds)


def test_a_run_knows_its_end_from_its_first_step_on_and_foretells_a_miss() -> None:
    """Four days of ``a`` cost 4 x 100 s, and the deadline is in five minutes: that is said before anything is done."""
    said: list[str] = []
    kept: dict[str, Any] = {}
    left: list[Any] = []
    clock = START + timedelta(hours=5, minutes=55)
    jobs = (doing("a", lambda at: left.append(ahead.left())), doing("b", lambda at: "rows", "a"))
    faked = fake_run(*jobs)
    faked.ledger.append([past(name, n, 100.0) for n in range(4) for name in ("a", "b")])
    ahead = Foreseeing(
        "r", jobs, {"t.b": read_deadline("06:00"), "t.gone": read_deadline("06:00")}, 2, 7, lambda: clock, said.append,
        kept.__setitem__,
    )  # fmt: skip
    faked.run.events = ahead.events
    assert ahead.left() is None
    assert faked.go() == DONE
    assert said[0].startswith("t.b: done about 06:08:")
    assert "8 min after 06:00 UTC" in said[0]
    (low, likely, high) = left[0]
    assert 790 < likely < 800
    assert (low, high) == (likely, likely), "four steps that took the same"
    assert [alert["table"] for alert in kept.values()] == ["t.b"]
    assert list(ahead.ended(faked.run.results)) == ["t.b: done in time, 5 min before 06:00 UTC"]

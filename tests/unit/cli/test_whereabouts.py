"""How far an application is: told at a modest rate by who runs it, and put together by who started several."""

from __future__ import annotations

import json
from typing import Any

import pytest

from headrace.cli.relay import Relay
from headrace.cli.standing import Standing, read_line
from headrace.cli.whereabouts import EVERY, MOST, Whereabouts, left_of, stages_of
from headrace.ground.stages import Stage

STAGES = tuple(Stage("tiles", number, 1, 8, 100, 0) for number in range(MOST + 5, 0, -1))


def test_it_is_told_every_few_seconds_and_never_of_more_than_some_stages() -> None:
    told: list[dict[str, Any]] = []
    ticks = iter((0.0, 1.0, EVERY - 0.1, EVERY, EVERY + 1))
    at = Whereabouts(
        lambda event, **about: told.append({"event": event, **about}),
        lambda: STAGES,
        lambda: (1, 2.04, 3),
        lambda: next(ticks),
    )
    for _ in range(5):
        at.events.passed()
    assert [(one["event"], one["left"]) for one in told] == [("at", [1, 2.0, 3])] * 2
    assert [stage["number"] for stage in told[0]["stages"]] == list(range(1, MOST + 1)), "the oldest"
    assert len(json.dumps(told[0])) < 4096, "a pipe takes it in one piece"


def test_only_a_part_of_a_run_tells_it(capsys: pytest.CaptureFixture[str], tmp_path: Any) -> None:
    """A file that somebody reads when the driver has died would only grow by it."""
    for relay in (Relay(), Relay(str(tmp_path / "told"))):
        relay.seeing(lambda: STAGES, lambda: None).passed()
    assert (capsys.readouterr().out, (tmp_path / "told").exists()) == ("", False)
    Relay("-").seeing(lambda: STAGES[-1:], lambda: None).passed()
    told = read_line(capsys.readouterr().out)
    assert told is not None
    standing = Standing(under_way={"tiles": 1})
    standing.hear(told)
    assert stages_of([standing]) == STAGES[-1:]
    assert left_of("tiles", [standing]) is None


def test_several_are_put_together_and_what_has_ended_is_left_out() -> None:
    def standing(job: str, number: int, left: list[float] | None) -> Standing:
        stage = {"job": job, "number": number, "done": 0, "tasks": 1, "rows": 0, "spilled": 0}
        return Standing(under_way={job: 1}, at={"stages": [stage], "left": left})

    first, second = standing("a", 1, [1, 2, 3]), standing("b", 7, None)
    assert stages_of([first, second, Standing()]) == (Stage("a", 1, 0, 1, 0, 0), Stage("b", 7, 0, 1, 0, 0))
    assert (left_of("a", [second, first]), left_of("b", [second, first]), left_of("c", [first])) == (
        (1, 2, 3),
        None,
        None,
    )
    first.hear({"event": "finished", "job": "a"})
    assert stages_of([first]) == ()
    assert left_of("a", [first]) is None
    assert stages_of([second, Standing(at={"stages": None})]) is None, "Spark Connect shows no stages"

"""What a run does after an error: by its class again, later, in halves, or not; and jobs that take too long. No Spark."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from fake_run import doing, fake_run
from graph_fakes import day, job
from pyspark.errors import PySparkException

from headrace.graph.again import LONGEST, again, halves
from headrace.graph.events import Events
from headrace.graph.job import At
from headrace.graph.plan import Due, Step
from headrace.graph.reasons import NEVER_DONE
from headrace.ground.errors import DONE, FAILED, HeadraceError, catalogue
from headrace.ground.interval import DAY


def step(days: int) -> Step:
    return Step(job("a"), day(0, days), tuple(Due(day(n), (NEVER_DONE,), "s") for n in range(days)))


def error(code: str) -> HeadraceError:
    return HeadraceError(code, cause="c")


def test_what_the_catalogue_says_of_each_class() -> None:
    ways = {code: entry.again for code, entry in catalogue().items() if entry.retryable}
    assert {code for code, way in ways.items() if way == "in halves"} == {
        "TASK_MEMORY", "EXECUTOR_LOST", "DRIVER_DIED",
    }  # fmt: skip
    assert {code for code, way in ways.items() if way == "later"} >= {"WRITE_CONFLICT", "COMMIT_NOT_SEEN"}
    assert ways["WORKER_DIED"] == "at once"
    assert all(entry.again == "at once" for entry in catalogue().values() if not entry.retryable)


@pytest.mark.parametrize("code", ["FORMULA_FAILED", "FEATURE_OVERFLOW", "SPARK_GONE", "SCORE_INVALID"])
def test_bad_input_and_an_end_of_spark_are_not_tried_again(code: str) -> None:
    assert catalogue()[code].retryable is False


def test_nor_is_what_the_catalogue_does_not_know() -> None:
    assert again(step(4), PySparkException("?"), 1, 9, "r") is None


def test_halves_are_adjacent_and_whole() -> None:
    one, other = halves(step(5))
    assert (one.interval, other.interval) == (day(0, 2), day(2, 3))
    assert [len(part.dues) for part in (one, other)] == [2, 3]


def test_a_conflict_waits_for_a_random_while_that_grows_and_is_the_same_each_time() -> None:
    waits = [found.after for n in range(1, 9) if (found := again(step(1), error("WRITE_CONFLICT"), n, 10, "r a"))]
    assert all(0 <= wait <= min(2.0**n, LONGEST) for n, wait in enumerate(waits, 1))
    assert len(set(waits)) == 8
    assert again(step(1), error("WRITE_CONFLICT"), 1, 10, "r a") == again(
        step(1), error("WRITE_CONFLICT"), 1, 10, "r a"
    )
    assert again(step(1), error("WRITE_CONFLICT"), 1, 10, "r b") != again(
        step(1), error("WRITE_CONFLICT"), 1, 10, "r a"
    )
    assert again(step(1), error("WRITE_CONFLICT"), 10, 10, "r a") is None


def failing(where: Callable[[At], bool], code: str, times: int = 99) -> Callable[[At], Any]:
    """Work that fails where it is asked to, so many times."""
    left = [times]

    def work(at: At) -> str:
        if where(at) and left[0]:
            left[0] -= 1
            raise error(code)
        return "rows"

    return work


def too_long(most: int) -> Callable[[At], bool]:
    return lambda at: (at.end - at.start) / DAY > most


@pytest.mark.parametrize("code", ["TASK_MEMORY", "EXECUTOR_LOST"])
def test_a_step_that_needs_too_much_is_done_in_parts_each_written_down_on_its_own(code: str) -> None:
    faked = fake_run(doing("a", failing(too_long(2), code)), days=7)
    assert faked.go() == DONE
    parts = [day(0), day(1, 2), day(3, 2), day(5, 2)]
    assert [interval for _, interval in faked.commits.made] == parts
    assert faked.retried == [("a", code)] * 3
    assert {entry.interval: entry.intervals for entry in faked.ledger.entries} == {
        day(n): 1 if n == 0 else 2 for n in range(7)
    }
    result = faked.run.results["a"]
    assert (result.state, result.intervals, result.rows_out) == ("done", 7, 40)


def test_parts_that_were_done_stay_done_where_another_fails_for_good() -> None:
    """Day 5 never fits: everything before it is in the ledger, and of it there is one failure."""
    faked = fake_run(
        doing("a", failing(lambda at: at.start <= day(5).start < at.end, "TASK_MEMORY")), days=8, attempts=2
    )
    assert faked.go() == FAILED
    assert [interval for _, interval in faked.commits.made] == [day(0, 4), day(4)]
    failed = [entry for entry in faked.ledger.entries if entry.state == "failed"]
    assert [(entry.interval, entry.note.partition(":")[0]) for entry in failed] == [(day(5), "TASK_MEMORY")]
    assert len(faked.retried) == 4, "whole, half, quarter, and once alone"
    assert sorted(faked.ledger.done("a")) == [day(n) for n in range(5)]


def test_a_conflict_is_tried_again_later_and_a_worker_at_once() -> None:
    faked = fake_run(doing("a", failing(lambda at: True, "WRITE_CONFLICT", 2)), attempts=3)
    assert faked.go() == DONE
    assert len(faked.sessions.waited) == 2
    assert all(wait > 0 for wait in faked.sessions.waited)
    assert [interval for _, interval in faked.commits.made] == [day(0, 4)]
    died = fake_run(doing("a", failing(lambda at: True, "WORKER_DIED", 1)))
    assert (died.go(), died.sessions.waited) == (DONE, [0.0])


def test_bad_input_fails_at_once_and_siblings_go_on() -> None:
    def bad(at: At) -> None:
        raise PySparkException("[CAST_INVALID_INPUT] 'x' cannot be cast")

    faked = fake_run(doing("a", bad), doing("below", lambda at: "rows", "a"), doing("b", lambda at: "rows"), attempts=5)
    assert faked.go() == FAILED
    assert faked.retried == []
    assert {name: result.state for name, result in faked.run.results.items()} == {
        "a": "failed", "below": "skipped", "b": "done",
    }  # fmt: skip


@pytest.mark.parametrize("own", [True, False])
def test_a_job_that_takes_too_long_is_cancelled_fails_as_such_and_is_not_tried_again(own: bool) -> None:
    limit = timedelta(seconds=0.05)

    def hang(at: At) -> None:
        assert faked.sessions.hit["a"].wait(20), "nobody has cancelled it"
        raise HeadraceError("EXECUTOR_LOST", cause="Job cancelled")  # whatever Spark says of it

    more = {"timeout": limit} if own else {}
    faked = fake_run(
        doing("a", hang, **more), doing("b", lambda at: "rows"), timeout=None if own else timedelta(seconds=2)
    )
    assert faked.go() == FAILED
    result = faked.run.results["a"]
    assert isinstance(result.error, HeadraceError)
    assert result.error.code == "JOB_TIMEOUT"
    assert faked.retried == []
    assert set(faked.sessions.cancelled) == {"a"}
    assert faked.run.results["b"].state == "done"
    (failed,) = (entry for entry in faked.ledger.entries if entry.state == "failed")
    assert failed.note.startswith("JOB_TIMEOUT: a took longer than")
    assert failed.seconds > 0


def test_what_no_cancelling_reaches_commits_nothing_once_it_is_late() -> None:
    def stubborn(at: At) -> str:
        faked.sessions.hit["a"].wait(20)
        return "rows"

    faked = fake_run(doing("a", stubborn, timeout=timedelta(seconds=0.05)))
    assert faked.go() == FAILED
    assert faked.commits.made == []


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_an_interrupt_cancels_and_what_was_done_is_in_the_ledger(kind: type[BaseException]) -> None:
    started = threading.Event()

    def hang(at: At) -> None:
        started.set()
        faked.sessions.hit["b"].wait(20)
        raise error("EXECUTOR_LOST")

    def interrupt() -> None:
        if started.wait(0):
            raise kind

    faked = fake_run(doing("a", lambda at: "rows"), doing("b", hang, "a"), events=Events(passed=interrupt))
    began = time.monotonic()
    with pytest.raises(kind):
        faked.go()
    assert time.monotonic() - began < 15
    assert [(entry.job, entry.state) for entry in faked.ledger.entries] == [("a", "done")] * 4
    assert [name for name, _ in faked.commits.made] == ["t.a"]


def test_a_job_that_whoever_looks_on_will_not_have_go_on_is_cancelled_and_fails_as_they_say() -> None:
    def spend(at: At) -> None:
        assert faked.sessions.hit["a"].wait(20)
        raise HeadraceError("EXECUTOR_LOST", cause="Job cancelled")

    dear = HeadraceError("JOB_BUDGET", job="a", spent="2 USD", budget=1)
    faked = fake_run(doing("a", spend))
    faked.run.over = lambda job: dear
    assert faked.go() == FAILED
    assert faked.run.results["a"].error is dear
    assert faked.retried == []

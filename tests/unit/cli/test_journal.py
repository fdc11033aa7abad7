"""A run as lines of JSON: what each holds, what none may hold, and a disk that takes no more. No Spark."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headrace.cli.journal import Journal, prune
from headrace.graph.job import Job
from headrace.graph.ledger import Entry
from headrace.graph.plan import Due, Step
from headrace.graph.reasons import NEVER_DONE
from headrace.graph.result import JobResult
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import DAY, Interval
from headrace.ground.secret import reveal

AT = datetime(2024, 3, 1, 4, 30, 0, 250_000, tzinfo=UTC)
DAYS = Interval(datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 3, tzinfo=UTC))


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "logs/night.jsonl", "night", lambda: AT, lambda text: None)


def step(days: int = 2) -> Step:
    interval = Interval(DAYS.start, DAYS.start + days * DAY)
    return Step(
        Job("tiles", lambda *_: None, {}, ()),
        interval,
        tuple(Due(day, (NEVER_DONE,), "s") for day in interval.cut(DAY)),
    )


def lines(journal: Journal) -> list[dict[str, Any]]:
    return [json.loads(line) for line in journal.path.read_text(encoding="utf-8").splitlines()]


def test_each_line_has_time_level_run_job_interval_and_attempt(journal: Journal) -> None:
    events = journal.events
    with journal.over(DAYS):
        events.started(step())
        events.retried("tiles", HeadraceError("TASK_MEMORY", cause="heap"))
        events.started(step(1))
        events.started(step(1))
        entry = Entry(AT, "night", "tiles", step(1).interval, "done", "s", 2.0004, 10, 9, 1, {"tiles.visits": "7"})
        events.recorded(step(1), [entry])
        events.finished(JobResult("tiles", "done", 2.0, 10, 9, 1))
    found = lines(journal)
    assert [(line["event"], line["level"]) for line in found] == [
        ("run began", "info"), ("step began", "info"), ("tried again", "warning"), ("step began", "info"),
        ("step began", "info"), ("step ended", "info"), ("job ended", "info"), ("run ended", "info"),
    ]  # fmt: skip
    assert {(line["time"], line["run"]) for line in found} == {("2024-03-01T04:30:00.250000Z", "night")}
    assert [(line["interval"], line.get("attempt")) for line in found[1:6]] == [
        ("2024-03-01..2024-03-03", 1), ("2024-03-01..2024-03-03", 1),
        ("2024-03-01..2024-03-02", 1), ("2024-03-01..2024-03-02", 2), ("2024-03-01..2024-03-02", 2),
    ]  # fmt: skip
    assert (found[5]["rows_out"], found[5]["seconds"], found[5]["outputs"]) == (9, 2.0, {"tiles.visits": "7"})
    assert found[2]["error"] == "TASK_MEMORY"
    assert found[1]["why"] == "never done"


def test_no_secret_and_nothing_of_an_unknown_error_is_in_it(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEADRACE_TEST_LOG", 's3cret"word')
    reveal("env:HEADRACE_TEST_LOG", "k")
    journal.events.warned("tiles", 'the store at s3cret"word is slow')
    journal.events.finished(
        JobResult("tiles", "failed", note="ValueError: bob", error=ValueError("customer bob broke"))
    )
    journal.events.finished(JobResult("score", "skipped", note="tiles failed"))
    text = journal.path.read_text(encoding="utf-8")
    assert "s3cret" not in text
    assert "bob" not in text
    warned, failed, skipped = lines(journal)
    assert warned["told"] == "the store at env:HEADRACE_TEST_LOG is slow"
    assert (failed["level"], failed["error"], failed["told"]) == ("error", "ValueError", "")
    assert (skipped["level"], skipped["told"], skipped["interval"]) == ("warning", "tiles failed", None)


def test_a_run_that_is_interrupted_has_its_last_line(journal: Journal) -> None:
    with pytest.raises(KeyboardInterrupt), journal.over(DAYS):
        raise KeyboardInterrupt
    assert lines(journal)[-1]["error"] == "KeyboardInterrupt"


def test_a_log_that_cannot_be_written_is_said_once_and_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "logs").write_text("a file", encoding="utf-8")
    said: list[str] = []
    journal = Journal(tmp_path / "logs/night.jsonl", "night", lambda: AT, said.append)
    journal.write("info", "one")
    journal.write("info", "two")
    assert said == [f"No more of the log is kept: {journal.path} cannot be written (File exists)."]


def test_the_oldest_logs_go(tmp_path: Path) -> None:

    for age in range(5):
        path = tmp_path / f"{age}.jsonl"
        path.write_text("{}", encoding="utf-8")
        then = (AT - timedelta(days=age)).timestamp()
        os.utime(path, (then, then))
    prune(tmp_path, "*.jsonl", 3)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["0.jsonl", "1.jsonl", "2.jsonl"]
    prune(tmp_path / "none", "*", 1)

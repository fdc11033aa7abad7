"""Budgets, bills beside the log, and the run before. No Spark."""

from __future__ import annotations

from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import tiny
from rich.console import Console

from headrace.cli.eventlog import logged
from headrace.cli.loading import load_graph, open_project
from headrace.cli.spending import Spending, before, keep_bill, read_bills, show_bill
from headrace.graph.job import Job
from headrace.ground.config import Budget, Cost
from headrace.ground.errors import HeadraceError
from headrace.monitoring.spent import Meter, Spent

COST = Cost(per_core_hour=1.0, budgets={"tiles": Budget(money=0.5, then="stop"), "score": Budget(money=0.1)})


def spending(tmp_path: Path, **seconds: float) -> Spending:
    return Spending(Meter(tmp_path / "none", {job: Spent(took, 2048, 5) for job, took in seconds.items()}), COST)


def job(name: str) -> Job:
    return Job(name, lambda *_: None, {}, ())


def test_a_budget_stops_one_job_and_warns_of_another_once(tmp_path: Path) -> None:
    over = spending(tmp_path, tiles=1801.0, score=361.0, land=99999.0)
    stopped = over.over(job("tiles"))
    assert isinstance(stopped, HeadraceError)
    assert str(stopped).startswith("JOB_BUDGET: tiles spent 0.5003 USD, more than its budget of 0.5")
    assert over.over(job("score")) is None
    assert over.over(job("land")) is None
    assert list(over.warnings()) == [("score", "JOB_BUDGET: score spent 0.1003 USD, more than its budget of 0.1")]
    assert list(over.warnings()) == []


def test_within_its_budget_or_without_a_log_nothing_is_said(tmp_path: Path) -> None:
    within = spending(tmp_path, tiles=1800.0, score=360.0)
    assert within.over(job("tiles")) is None
    assert list(within.warnings()) == []
    blind = Spending(None, COST)
    assert (blind.over(job("tiles")), list(blind.warnings()), blind.jobs()) == (None, [], {})


def test_a_bill_is_kept_and_stands_beside_the_run_before(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    days: list[dict[str, float]] = [{"tiles": 100.0, "score": 10.0}, {"score": 20.0}, {"tiles": 150.0}]
    for number, seconds in enumerate(days, 1):
        assert keep_bill(logs, f"r{number}", datetime(2024, 3, number, tzinfo=UTC), spending(tmp_path, **seconds))
    assert keep_bill(logs, "r4", datetime(2024, 3, 4, tzinfo=UTC), Spending(None, COST)) is None
    bills = read_bills(logs)
    assert [bill.run_id for bill in bills] == ["r1", "r2", "r3"]
    assert before(bills, bills[2], "tiles") == Spent(100.0, 2048, 5)
    assert before(bills, bills[0], "tiles") is None
    told = StringIO()
    show_bill(Console(file=told, width=150), bills, "r3")
    lines = told.getvalue().splitlines()
    assert lines[1].split() == ["tiles", "150.0", "2.0", "KiB", "5", "B", "0", "B", "0.04167", "0.02778", "+50%"]
    assert lines[2] == "Cost: 150.0 core-seconds, 0.04167 USD at 1.0 a core-hour"
    show_bill(Console(file=told, width=150), bills, "r4")
    assert told.getvalue().splitlines()[-1] == "What it cost is not known: Spark kept no event log here."


def test_an_event_log_that_is_turned_on_gets_a_place_and_no_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    on = {"spark.eventLog.enabled": "true", "a": "b"}
    told = logged(on, tmp_path / "spark")
    assert (tmp_path / "spark").is_dir()
    assert told["spark.eventLog.dir"] == (tmp_path / "spark").as_uri()
    assert (told["spark.eventLog.rolling.enabled"], told["a"]) == ("false", "b")
    own = on | {"spark.eventLog.dir": "s3a://logs/x"}
    assert logged(own, tmp_path / "other") == own
    assert logged({"a": "b"}, tmp_path / "other") == {"a": "b"}
    monkeypatch.setenv("HEADRACE_TEST_LOG", "v3ry-hidden")
    hidden = logged(on | {"spark.own.thing": "env:HEADRACE_TEST_LOG"}, tmp_path / "spark")
    assert hidden["spark.own.thing"] == "v3ry-hidden"
    assert hidden["spark.redaction.regex"] == r"(?i)secret|password|token|access[.]?key|spark\.own\.thing"
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize(
    ("cost", "code", "said"),
    [
        ("{budgets: {build_tile: {money: 1}}}", "GRAPH_INVALID", "Did you mean 'build_tiles'?"),
        ("{budgets: {build_tiles: {money: 0}}}", "DOCUMENT_INVALID", "money"),
        ("{budgets: {build_tiles: {money: 1, then: ask}}}", "DOCUMENT_INVALID", "then"),
    ],
)
def test_a_budget_that_cannot_be_is_refused(tmp_path: Path, cost: str, code: str, said: str) -> None:
    root: Any = tiny.make_project(tmp_path, days=0)
    with pytest.raises(HeadraceError) as raised:
        load_graph(open_project(root, "local", (f"cost={cost}",)))
    assert raised.value.code == code
    assert said in str(raised.value)

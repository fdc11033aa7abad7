"""What jobs spent, from a literal event log that grows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from headrace.monitoring.spent import POOL, Meter, Spent


def line(event: dict[str, Any]) -> str:
    """As Spark writes it: without spaces, the event's name first."""
    return json.dumps(event, separators=(",", ":")) + "\n"


def submitted(stage: int, pool: str | None, attempt: int = 0) -> str:
    properties = {POOL: pool} if pool else {}
    info = {"Stage ID": stage, "Stage Attempt ID": attempt}
    return line({"Event": "SparkListenerStageSubmitted", "Stage Info": info, "Properties": properties})


def task(stage: int, ms: int, read: int = 0, shuffled: int = 0, spilled: int = 0, attempt: int = 0) -> str:
    metrics = {
        "Executor Run Time": ms,
        "Disk Bytes Spilled": spilled,
        "Input Metrics": {"Bytes Read": read},
        "Shuffle Write Metrics": {"Shuffle Bytes Written": shuffled},
    }
    told = {"Event": "SparkListenerTaskEnd", "Stage ID": stage, "Stage Attempt ID": attempt, "Task Metrics": metrics}
    return line(told)


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "app.inprogress"


def test_tasks_count_for_the_job_in_whose_pool_their_stage_was(log: Path) -> None:
    lost = line({"Event": "SparkListenerTaskEnd", "Stage ID": 1, "Stage Attempt ID": 0})
    parts = [submitted(1, "tiles"), task(1, 1500, 10, 20), submitted(1, "tiles", 1), task(1, 500, 1, 2, 3, attempt=1)]
    parts += [submitted(2, "score"), task(2, 250), submitted(3, None), task(3, 9000), lost]
    log.write_text("".join(parts), encoding="utf-8")
    assert Meter(log).read() == {"tiles": Spent(2.0, 11, 22, 3), "score": Spent(0.25)}


def test_a_log_is_read_on_as_it_grows_and_a_half_line_waits(log: Path) -> None:
    meter = Meter(log)
    assert meter.read() == {}
    whole = submitted(1, "tiles") + task(1, 1000)
    with log.open("a", encoding="utf-8") as file:
        file.write(whole[:-5])
        file.flush()
        assert meter.read() == {}
        file.write(whole[-5:] + task(1, 500))
        file.flush()
    assert meter.read() == {"tiles": Spent(1.5)}
    assert meter.read() == {"tiles": Spent(1.5)}


def test_what_an_application_did_before_is_left_out(log: Path) -> None:
    log.write_text(submitted(1, "tiles") + task(1, 1000), encoding="utf-8")
    meter = Meter(log)
    meter.skip()
    with log.open("a", encoding="utf-8") as file:
        file.write(submitted(2, "tiles") + task(2, 700))
    assert meter.read() == {"tiles": Spent(0.7)}


def test_a_core_hour_costs_what_the_configuration_says() -> None:
    assert Spent(1800.0).price(0.05) == pytest.approx(0.025)

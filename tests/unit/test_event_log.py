"""Shares of operators and bytes to the driver, from a log that is small enough to be added up by hand."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks import event_log


def node(name: str, metrics: dict[int, tuple[str, str]], *children: dict[str, Any], text: str = "") -> dict[str, Any]:
    told = [{"accumulatorId": at, "name": metric, "metricType": kind} for at, (metric, kind) in metrics.items()]
    return {"nodeName": name, "simpleString": text or name, "metrics": told, "children": list(children)}


def stage(
    number: int, job: str, run_ms: list[int], values: dict[int, float], submitted: int = 100
) -> list[dict[str, Any]]:
    info = {"Stage ID": number, "Stage Attempt ID": 0, "Submission Time": submitted}
    told = [{"ID": at, "Value": str(value), "Metadata": "sql"} for at, value in values.items()]
    tasks = [
        {
            "Event": "SparkListenerTaskEnd",
            "Stage ID": number,
            "Stage Attempt ID": 0,
            "Task Metrics": {
                "Executor Run Time": time,
                "Executor CPU Time": time * 500_000,
                "JVM GC Time": 1,
                "Result Size": 1000,
                "Peak Execution Memory": time * 10,
                "Input Metrics": {"Records Read": time},
                "Shuffle Read Metrics": {"Total Records Read": 1, "Remote Bytes Read": 2, "Local Bytes Read": 3},
            },
        }
        for time in run_ms
    ]
    return [
        {"Event": "SparkListenerStageSubmitted", "Stage Info": info, "Properties": {"spark.scheduler.pool": job}},
        *tasks,
        {"Event": "SparkListenerStageCompleted", "Stage Info": {**info, "Accumulables": told}},
    ]


SCAN = node("Scan parquet ", {3: ("scan time", "timing"), 4: ("number of output rows", "sum")})
PARTIAL = node(
    "HashAggregate",
    {2: ("time in aggregation build", "timing")},
    node("WholeStageCodegen (1)", {5: ("duration", "timing")}, SCAN),
)
EXCHANGE = node(
    "Exchange",
    {10: ("shuffle write time", "nsTiming"), 11: ("fetch wait time", "timing")},
    PARTIAL,
    text="Exchange hashpartitioning(user_id#7, day#8, 4), REPARTITION",
)
PLAN = node("AdaptiveSparkPlan", {}, node("HashAggregate", {1: ("time in aggregation build", "timing")}, EXCHANGE))


@pytest.fixture
def log(tmp_path: Path) -> event_log.Log:
    events = [
        {"Event": "SparkListenerLogStart"},
        {"Event": event_log.PLANS[0], "executionId": 0, "sparkPlanInfo": PLAN},
        *stage(0, "tiles", [60, 40], {3: 30, 4: 7, 2: 80, 5: 99, 10: 5e6}),
        *stage(1, "tiles", [40], {11: 10, 1: 25}, submitted=200),
        *stage(2, "other", [1000], {}),
    ]
    path = tmp_path / "log"
    path.write_text("".join(json.dumps(event) + "\n" for event in events), encoding="utf-8")
    return event_log.read(path)


def test_times_are_split_as_the_definition_says(log: event_log.Log) -> None:
    assert log.operators("tiles") == {
        "scan: Scan parquet": 30.0,
        "aggregate: HashAggregate": (80 - 30) + (25 - 10),
        "shuffle write: Exchange by user_id, day": 5.0,
        "shuffle read, waiting: Exchange by user_id, day": 10.0,
        "pipeline: Scan parquet > HashAggregate > Exchange by user_id, day": 100 - 30 - 50 - 5,
        "pipeline: Exchange by user_id, day > HashAggregate": 40 - 10 - 15,
    }
    assert sum(log.operators("tiles").values()) == 140, "the run time of its tasks, no more and no less"


def test_shares_are_of_the_jobs_own_tasks(log: event_log.Log) -> None:
    told = list(event_log.dearest(log.operators("tiles")))
    assert [round(share * 140) for _, share in told] == [65, 30, 15]
    assert list(event_log.dearest(log.operators("nothing"))) == []


def test_what_comes_to_the_driver_is_added_up_by_job_and_time(log: event_log.Log) -> None:
    assert sum(stage.result_bytes for stage in log.of("tiles")) == 3000
    assert sum(stage.cpu_ms for stage in log.of("tiles")) == 70
    assert sum(stage.tasks for stage in log.between(150, 300).of("tiles")) == 1


def test_what_tasks_read_is_kept_task_by_task(log: event_log.Log) -> None:
    first, second = log.of("tiles")
    assert (first.records, first.shuffled_bytes, first.peak_bytes) == ([61, 41], [5, 5], 600)
    assert (second.records, second.shuffled_bytes) == ([41], [5])

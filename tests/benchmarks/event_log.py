"""What a Spark event log (plain JSON lines, not rolled) tells of time by operator and of what came to the driver.

Spark runs the operators between two exchanges as one stage, row by row through generated code, so most of them have no
time of their own. Some do, since they work off their input before they give anything on, or wait: they are *measured*.
The rest of a stage is its *pipeline*, named by the operators that run fused in it. An operator here is one or the other:

- measured: a plan node's own timing metric in MEASURED. ``time in aggregation build`` holds what the aggregate drew its
  rows through; the measured times of nodes below it in the same stage are taken off;
- pipeline: executor run time of the stage's tasks less what is measured in it.

The *share* of an operator is its part of the executor run time of all tasks of its job (of the graph). These times are
of tasks and add up over cores; they hold garbage collection and I/O, and nothing that the driver does.

    ./spark-submit.sh --exec python tests/benchmarks/event_log.py LOG    prints all of it for any application's log
"""

from __future__ import annotations

import json
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

SQL = "org.apache.spark.sql.execution.ui.SparkListenerSQL"
PLANS = (f"{SQL}ExecutionStart", f"{SQL}AdaptiveExecutionUpdate")
MEASURED = {
    "sort time": "sort",
    "scan time": "scan",
    "shuffle write time": "shuffle write",
    "fetch wait time": "shuffle read, waiting",
    "time in aggregation build": "aggregate",
    "task commit time": "commit of files",
    "time to run Python workers": "Python",
}
HOLDS_ITS_INPUT = "time in aggregation build"
WRAPPERS = (
    "WholeStageCodegen",
    "InputAdapter",
    "AQEShuffleRead",
    "ShuffleQueryStage",
    "TableCacheQueryStage",
    "AdaptiveSparkPlan",
    "ColumnarToRow",
    "Subquery",
    "BroadcastQueryStage",
)


@dataclass(frozen=True)
class Metric:
    """A metric of a plan node: whose it is, its name, and how many milliseconds one of its units is."""

    node: int
    depth: int
    label: str
    name: str
    unit: float


@dataclass
class Stage:
    """One attempt of a stage, as its tasks left it."""

    job: str = "other"
    submitted: float = 0.0
    run_ms: float = 0.0
    cpu_ms: float = 0.0
    tasks: int = 0
    result_bytes: int = 0
    gc_ms: float = 0.0
    name: str = ""
    records: list[int] = field(default_factory=list)
    shuffled_bytes: list[int] = field(default_factory=list)
    peak_bytes: int = 0
    values: dict[int, float] = field(default_factory=dict)


@dataclass
class Log:
    """A log that was read: stages, and the plan nodes that their accumulators belong to."""

    stages: dict[tuple[int, int], Stage] = field(default_factory=lambda: defaultdict(Stage))
    metrics: dict[int, Metric] = field(default_factory=dict)
    parents: dict[int, int] = field(default_factory=dict)
    unmeasured: Iterator[int] = field(default_factory=lambda: count(-1, -1))

    def between(self, began: float, ended: float) -> Log:
        """The stages that were submitted in a span of time (ms)."""
        kept = {key: stage for key, stage in self.stages.items() if began <= stage.submitted <= ended}
        return Log(kept, self.metrics, self.parents)

    def of(self, job: str) -> list[Stage]:
        """The stages of one job of the graph."""
        return [stage for stage in self.stages.values() if stage.job == job]

    def operators(self, job: str) -> Counter[str]:
        """Milliseconds of executor run time by operator."""
        found: Counter[str] = Counter()
        for stage in self.of(job):
            found.update(self._split(stage))
        return found

    def _split(self, stage: Stage) -> dict[str, float]:
        touched = {at: self.metrics[at] for at in stage.values if at in self.metrics}
        raw = {at: stage.values[at] * metric.unit for at, metric in touched.items() if metric.name in MEASURED}
        own = {at: max(0.0, time - self._below(at, raw)) for at, time in raw.items()}
        total = sum(own.values())
        scale = min(1.0, stage.run_ms / total) if total else 1.0
        split: Counter[str] = Counter()
        for at, time in own.items():
            split[f"{MEASURED[touched[at].name]}: {touched[at].label}"] += time * scale
        split[_pipeline(touched.values())] += max(0.0, stage.run_ms - total)
        return split

    def _below(self, at: int, raw: dict[int, float]) -> float:
        """Measured time that an aggregate's holds as well: that of the nodes below it."""
        if self.metrics[at].name != HOLDS_ITS_INPUT:
            return 0.0
        below = [
            other for other in raw if other != at and self._is_below(self.metrics[other].node, self.metrics[at].node)
        ]
        inner = [other for other in below if not any(self._covers(another, other) for another in below)]
        return sum(raw[other] for other in inner)

    def _covers(self, one: int, other: int) -> bool:
        held = self.metrics[one].name == HOLDS_ITS_INPUT
        return held and one != other and self._is_below(self.metrics[other].node, self.metrics[one].node)

    def _is_below(self, node: int, above: int) -> bool:
        at = self.parents.get(node)
        while at is not None and at != above:
            at = self.parents.get(at)
        return at == above


def read(path: Path) -> Log:
    """The log of one application."""
    log = Log()
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            _take(log, json.loads(line))
    return log


def _take(log: Log, event: dict[str, Any]) -> None:
    kind = event["Event"]
    if kind in PLANS:
        _note(log, event["sparkPlanInfo"], None, 0)
    elif kind == "SparkListenerStageSubmitted":
        info, properties = event["Stage Info"], event.get("Properties") or {}
        stage = log.stages[info["Stage ID"], info["Stage Attempt ID"]]
        stage.job = properties.get("spark.scheduler.pool", "other")
        stage.submitted = float(info.get("Submission Time", 0))
        stage.name = info.get("Stage Name", "")
    elif kind == "SparkListenerTaskEnd" and event.get("Task Metrics"):
        stage, metrics = log.stages[event["Stage ID"], event["Stage Attempt ID"]], event["Task Metrics"]
        stage.tasks += 1
        stage.run_ms += metrics["Executor Run Time"]
        stage.cpu_ms += metrics["Executor CPU Time"] / 1e6
        stage.gc_ms += metrics["JVM GC Time"]
        stage.result_bytes += metrics["Result Size"]
        stage.peak_bytes = max(stage.peak_bytes, metrics.get("Peak Execution Memory", 0))
        _note_reads(stage, metrics)
    elif kind == "SparkListenerStageCompleted":
        info = event["Stage Info"]
        told = ((each["ID"], each["Value"]) for each in info["Accumulables"] if each.get("Metadata") == "sql")
        log.stages[info["Stage ID"], info["Stage Attempt ID"]].values.update((at, float(value)) for at, value in told)


def _note_reads(stage: Stage, metrics: dict[str, Any]) -> None:
    """Records that the task read, from files and from shuffles; bytes from shuffles alone, for those of local files lie.

    Hadoop counts the bytes of a local file by thread, and a Parquet file is read by more than one.
    """
    read, shuffled = metrics.get("Input Metrics", {}), metrics.get("Shuffle Read Metrics", {})
    stage.records.append(read.get("Records Read", 0) + shuffled.get("Total Records Read", 0))
    stage.shuffled_bytes.append(sum(shuffled.get(name, 0) for name in ("Remote Bytes Read", "Local Bytes Read")))


def _note(log: Log, plan: dict[str, Any], parent: int | None, depth: int) -> None:
    """Remember whose each accumulator is. A node is told by its first accumulator, or by its place."""
    metrics = plan["metrics"]
    node = min((metric["accumulatorId"] for metric in metrics), default=0) or next(log.unmeasured)
    if parent is not None and node != parent:
        log.parents.setdefault(node, parent)
    for metric in metrics:
        unit = {"nsTiming": 1e-6, "timing": 1.0}.get(metric["metricType"], 0.0)
        log.metrics.setdefault(metric["accumulatorId"], Metric(node, depth, _label(plan), metric["name"], unit))
    for child in plan["children"]:
        _note(log, child, node, depth + 1)


def _label(plan: dict[str, Any]) -> str:
    name = plan["nodeName"].partition("(")[0].partition(" - file:")[0].strip()
    if "Delta Table State" in name:
        return "Delta's log"
    if name == "Exchange":
        text = plan["simpleString"].partition("hashpartitioning(")[2].partition(")")[0]
        keys = ", ".join(part.partition("#")[0].strip() for part in text.split(",")[:-1])
        return f"Exchange by {keys}" if keys else name
    return name


def _pipeline(metrics: Iterable[Metric]) -> str:
    nodes = {metric.node: metric for metric in metrics if not metric.label.startswith(WRAPPERS)}
    inner_first = sorted(nodes.values(), key=lambda metric: -metric.depth)
    names = list(dict.fromkeys(metric.label for metric in inner_first))
    return "pipeline: " + (" > ".join(names) if names else "no SQL operator (files, commits)")


def dearest(operators: Counter[str], most: int = 3) -> Iterator[tuple[str, float]]:
    """The operators that took most, each with its share."""
    total = sum(operators.values())
    return ((name, time / total) for name, time in operators.most_common(most) if total)


def told(log: Log) -> Iterator[str]:
    """A line a job of the graph, and its dearest operators."""
    for job in sorted({stage.job for stage in log.stages.values()}):
        stages = log.of(job)
        run, cpu = (sum(getattr(stage, name) for stage in stages) / 1000 for name in ("run_ms", "cpu_ms"))
        tasks, collected = sum(stage.tasks for stage in stages), sum(stage.result_bytes for stage in stages)
        yield f"{job}: {tasks} tasks, run {run:.1f} s, CPU {cpu:.1f} s, {collected / 1024:,.0f} KiB to the driver"
        yield from (f"  {share:6.1%}  {name}" for name, share in dearest(log.operators(job)))


if __name__ == "__main__":
    print("\n".join(told(read(Path(sys.argv[1])))))

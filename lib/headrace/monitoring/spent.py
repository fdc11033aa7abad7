"""What the jobs of a run spent, from Spark's event log (plain JSON lines, not rolled), while it is being written.

A stage is its job's by the FAIR pool that it was submitted in, which is called as the job is. Core-seconds are what tasks
ran, garbage collection and waiting for files included; the driver's own work is in none. Bytes read are Hadoop's count:
of local Parquet files it misses what other threads have read.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

_SUBMITTED = b'{"Event":"SparkListenerStageSubmitted"'
_TASK = b'{"Event":"SparkListenerTaskEnd"'
POOL = "spark.scheduler.pool"
SECONDS_PER_HOUR = 3600
Stage = tuple[int, int]


@dataclass(frozen=True)
class Spent:
    """Seconds of cores, and bytes."""

    core_seconds: float = 0.0
    read: int = 0
    shuffled: int = 0
    spilled: int = 0

    def __add__(self, other: Spent) -> Spent:
        return Spent(
            self.core_seconds + other.core_seconds,
            self.read + other.read,
            self.shuffled + other.shuffled,
            self.spilled + other.spilled,
        )

    def price(self, per_core_hour: float) -> float:
        """What the cores cost."""
        return self.core_seconds / SECONDS_PER_HOUR * per_core_hour


@dataclass
class Meter:
    """Reads a log as far as it is written, from where it was when first looked at: earlier runs are of no concern."""

    path: Path
    jobs: dict[str, Spent] = field(default_factory=dict)
    _stages: dict[Stage, str] = field(default_factory=dict)
    _offset: int = 0

    def skip(self) -> None:
        """Leave out what is there."""
        self._offset = self.path.stat().st_size if self.path.is_file() else 0

    def read(self) -> Mapping[str, Spent]:
        """What each job spent so far; a line that is half written is taken the next time."""
        if self.path.is_file():
            with self.path.open("rb") as file:
                file.seek(self._offset)
                for line in file:
                    if not line.endswith(b"\n"):
                        break
                    self._offset += len(line)
                    self._take(line)
        return self.jobs

    def _take(self, line: bytes) -> None:
        if line.startswith(_SUBMITTED):
            event = json.loads(line)
            pool = (event.get("Properties") or {}).get(POOL)
            if pool is not None:
                self._stages[_stage(event["Stage Info"])] = pool
        elif line.startswith(_TASK):
            event = json.loads(line)
            job, metrics = self._stages.get(_stage(event)), event.get("Task Metrics")
            if job is not None and metrics:
                self.jobs[job] = self.jobs.get(job, Spent()) + _spent(metrics)


def _stage(told: Mapping[str, Any]) -> Stage:
    return told["Stage ID"], told["Stage Attempt ID"]


def _spent(metrics: Mapping[str, Any]) -> Spent:
    return Spent(
        metrics["Executor Run Time"] / 1000,
        metrics.get("Input Metrics", {}).get("Bytes Read", 0),
        metrics.get("Shuffle Write Metrics", {}).get("Shuffle Bytes Written", 0),
        metrics.get("Disk Bytes Spilled", 0),
    )

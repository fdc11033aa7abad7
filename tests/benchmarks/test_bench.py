"""The bench in a tiny form, at two sizes: it cannot rot, and what comes to the driver does not grow with the data.

Both sizes run in one application of their own with a heap of 1 GB. Nothing here is about time.

Short form: tests/e2e/test_generated_landing.py, and tests/unit/test_event_log.py of what is read off.
"""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.dataset as ds
import pytest
from benchmarks import bench, event_log
from whole_project import copy_project

pytestmark = [pytest.mark.spark, pytest.mark.dear]

SMALL, LARGE = 10_000, 50_000
NO_BROADCAST = {"spark.sql.autoBroadcastJoinThreshold": "-1", "spark.sql.adaptive.autoBroadcastJoinThreshold": "-1"}
"""Spark may send a table of up to 10 MB through the driver to join it. That is bounded, and would blur the comparison."""
SIX_DAYS = ("--set", "span.to=2024-03-07", "--set", "snapshots_every=2d")
KEY = 8
"""Bytes of the narrowest thing that could be brought here of each event."""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("bench"), {})


@pytest.fixture(scope="module")
def measured(project: Path) -> bench.Measured:
    sizes = [bench.Size(SMALL, SMALL // 10, "small"), bench.Size(LARGE, LARGE // 10, "large")]
    return bench.measure(project, sizes, project, NO_BROADCAST, "1g", SIX_DAYS)


def test_every_generated_line_is_accounted_for(project: Path, measured: bench.Measured) -> None:
    for home, events in (("small", SMALL), ("large", LARGE)):
        landed = json.loads((project / home / "landing/visits/_landed.json").read_text(encoding="utf-8"))["landed"]
        files = sorted(map(str, (project / home / "warehouse/raw/tally").rglob("*.parquet")))
        rows = ds.dataset(files).to_table(columns=["outcome", "rows"]).to_pylist()
        found = {
            kind: sum(row["rows"] for row in rows if row["outcome"] == kind)
            for kind in {row["outcome"] for row in rows}
        }
        assert found == {"event": events, "duplicate": landed["counts"]["duplicates"]}
        assert landed["lines"] == events + landed["counts"]["duplicates"]


def test_the_report_tells_stages_operators_and_memory(project: Path, measured: bench.Measured) -> None:
    lines = list(bench.report(project, measured, "1g"))
    text = "\n".join(lines)
    for job in bench.JOBS:
        assert f"{job}: the three dearest operators" in text
    assert f"{LARGE:,} events of {LARGE // 10:,} users" in text
    shares = [float(line.split("%")[0]) for line in lines if line.startswith("  ")]
    assert len(shares) == 2 * 3 * len(bench.JOBS)
    assert all(0 < share <= 100 for share in shares)
    assert {"JVM", "Python workers", "Python of the driver", "all together"} == set(measured.peak)
    assert measured.peak["JVM"] > 2**27


@pytest.mark.parametrize("job", bench.JOBS)
def test_what_comes_to_the_driver_does_not_grow_with_the_data(measured: bench.Measured, job: str) -> None:
    """Bytes of task results, five times the events and users, equal days. One key of each event would be seen."""
    few, many = (collected(log, job) for log in measured.logs)
    assert few > 0
    assert many < 1.5 * few
    assert many - few < KEY * (LARGE - SMALL) / 2


def collected(log: event_log.Log, job: str) -> int:
    return sum(stage.result_bytes for stage in log.of(job))

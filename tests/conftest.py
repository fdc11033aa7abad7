"""One Spark session for the whole test process, made by headrace itself (pytest-spark's fixture points to it)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).resolve().parents[1]
os.environ.setdefault("SPARK_SUBMIT_OPTS", "-XX:TieredStopAtLevel=1")
"""For this process's JVM and those that tests start: most end before what HotSpot's second compiler makes has paid for it.

Golden plans and retention together: 182 s of processor with it, 217 s without.
"""
SETTINGS = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
    "spark.default.parallelism": "2",
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
    "spark.sql.files.openCostInBytes": "64k",
    "spark.sql.execution.replaceHashWithSortAgg": "true",
    "spark.sql.maxMetadataStringLength": "100000",  # a golden plan is whole: where Spark cuts depends on how long ids are
}
"""The session of the tests. Plans are interpreted: to compile one takes longer than to run it on a few hundred rows.

Six runs of the tiny project: 198 and 201 s of processor interpreted, 236 and 260 s compiled. What is compiled is seen by
the tests that ask for ``generated``, and by all that start an application of their own.
"""
GENERATED = {"spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "FALLBACK"}
"""Spark's own defaults."""


class Together(LoadFileScheduling):
    """Where two processes share the tests (``-n 2``), a file's tests stay together, and so do those of one run graph.

    pytest-xdist's own groups do nothing under pytest 9.2 (its issue 1386), and say nothing of it.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return run_graph(file) or file


@cache
def run_graph(file: str) -> str | None:
    """The fixture of tests/e2e/conftest.py whose run graph the file's tests look at, if any."""
    if not file.startswith("tests/e2e/"):
        return None
    asked = re.search(r"def \w+\([^)]*\b(whole|trained|copy)\b", (ROOT / file).read_text(encoding="utf-8"))
    return asked and asked[1].replace("copy", "trained")  # ``copy`` is one of ``trained``


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together:
    """Files in the order of their names: those of whole graphs begin, and the small ones fill up the end."""
    config.option.loadscopereorder = False
    return Together(config, log)


@pytest.fixture(scope="session")
def _spark_session() -> Iterator[object]:
    """What pytest-spark's ``spark_session`` returns; its own would build and stop another one."""
    from headrace.ground.session import open_session

    session = open_session("headrace-tests", "local[2]", SETTINGS)
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def spark(_spark_session: object) -> object:
    """The session, under the name that headrace's tests use."""
    return _spark_session


@pytest.fixture(scope="module")
def generated(spark: Any) -> Iterator[dict[str, str]]:
    """The module's plans in the session ``spark`` are compiled, as outside of the tests; the settings, for sessions beside it."""
    for key, value in GENERATED.items():
        spark.conf.set(key, value)
    yield GENERATED
    for key in GENERATED:
        spark.conf.set(key, SETTINGS[key])

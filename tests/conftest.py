"""One Spark session for the whole test process, made by headrace itself (pytest-spark's fixture points to it)."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SETTINGS = {
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
    "spark.default.parallelism": "2",
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
    "spark.sql.files.openCostInBytes": "64k",
    "spark.sql.maxMetadataStringLength": "100000",  # a golden plan is whole: where Spark cuts depends on how long ids are
}


@pytest.hookimpl(tryfirst=True)  # before pytest-xdist writes the groups into the names
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Where two processes share the tests (``-n 2``), a file's tests stay together, and so do those of one run graph."""
    for item in items:
        names = getattr(item, "fixturenames", ()) if "e2e" in item.path.parts else ()
        shared = next((name for name in ("whole", "trained") if name in names), str(item.path))
        item.add_marker(pytest.mark.xdist_group(shared))


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

"""What is read from a table's log as text equals what Spark says of the table."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from headrace.ground.interval import DAY, Interval
from headrace.tables.log import TableLog
from headrace.tables.spec import Table
from headrace.tables.store import Store

pytestmark = pytest.mark.spark
TABLE = Table("raw.things", "Things.", keys=("who",), partitioned_by=("day",), replaced_by="day")
START = datetime(2024, 3, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def store(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A table of two days, the second written again, then rows deleted by hand with deletion vectors."""
    store = Store(spark, tmp_path_factory.mktemp("warehouse"))
    for number, (day, rows) in enumerate([(0, 5), (1, 7), (1, 4)]):
        span = Interval(START + day * DAY, START + (day + 1) * DAY)
        frame = spark.range(rows).selectExpr(
            "id AS who",
            f"DATE '{span.start:%Y-%m-%d}' AS day",
            "array(CAST(id AS INT)) AS seen",
            "struct(id AS n) AS s",
        )
        store.replace(TABLE, frame.coalesce(1), span, {"job": "make", "run_id": f"r{number}", "interval": span.label()})
    place = f"delta.`{store.path(TABLE)}`"
    spark.sql(f"ALTER TABLE {place} SET TBLPROPERTIES ('delta.enableDeletionVectors' = 'true')")
    spark.sql(f"DELETE FROM {place} WHERE who = 2")
    return store


def log_of(store: Store) -> TableLog:
    return TableLog(Path(store.path(TABLE)))


def test_size_rows_and_columns(spark: Any, store: Store) -> None:
    extent = log_of(store).extent()
    detail = spark.sql(f"DESCRIBE DETAIL delta.`{store.path(TABLE)}`").collect()[0]
    frame = store.load(TABLE)
    assert extent is not None
    assert (extent.files, extent.bytes) == (detail["numFiles"], detail["sizeInBytes"])
    assert extent.rows == frame.count() == 7
    assert list(extent.columns) == frame.dtypes
    assert list(extent.partitioned_by) == detail["partitionColumns"]


def test_history(store: Store) -> None:
    told = store.history(TABLE, 100)
    read = log_of(store).commits()
    assert [(commit.version, commit.operation) for commit in read] == [
        (row["version"], row["operation"]) for row in told
    ]
    for commit, row in zip(
        read, told, strict=True
    ):  # Spark tells when the file was written, the log when the commit was
        assert abs(commit.at - row["timestamp"].astimezone(UTC)) < timedelta(minutes=1)
    written = {commit.note["run_id"]: (commit.interval, commit.rows) for commit in read if commit.note}
    first, second = Interval(START, START + DAY), Interval(START + DAY, START + 2 * DAY)
    assert written == {"r0": (first, 5), "r1": (second, 7), "r2": (second, 4)}


def test_a_checkpoint_stands_for_the_commits_before_it(spark: Any, store: Store) -> None:
    """After a checkpoint by Spark itself and the loss of older commits, the table holds what it held."""
    before = log_of(store).extent()
    folder = Path(store.path(TABLE)) / "_delta_log"
    spark.sql(f"ALTER TABLE delta.`{store.path(TABLE)}` SET TBLPROPERTIES ('delta.checkpointInterval' = '1')")
    for path in sorted(folder.glob("*.json"))[:-1]:
        path.unlink()
    after = log_of(store).extent()
    assert before is not None
    assert after is not None
    assert (after.rows, after.bytes, after.files, after.columns) == (
        before.rows,
        before.bytes,
        before.files,
        before.columns,
    )

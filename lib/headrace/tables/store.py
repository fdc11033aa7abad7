"""The store: the only place where Delta tables are read and written."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame, DataFrameWriter, SparkSession

from headrace.ground.asset import At, Receipt
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval
from headrace.tables.lock import commit_lock
from headrace.tables.spec import FORMAT_VERSION, Table

RETENTION = "interval 90 days"
_MARKER = "_headrace.json"


class Store:
    """Tables below one warehouse folder, at ``{warehouse}/{schema}/{table}``, through one Spark session."""

    def __init__(self, spark: SparkSession, warehouse: Path) -> None:
        self.spark = spark
        self.warehouse = warehouse
        _check_format(warehouse)

    def through(self, spark: SparkSession) -> Store:
        """The same warehouse through another session."""
        return Store(spark, self.warehouse)

    def path(self, table: Table) -> str:
        """Where the table is."""
        return str(self.warehouse.joinpath(*table.name.split(".")))

    def exists(self, table: Table) -> bool:
        """Whether the table has a commit. A killed first write leaves a log folder with none."""
        return any(Path(self.path(table), "_delta_log").glob("[0-9]*.json"))

    def load(self, table: Table, version: int | None = None) -> DataFrame:
        """The rows that the table's writer owns (all, but for a table in parts), at a version or the latest.

        Raises:
            HeadraceError: TABLE_MISSING.
        """
        if not self.exists(table):
            raise HeadraceError("TABLE_MISSING", table=table.name, hint="headrace run makes all of them.")
        reader = self.spark.read.format("delta")
        if version is not None:
            reader = reader.option("versionAsOf", version)
        frame = reader.load(self.path(table))
        owned = table.predicate(None)
        return frame if owned is None else frame.where(owned)

    def read(self, table: Table, at: At) -> DataFrame:
        """The table as it is now (the sink's side of ``load``)."""
        return self.load(table)

    def commit(self, table: Table, value: DataFrame, at: At, identity: Mapping[str, str]) -> Receipt:
        """Replace what the table has for ``at.interval`` by ``value``, in one Delta commit."""
        return self.replace(table, value, at.interval, {**identity, "run_id": at.run_id})

    def replace(
        self, table: Table, frame: DataFrame, interval: Interval | None, identity: Mapping[str, str]
    ) -> Receipt:
        """Replace the rows of ``interval`` (of the whole table where it is not cut by intervals).

        The commit's userMetadata carries ``identity``; the version returned is proven by reading it back.

        Raises:
            HeadraceError: COMMIT_NOT_SEEN.
        """
        note = json.dumps({**identity, "format_version": table.format_version}, sort_keys=True)
        with commit_lock(self._lock(table)):
            writer = frame.write.format("delta").mode("overwrite").option("userMetadata", note)
            self._shape(writer, table, table.predicate(interval)).save(self.path(table))
            return self._receipt(table, note, frame)

    def _shape(self, writer: DataFrameWriter, table: Table, predicate: str | None) -> DataFrameWriter:
        if not self.exists(table):
            properties = {
                "delta.logRetentionDuration": RETENTION,
                "delta.deletedFileRetentionDuration": RETENTION,
                "delta.enableTypeWidening": "true",
                **({"delta.dataSkippingStatsColumns": ",".join(table.indexed)} if table.indexed else {}),
            }
            return writer.options(**properties).partitionBy(*table.partitioned_by)
        if predicate is None:
            return writer.option("overwriteSchema", "true").partitionBy(*table.partitioned_by)
        return writer.option("replaceWhere", predicate).option("mergeSchema", "true")

    def _receipt(self, table: Table, note: str, frame: DataFrame) -> Receipt:
        """Prove the commit. Delta makes none where nothing is replaced by nothing; a write with rows must be there."""
        last = self.history(table, 1)[0]
        if last["userMetadata"] != note:
            if frame.isEmpty():
                return Receipt(version=str(last["version"]), rows=0)
            raise HeadraceError("COMMIT_NOT_SEEN", table=table.name)
        metrics = last["operationMetrics"] or {}
        return Receipt(version=str(last["version"]), rows=int(metrics.get("numOutputRows", 0)))

    def history(self, table: Table, most: int) -> list[dict[str, Any]]:
        """The latest ``most`` commits, newest first."""
        rows = self.spark.sql(f"DESCRIBE HISTORY delta.`{self.path(table)}` LIMIT {int(most)}").collect()
        return [row.asDict(recursive=True) for row in rows]

    def read_rows(self, table: Table) -> list[dict[str, Any]]:
        """A small ledger table as plain rows; [] where it does not exist. Bounded: a row a job interval or decision."""
        if not self.exists(table):
            return []
        return [row.asDict(recursive=True) for row in self.load(table).collect()]

    def append_rows(self, table: Table, rows: list[dict[str, Any]], schema: str) -> None:
        """Append plain rows to a ledger table, in one commit."""
        frame = self.spark.createDataFrame([tuple(row.values()) for row in rows], schema).coalesce(1)
        with commit_lock(self._lock(table)):
            frame.write.format("delta").mode("append").save(self.path(table))

    def _lock(self, table: Table) -> Path:
        return self.warehouse / "_locks" / f"{table.name}.lock"


def _check_format(warehouse: Path) -> None:
    marker = warehouse / _MARKER
    if not marker.is_file():
        warehouse.mkdir(parents=True, exist_ok=True)
        marker.write_text(json.dumps({"format_version": FORMAT_VERSION}) + "\n", encoding="utf-8")
    found = json.loads(marker.read_text(encoding="utf-8")).get("format_version")
    if not isinstance(found, int) or found > FORMAT_VERSION:
        raise HeadraceError("TABLE_FORMAT", table=warehouse, found=found, known=FORMAT_VERSION)


def sql_name(warehouse: Path | str, table: str) -> str:
    """``schema.table`` as SQL names it in any session that has Delta; for people, who copy it."""
    return f"delta.`{'/'.join((str(warehouse).rstrip('/'), *table.split('.')))}`"

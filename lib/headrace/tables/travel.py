"""Delta tables of others as Spark reads them: at one version, the latest one however old it is."""

from __future__ import annotations

from typing import Any

from pyspark.sql import DataFrame, Row, SparkSession

from headrace.ground.session import is_classic
from headrace.tables.log import commit_files
from headrace.tables.source import SourceTable


def read_delta(spark: SparkSession, table: SourceTable, version: str) -> DataFrame:
    """A version. Delta refuses to travel to one that is older than the table's retention, the latest one included."""
    reader = spark.read.format("delta")
    if is_classic(spark) and _is_latest(table, version):
        frame = reader.load(table.location)  # bound to the version that it finds
        if _is_latest(table, version):
            return frame
    return reader.option("versionAsOf", version).load(table.location)


def _is_latest(table: SourceTable, version: str) -> bool:
    folder = table.folder
    return folder is not None and max(commit_files(folder), default=-1) == int(version)


def small_rows(spark: SparkSession, location: str) -> list[dict[str, Any]]:
    """All rows of another project's small Delta table: a row a published version."""
    return [row.asDict(recursive=True) for row in spark.read.format("delta").load(location).collect()]


def latest_commit(spark: SparkSession, location: str) -> Row:
    """The newest commit of a table, as Delta tells of it."""
    (commit,) = spark.sql(f"DESCRIBE HISTORY delta.`{location}` LIMIT 1").collect()
    return commit

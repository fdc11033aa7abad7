"""Other projects' published groups as jobs read them: at the pinned version, and only with the columns that were accepted."""

from __future__ import annotations

from pyspark.sql import DataFrame, SparkSession

from headrace.ground.asset import At, Receipt
from headrace.ground.errors import HeadraceError
from headrace.tables.lake import Lake
from headrace.tables.published import PublishedTable
from headrace.tables.travel import read_delta


class PublishedSink:
    """Other projects' published groups as inputs of jobs. Nothing is ever committed to them."""

    def __init__(self, lake: Lake, spark: SparkSession) -> None:
        self.lake = lake
        self.spark = spark

    def exists(self, table: PublishedTable) -> bool:
        """Whether the table is there, as far as can be seen without Spark."""
        return table.missing() is None

    def commit(self, table: PublishedTable, value: object, at: At, identity: object) -> Receipt:
        """Refused: the table belongs to another project."""
        raise TypeError(f"'{table.name}' is another project's and never written")

    def pinned_version(self, table: PublishedTable) -> str:
        """What a commit that was made from the table says of it."""
        return self.lake.pin(table).version.partition(":")[0]

    def read(self, table: PublishedTable, at: At) -> DataFrame:
        """Every snapshot of the pinned version, the columns that were accepted.

        Raises:
            HeadraceError: PUBLISHED_SCHEMA; PUBLISHED_LATE where it does not reach to the end of the interval.
        """
        reach = self.lake.reach(table)
        if reach is None or reach < at.end.date():
            raise HeadraceError("PUBLISHED_LATE", job="a job", group=table.source, day=at.end.date(), reach=reach)
        return accepted(self.lake.load(self.spark, table), table)


def accepted(frame: DataFrame, table: PublishedTable) -> DataFrame:
    """The columns of a published group as they were accepted.

    Raises:
        HeadraceError: PUBLISHED_SCHEMA.
    """
    mismatch = table.mismatch({field.name: field.dataType.simpleString() for field in frame.schema})
    if mismatch is not None:
        raise mismatch
    return frame.select(*(name for name, _ in table.types))


def load_version(spark: SparkSession, table: PublishedTable, version: int) -> DataFrame:
    """All rows of an earlier version of a published group's table.

    Raises:
        HeadraceError: PUBLISHED_SCHEMA.
    """
    return accepted(read_delta(spark, table, str(version)), table)

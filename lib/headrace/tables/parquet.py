"""Parquet files of others, read by Spark, whoever wrote them."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.pandas.types import from_arrow_schema

from headrace.contracts.names import quoted

FILE = "_headrace_file"
"""The column that says from which file a row came."""


def read_parquet(spark: SparkSession, files: Sequence[str], table: str | None = None) -> DataFrame:
    """The rows of files on this machine's disks, with the file of each row.

    Without ``table`` all files have the same columns. With it they are a table's, below that folder: folders such as
    ``day=2024-03-01`` are columns too, and a column that some files lack is null in their rows.

    Spark reads no timestamps in nanoseconds, which pandas writes unless told otherwise. Such columns are read as the
    whole numbers that they are, and cut to microseconds.
    """
    with pq.ParquetFile(files[0]) as file:
        schema, fine = file.schema_arrow, nanoseconds(file)
    reader = spark.read
    if table is not None:
        reader = reader.option("basePath", table).option("mergeSchema", "true")
    if fine:
        whole = [pa.field(field.name, pa.int64()) if field.name in fine else field for field in schema]
        reader = reader.schema(from_arrow_schema(pa.schema(whole)))
    placed = reader.parquet(*files).select("*", F.col("_metadata.file_path").alias(FILE))
    names = {name: quoted(name) for name in fine}
    cut = {name: F.expr(f"timestamp_micros(({text} - pmod({text}, 1000)) DIV 1000)") for name, text in names.items()}
    return placed.withColumns(cut)


def nanoseconds(file: pq.ParquetFile) -> tuple[str, ...]:
    """The columns of a file that are whole numbers of nanoseconds.

    Spark's own old way of writing timestamps (INT96) has nanoseconds too, and Spark reads it; Arrow tells no difference.
    """
    columns = (file.schema.column(index) for index in range(len(file.schema)))
    whole = {column.path for column in columns if column.physical_type == "INT64"}
    fine = (field.name for field in file.schema_arrow if pa.types.is_timestamp(field.type) and field.type.unit == "ns")
    return tuple(name for name in fine if name in whole)

"""The table hash (semantics 19): equal rows give an equal hash, in whatever order and files they lie."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def table_hash(frame: DataFrame, unhashed: Sequence[str] = ()) -> str:
    """``rows-hex``: the count, and the sum modulo 2**128 of two 64-bit hashes a row over all columns but ``unhashed``.

    One Spark job, one row back. Nulls are told from absences (xxhash64 alone skips them).
    """
    columns = sorted(set(frame.columns) - set(unhashed))
    parts = [part for name in columns for part in (F.col(name), F.col(name).isNull())]
    hashes = frame.select(
        F.xxhash64(F.lit(0), *parts).cast("decimal(38,0)").alias("low"),
        F.xxhash64(F.lit(1), *parts).cast("decimal(38,0)").alias("high"),
    )
    row = hashes.agg(F.count(F.lit(1)).alias("n"), F.sum("low").alias("low"), F.sum("high").alias("high")).head(1)[0]
    low, high = (int(row[name] or 0) % 2**64 for name in ("low", "high"))
    return f"{row['n']}-{high:016x}{low:016x}"

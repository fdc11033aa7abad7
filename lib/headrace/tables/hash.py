"""The table hash (semantics 19): equal rows give an equal hash, in whatever order and files they lie."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, Row
from pyspark.sql import functions as F


def table_hash(frame: DataFrame, unhashed: Sequence[str] = ()) -> str:
    """``rows-hex``: the count, and the sum modulo 2**128 of two 64-bit hashes a row over all columns but ``unhashed``.

    One Spark job, one row back. Nulls are told from absences (xxhash64 alone skips them).
    """
    columns = sorted(set(frame.columns) - set(unhashed))
    return hash_of(frame.agg(*hash_sums([F.col(name) for name in columns])).head(1)[0])


def hash_sums(columns: Sequence[Column]) -> list[Column]:
    """Aggregates ``n``, ``low`` and ``high``, which ``hash_of`` makes a hash of: of a whole table, or of a group of rows."""
    parts = [part for column in columns for part in (column, column.isNull())]
    low, high = (F.xxhash64(F.lit(seed), *parts).cast("decimal(38,0)") for seed in (0, 1))
    return [F.count(F.lit(1)).alias("n"), F.sum(low).alias("low"), F.sum(high).alias("high")]


def hash_of(row: Row) -> str:
    """The hash from its sums."""
    low, high = (int(row[name] or 0) % 2**64 for name in ("low", "high"))
    return f"{row['n']}-{high:016x}{low:016x}"

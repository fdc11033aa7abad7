"""A row as a whole: its columns by any name, its hash, and the times that may not stand in it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Sequence
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

_NESTED = (T.ArrayType, T.MapType, T.StructType, T.VariantType)
_PLAIN = re.compile(r"(?!(key|u)\d+$)[a-z_][a-z0-9_]*")


def column(name: str) -> Column:
    """A column by its exact name, whatever stands in that."""
    return F.col("`" + name.replace("`", "``") + "`")


def kind(frame: DataFrame, name: str) -> T.DataType:
    """The type of a column."""
    return frame.schema[name].dataType


def row_hash(frame: DataFrame) -> Column:
    """64 bits over all columns by name, nulls told from absences; what is nested is hashed as its JSON."""
    parts: list[Column] = []
    for field in sorted(frame.schema.fields, key=lambda field: field.name):
        value = column(field.name)
        nested = isinstance(field.dataType, _NESTED)
        parts.append(F.to_json(F.struct(value), {"ignoreNullFields": "false"}) if nested else value)
        parts.append(value.isNull())
    return F.xxhash64(*parts)


def without_nan(frame: DataFrame, *times: str) -> DataFrame:
    """The same rows; computing them fails where a time is NaN."""
    for name in dict.fromkeys(times):
        if isinstance(kind(frame, name), T.FloatType | T.DoubleType):
            said = f"NaN as a time in the column '{name}' of an as-of join; make it null or a number"
            frame = frame.where(F.when(F.isnan(column(name)), F.raise_error(F.lit(said))).otherwise(F.lit(True)))
    return frame


def time_kind(frame: DataFrame, name: str) -> str:
    """``numeric``, ``timestamp``, ``timestamp_ntz`` or ``date``.

    Raises:
        ValueError: the column is none of them.
    """
    found = kind(frame, name)
    if isinstance(found, T.NumericType):
        return "numeric"
    if isinstance(found, T.DateType | T.TimestampType | T.TimestampNTZType):
        return found.simpleString()
    raise ValueError(f"'{name}' is {found.simpleString()}; a time is numeric, a timestamp or a date")


def common_types(*frames: DataFrame) -> list[T.DataType]:
    """The types in which the columns of frames are compared, by place: an int hashes otherwise than the same bigint."""
    return [field.dataType for field in reduce(DataFrame.union, frames).schema.fields]


def on_a_line(time: Column, kind: T.DataType) -> Column:
    """A time as a number in the same order: microseconds of timestamps, days of dates."""
    if isinstance(kind, T.DateType):
        return F.unix_date(time)
    if isinstance(kind, T.TimestampType):
        return F.unix_micros(time)
    return wall_clock(time) if isinstance(kind, T.TimestampNTZType) else time


def wall_clock(time: Column) -> Column:
    """Microseconds of a timestamp_ntz, in no zone."""
    seconds = F.hour(time).cast("bigint") * 3600 + F.minute(time) * 60 + F.extract(F.lit("SECOND"), time)
    return F.unix_date(time.cast("date")).cast("bigint") * 86_400_000_000 + (seconds * 1_000_000).cast("bigint")


def own_names(columns: Sequence[str], ours: Collection[str]) -> list[str]:
    """What columns are called where formulas are computed: as formulas call them, unless the name is one of ours, or none.

    So what Spark quotes of a formula that fails stands in its contract letter by letter. Names of ours are also ``key``
    and ``u`` with a number, which is what a column is called that keeps no name of its own.
    """
    names = [name.lower() for name in columns]
    kept = {name for name, times in Counter(names).items() if times == 1 and _PLAIN.fullmatch(name)} - {*ours}
    return [name if name in kept else f"u{place}" for place, name in enumerate(names)]

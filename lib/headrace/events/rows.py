"""Rows that have types of their own (Delta and Parquet) as landed lines, under the same policies as text."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.types import (
    ArrayType,
    ByteType,
    DataType,
    DateType,
    DecimalType,
    IntegerType,
    LongType,
    MapType,
    ShortType,
    StructType,
    TimestampNTZType,
    VariantType,
)

from headrace.contracts.events import EventContract
from headrace.contracts.names import quoted
from headrace.events.parse import EXTRA, PROBLEM, told
from headrace.tables.parquet import FILE

_WHOLE: Mapping[type[DataType], int] = {ByteType: 3, ShortType: 5, IntegerType: 10, LongType: 19}
"""Whole-number types and the digits that they may have."""
_NESTED = (ArrayType, MapType, StructType, VariantType)
_JSON = {"ignoreNullFields": "false", "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSSSSSXXX"}


def told_by_rows(rows: DataFrame, contract: EventContract, file: Column, landed_on: Column) -> DataFrame:
    """``(raw, file, landed_on, told columns, _problem, _extra)`` of typed rows; ``raw`` is the row as JSON.

    A value whose type fits the declared one without loss is cast; any other is taken as text and read like a landed
    one, so that what is new, or wider than declared, is judged by the same policies. A declared column that is not
    there is null. A new column is one that is not declared and not null in the row.
    """
    kinds = {field.name: field.dataType for field in rows.schema if field.name != FILE}
    values = [
        (
            _told(kinds[name], name, contract.columns[column].type) if name in kinds else F.lit(None).cast("string")
        ).alias(told(column))
        for column, name in contract.called.items()
    ]
    known = {*contract.called.values(), *([contract.arrived] if contract.arrived else [])}
    extra = [F.when(F.col(quoted(name)).isNotNull(), F.lit(name)) for name in sorted(set(kinds) - known)]
    return rows.select(
        F.to_json(F.struct(*(F.col(quoted(name)) for name in kinds)), _JSON).alias("raw"),
        file.alias("file"),
        landed_on.alias("landed_on"),
        *values,
        F.lit(None).cast("string").alias(PROBLEM),
        (F.coalesce(*extra) if extra and contract.new_columns != "allow" else F.lit(None).cast("string")).alias(EXTRA),
    )


def _told(kind: DataType, name: str, declared: str) -> Column:
    column = F.col(quoted(name))
    if isinstance(kind, _NESTED):
        return F.to_json(column, _JSON)
    return column.cast(declared if fits(kind, declared) else "string")


def fits(kind: DataType, declared: str) -> bool:
    """Whether every value of ``kind`` is a value of the declared type, so that a cast loses nothing."""
    if kind.simpleString() == declared:
        return True
    if declared in ("int", "bigint"):
        return type(kind) in _WHOLE and _WHOLE[type(kind)] <= (10 if declared == "int" else 19)
    if declared == "timestamp":
        return isinstance(kind, DateType | TimestampNTZType)
    if declared.startswith("decimal"):
        digits, scale = (int(part) for part in declared[8:-1].split(","))
        if isinstance(kind, DecimalType):
            return kind.scale <= scale and kind.precision - kind.scale <= digits - scale
        return type(kind) in _WHOLE and _WHOLE[type(kind)] <= digits - scale
    return False

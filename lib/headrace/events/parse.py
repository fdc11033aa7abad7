"""Lines of text into the contract's typed columns, with what could not be read kept beside them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.contracts.names import quoted

WIDE = "decimal(38,12)"
_CORRUPT = "_corrupt"
PROBLEM, EXTRA = "_problem", "_extra"
"""Of a landed line: why it is no record at all, and the first column in it that the contract does not declare."""


def told(name: str) -> str:
    """The column that holds what arrived as ``name``: text, or a value that is of the declared type already."""
    return f"_told_{name}"


def read_lines(spark: SparkSession, files: Sequence[str]) -> DataFrame:
    """``(raw string, file string, landed_on date)``: one row a line; ``file`` is ``day/name``.

    Spark reads ``.gz`` and, from 4.2 on, ``.zst`` itself.
    """
    lines = spark.read.text(list(files)).select(F.col("value").alias("raw"), F.col("_metadata.file_path").alias("path"))
    placed = lines.where(F.trim("raw") != "").select("raw", F.substring_index("path", "/", -2).alias("file"))
    return placed.select("raw", "file", F.to_date(F.substring_index("file", "/", 1)).alias("landed_on"))


def told_by_json(lines: DataFrame, contract: EventContract) -> DataFrame:
    """``(raw, file, landed_on, told columns, _problem, _extra)`` of JSON lines."""
    fields = lines.select("raw", "file", "landed_on", _fields(contract))
    problem = F.when(F.col(_CORRUPT).isNotNull(), F.lit("not a JSON object"))
    extra = F.lit(None).cast("string")
    if contract.new_columns != "allow":
        declared = F.array(*(F.lit(name) for name in contract.called.values()))
        extra = F.get(F.array_except(F.json_object_keys("raw"), declared), F.lit(0))
    return fields.select("*", problem.alias(PROBLEM), extra.alias(EXTRA)).drop(_CORRUPT)


def _fields(contract: EventContract) -> Column:
    """The columns as text. A generator, because the optimizer would otherwise parse the line anew for each column."""
    schema = ", ".join(f"{quoted(name)} string" for name in (*contract.called.values(), _CORRUPT))
    parsed = F.from_json("raw", schema, {"columnNameOfCorruptRecord": _CORRUPT})
    return F.inline_outer(F.array(parsed)).alias(*(told(name) for name in contract.columns), _CORRUPT)


def read_told(lines: DataFrame, contract: EventContract) -> DataFrame:
    """The lines with each declared column in its type, and ``unread``, the first problem as ``rule:detail`` or null.

    A value that cannot be read as its type is null in its column; the contract's policies decide whether that is a
    problem. Values are taken as text first, so that money never passes through a binary fraction; a told column that
    has the declared type already is taken as it is.
    """
    kinds = {field.name: field.dataType.simpleString() for field in lines.schema}
    exact = {name for name, column in contract.columns.items() if kinds[told(name)] == column.type}
    patterns = _patterns(contract)
    typed = [
        (F.col(told(name)) if name in exact else read_value(F.col(told(name)), column.type, patterns)).alias(name)
        for name, column in contract.columns.items()
    ]
    problems = [F.concat(F.lit("unreadable:"), F.col(PROBLEM))]
    if contract.new_columns != "allow":
        problem = F.concat(F.lit("new_column:"), F.col(EXTRA))
        problems.append(
            F.when(F.col(EXTRA).isNotNull(), _judged(contract, contract.new_columns, "NEW_COLUMN", problem, None))
        )
    problems += [
        problem for name in contract.columns if name not in exact for problem in _type_problems(contract, name)
    ]
    read = lines.select("*", *typed)
    return read.select("raw", "file", "landed_on", F.coalesce(*problems).alias("unread"), *contract.columns)


def _patterns(contract: EventContract) -> dict[str, str]:
    """Type -> the pattern in which the source writes it, where that is not ISO."""
    if contract.landing is None:
        return {}
    dialect = contract.landing.dialect
    return {kind: text for kind, text in (("timestamp", dialect.timestamps), ("date", dialect.dates)) if text}


def read_value(text: Column, type_: str, patterns: Mapping[str, str] = MappingProxyType({})) -> Column:
    """Text as a value of ``type_``; null where it is none.

    Decimals are rounded half up to their scale. ``17850.0`` is a whole number, ``17850.5`` is none.
    """
    if type_ == "string":
        return text
    if type_ in patterns:
        at = F.try_to_timestamp(F.trim(text), F.lit(patterns[type_]))
        return at if type_ == "timestamp" else at.cast("date")
    value = F.trim(text).try_cast(type_)
    if type_ not in ("int", "bigint"):
        return value
    number = F.trim(text).try_cast(WIDE)
    return F.coalesce(value, F.when(number == F.floor(number), number.try_cast(type_)))


def _type_problems(contract: EventContract, name: str) -> list[Column]:
    declared = contract.columns[name].type
    if declared == "string":
        return []
    text, value = F.trim(F.col(told(name))), F.col(name)
    number = F.lit(None).cast(WIDE)
    lossy = F.lit(False)
    if declared in ("int", "bigint") or declared.startswith("decimal"):
        number = F.when(_doubtful(text, value, declared), text.try_cast(WIDE))
        lossy = number.isNotNull() & (value.isNull() | (value.cast(WIDE) != number))
    unreadable = text.isNotNull() & value.isNull() & number.isNull()
    said = F.lit(f"{name} is no {declared}")
    found = []
    if contract.new_types != "allow":
        problem = F.concat(F.lit("new_type:"), said)
        found.append(F.when(unreadable, _judged(contract, contract.new_types, "NEW_TYPE", problem, name)))
    # A rounded decimal may be allowed; a number too great for its type has no value to keep.
    too_wide = lossy if contract.widened_types != "allow" else lossy & value.isNull()
    policy = "quarantine" if contract.widened_types == "allow" else contract.widened_types
    problem = F.concat(F.lit("widened_type:"), said)
    found.append(F.when(too_wide, _judged(contract, policy, "NEW_TYPE", problem, name)))
    return found


def _doubtful(text: Column, value: Column, declared: str) -> Column:
    """Whether a number may not fit its type: no value came of it, or it has more places than the scale. Cheap."""
    if declared.startswith("decimal"):
        scale = declared.rstrip(")").partition(",")[2]
        return value.isNull() | text.rlike(rf"[eE]|\.\d{{{scale}}}\d")
    return value.isNull()


def _judged(contract: EventContract, policy: str, code: str, problem: Column, name: str | None) -> Column:
    """The problem itself, or an error of the whole job where the contract says ``fail``."""
    if policy != "fail":
        return problem
    about = {"source": contract.source, "policy": "new_types / widened_types", "code": code}
    if name is not None:
        about |= {"column": name, "type": contract.columns[name].type}
    said = F.to_json(
        F.struct(
            *(F.lit(v).alias(k) for k, v in about.items()), F.col("landed_on").alias("day"), problem.alias("problem")
        )
    )
    return F.raise_error(F.concat(F.lit("HEADRACE"), said)).cast("string")

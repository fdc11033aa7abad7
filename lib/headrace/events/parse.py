"""Lines of text into the contract's typed columns, with what could not be read kept beside them."""

from __future__ import annotations

from collections.abc import Sequence

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract

UNPARSED = "_unparsed"
_WIDE = "decimal(38,12)"


def read_lines(spark: SparkSession, files: Sequence[str]) -> DataFrame:
    """``(raw string, file string, landed_on date)``: one row a line; ``file`` is ``day/name``."""
    lines = spark.read.text(list(files)).select(F.col("value").alias("raw"), F.col("_metadata.file_path").alias("path"))
    placed = lines.where(F.trim("raw") != "").select("raw", F.substring_index("path", "/", -2).alias("file"))
    return placed.select("raw", "file", F.to_date(F.substring_index("file", "/", 1)).alias("landed_on"))


def parse_lines(lines: DataFrame, contract: EventContract) -> DataFrame:
    """The lines with each declared column in its type, and ``unread``, the first problem as ``rule:detail`` or null.

    A value that cannot be read as its type is null in its column; the contract's policies decide whether that is a
    problem. All values are taken as text first, so that money never passes through a binary fraction.
    """
    told = lines.select("raw", "file", "landed_on", _texts(contract))
    typed = [read_value(F.col(_told(name)), column.type).alias(name) for name, column in contract.columns.items()]
    read = told.select("*", *typed)
    problems = [_when(F.col(UNPARSED).isNotNull(), "unreadable:not a JSON object")]
    problems += _new_columns(contract)
    problems += [problem for name in contract.columns for problem in _type_problems(contract, name)]
    return read.select("raw", "file", "landed_on", F.coalesce(*problems).alias("unread"), *contract.columns)


def _texts(contract: EventContract) -> Column:
    """The columns as text. A generator, because the optimizer would otherwise parse the line anew for each column."""
    schema = ", ".join(f"`{name}` string" for name in (*contract.columns, UNPARSED))
    parsed = F.from_json("raw", schema, {"columnNameOfCorruptRecord": UNPARSED})
    return F.inline_outer(F.array(parsed)).alias(*(_told(name) for name in contract.columns), UNPARSED)


def _told(name: str) -> str:
    return f"_told_{name}"


def read_value(text: Column, type_: str) -> Column:
    """Text as a value of ``type_``; null where it is none. Decimals are rounded half up to their scale."""
    return text if type_ == "string" else F.trim(text).try_cast(type_)


def _when(condition: Column, problem: str | Column) -> Column:
    return F.when(condition, F.lit(problem) if isinstance(problem, str) else problem)


def _new_columns(contract: EventContract) -> list[Column]:
    if contract.new_columns == "allow":
        return []
    declared = F.array(*(F.lit(name) for name in contract.columns))
    extra = F.array_except(F.json_object_keys("raw"), declared)
    problem = F.concat(F.lit("new_column:"), F.element_at(extra, 1))
    return [_when(F.size(extra) > 0, _judged(contract, contract.new_columns, "NEW_COLUMN", problem, None))]


def _type_problems(contract: EventContract, name: str) -> list[Column]:
    declared = contract.columns[name].type
    if declared == "string":
        return []
    text, value = F.trim(F.col(_told(name))), F.col(name)
    number = F.lit(None).cast(_WIDE)
    lossy = F.lit(False)
    if declared in ("int", "bigint") or declared.startswith("decimal"):
        number = F.when(_doubtful(text, value, declared), text.try_cast(_WIDE))
        lossy = number.isNotNull() & (value.isNull() | (value.cast(_WIDE) != number))
    unreadable = text.isNotNull() & value.isNull() & number.isNull()
    told = F.lit(f"{name} is no {declared}")
    found = []
    if contract.new_types != "allow":
        problem = F.concat(F.lit("new_type:"), told)
        found.append(_when(unreadable, _judged(contract, contract.new_types, "NEW_TYPE", problem, name)))
    # A rounded decimal may be allowed; a number too great for its type has no value to keep.
    too_wide = lossy if contract.widened_types != "allow" else lossy & value.isNull()
    policy = "quarantine" if contract.widened_types == "allow" else contract.widened_types
    problem = F.concat(F.lit("widened_type:"), told)
    found.append(_when(too_wide, _judged(contract, policy, "NEW_TYPE", problem, name)))
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
    told = F.to_json(
        F.struct(
            *(F.lit(v).alias(k) for k, v in about.items()), F.col("landed_on").alias("day"), problem.alias("problem")
        )
    )
    return F.raise_error(F.concat(F.lit("HEADRACE"), told)).cast("string")

"""Point-in-time join: to each left row the right row that was the latest one known at its instant.

Both sides are laid into one frame, sorted by the instant at which a row becomes *visible* (the later of its own time
and its arrival), and the greatest right row so far is carried along. A plain "last row so far" would be wrong: what
arrives late becomes visible after younger rows. The greatest of a growing set only grows, so a running maximum in the
order of visibility is exact, and one shuffle and one sort by key are all that it costs.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import reduce

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql import types as T

from headrace.ground.errors import nearest
from headrace.ground.interval import DAY

Tolerance = int | float | Decimal | timedelta
_BEFORE, _ASKS, _AFTER = 0, 1, 2
"""Places of rows at one instant: what a question there sees, the question, and what it does not see."""
_LONGEST = 100_000_000 * DAY
"""Longer than any two timestamps of Spark are apart; a tolerance above it is the same tolerance."""
_NESTED = (T.ArrayType, T.MapType, T.StructType, T.VariantType)


def as_of_join(
    left: DataFrame,
    right: DataFrame,
    *,
    by: str | Sequence[str],
    left_time: str,
    right_time: str,
    available_at: str | None = None,
    sequence: str | None = None,
    tolerance: Tolerance | None = None,
    exclude_exact: bool = False,
    columns: Sequence[str] | None = None,
    suffix: str = "",
) -> DataFrame:
    """All columns of ``left``, then ``columns`` of the right row that was the latest one known at ``left_time``.

    Of the right rows with the same ``by``, ``right_time <= left_time`` (``<`` with ``exclude_exact``) and
    ``available_at <= left_time``, the greatest by (right_time, available_at, sequence, hash of the whole row) is taken,
    as one row with its nulls. It counts only where ``left_time - tolerance <= right_time``. One row out for each left
    row, duplicates included; the order of rows is not defined. A null key or left_time is kept with nulls; a right row
    with a null key, right_time or available_at is never seen (semantics 5-10).

    Args:
        left: The questions.
        right: What is looked up. Select its columns first where only some matter: the hash reads all of them.
        by: Key columns, of the same name and kind on both sides.
        left_time: Numeric, timestamp, timestamp_ntz or date; ``right_time`` and ``available_at`` of the same kind.
            Whole numbers against floating ones are compared as doubles, as Spark does.
        right_time: When the right row was true.
        available_at: When it was known. None means known-now: every row counts as known at its ``right_time``.
        sequence: Breaks ties of time; null is the least.
        tolerance: A number for numeric times, a timedelta for timestamps (elapsed time, whatever the zone), a timedelta
            or whole days for dates. None is no limit.
        exclude_exact: Leave out right rows of exactly ``left_time``; one that arrived exactly then is still known.
        columns: Columns of ``right``; by default all but ``by``.
        suffix: Appended to the name of each of ``columns``.

    Raises:
        ValueError: at the call and before any job: a column that is not there, keys or times of different kinds, a name
            that would stand twice in the result, a tolerance that is negative or of the wrong kind.
        pyspark.errors.SparkRuntimeException: when the result is computed: a NaN as a time.

    Bounds: n log n for n rows of both sides, one shuffle, memory bounded by spilling. The rows of one key are sorted
    and scanned by one task, so a key with 90 % of the rows keeps one core busy while the others are idle. Left rows
    without key or time are spread over all tasks. Right rows of keys that ``left`` never names are shuffled too.
    """
    keys = (by,) if isinstance(by, str) else tuple(by)
    names = _chosen(right, keys, columns)
    lookup = _Lookup(keys, left_time, right_time, available_at, sequence, exclude_exact, names)
    _check_columns(left, right, lookup)
    _check_kinds(left, right, lookup)
    _check_names(left, names, suffix)
    within = None if tolerance is None else _checked(tolerance, _kind(left, left_time), _kind(right, right_time))
    sides = _left_side(left, lookup).unionByName(_right_side(right, lookup), allowMissingColumns=True)
    so_far = Window.partitionBy(*_key_names(keys), "apart").orderBy(F.asc_nulls_first("visible"), "place")
    winner = F.max_by("offer", "rank").over(so_far.rowsBetween(Window.unboundedPreceding, Window.currentRow))
    answered = sides.withColumn("winner", winner).where(F.col("place") == _ASKS)
    return answered.select(*_result(left, lookup, suffix, within))


@dataclass(frozen=True)
class _Lookup:
    """What is asked, by column names."""

    keys: tuple[str, ...]
    left_time: str
    right_time: str
    available_at: str | None
    sequence: str | None
    exclude_exact: bool
    names: tuple[str, ...]


def _left_side(left: DataFrame, lookup: _Lookup) -> DataFrame:
    """``(key0.., apart, visible, place, left0..)``: rows that can match nothing are set apart, each by its own hash."""
    time = _column(lookup.left_time)
    matchless = reduce(lambda one, other: one | other, (_column(key).isNull() for key in lookup.keys), time.isNull())
    return _without_nan(left, lookup.left_time).select(
        *_keys(lookup.keys),
        F.when(matchless, _row_hash(left)).alias("apart"),
        time.alias("visible"),
        F.lit(_ASKS).alias("place"),
        *(_column(name).alias(f"left{i}") for i, name in enumerate(left.columns)),
    )


def _right_side(right: DataFrame, lookup: _Lookup) -> DataFrame:
    """``(key0.., apart, visible, place, rank, offer)``: the rows that can ever be seen, and from when."""
    times = [lookup.right_time, lookup.available_at or lookup.right_time]
    time, known = (_column(name) for name in times)
    place = F.when(time >= known, F.lit(_AFTER)).otherwise(F.lit(_BEFORE)) if lookup.exclude_exact else F.lit(_BEFORE)
    order = [known.alias("known"), *([_column(lookup.sequence).alias("sequence")] if lookup.sequence else [])]
    values = (_column(name).alias(f"right{i}") for i, name in enumerate(lookup.names))
    seen = reduce(lambda one, other: one & other, (_column(name).isNotNull() for name in (*lookup.keys, *times)))
    return (
        _without_nan(right, *times)
        .where(seen)
        .select(
            *_keys(lookup.keys),
            F.lit(None).cast("bigint").alias("apart"),
            F.greatest(time, known).alias("visible"),
            place.alias("place"),
            F.struct(time.alias("time"), *order, _row_hash(right).alias("hash")).alias("rank"),
            F.struct(time.alias("time"), *values).alias("offer"),
        )
    )


def _result(left: DataFrame, lookup: _Lookup, suffix: str, within: Tolerance | None) -> list[Column]:
    kept = [F.col(f"left{i}").alias(name) for i, name in enumerate(left.columns)]
    taken = [F.col(f"winner.right{i}") for i in range(len(lookup.names))]
    if within is not None:
        time = F.col(f"left{left.columns.index(lookup.left_time)}")
        near = _in_reach(time, F.col("winner.time"), _kind(left, lookup.left_time), within)
        taken = [F.when(near, value) for value in taken]
    return [*kept, *(value.alias(name + suffix) for name, value in zip(lookup.names, taken, strict=True))]


def _in_reach(left: Column, right: Column, kind: T.DataType, within: Tolerance) -> Column:
    """``left - within <= right``. The winner is the youngest row, so where it is too old, all are."""
    if isinstance(kind, T.DateType):
        return F.datediff(left, right) <= F.lit(within)
    if isinstance(kind, T.TimestampNTZType):
        return left - F.lit(within) <= right
    if isinstance(within, timedelta):  # not "- interval", which counts days in the session's zone
        return F.unix_micros(left) - F.lit(within // timedelta(microseconds=1)) <= F.unix_micros(right)
    return F.coalesce(F.try_subtract(left, F.lit(within)) <= right, F.lit(True))  # beyond the type's range: no limit


def _without_nan(frame: DataFrame, *times: str) -> DataFrame:
    """The same rows; computing them fails where a time is NaN."""
    for name in dict.fromkeys(times):
        if isinstance(_kind(frame, name), T.FloatType | T.DoubleType):
            said = f"NaN as a time in the column '{name}' of an as-of join; make it null or a number"
            frame = frame.where(F.when(F.isnan(_column(name)), F.raise_error(F.lit(said))).otherwise(F.lit(True)))
    return frame


def _row_hash(frame: DataFrame) -> Column:
    """64 bits over all columns by name, nulls told from absences; what is nested is hashed as its JSON."""
    parts: list[Column] = []
    for field in sorted(frame.schema.fields, key=lambda field: field.name):
        column = _column(field.name)
        nested = isinstance(field.dataType, _NESTED)
        parts.append(F.to_json(F.struct(column), {"ignoreNullFields": "false"}) if nested else column)
        parts.append(column.isNull())
    return F.xxhash64(*parts)


def _column(name: str) -> Column:
    return F.col("`" + name.replace("`", "``") + "`")


def _kind(frame: DataFrame, name: str) -> T.DataType:
    return frame.schema[name].dataType


def _key_names(keys: tuple[str, ...]) -> list[str]:
    return [f"key{i}" for i in range(len(keys))]


def _keys(keys: tuple[str, ...]) -> list[Column]:
    return [_column(key).alias(name) for key, name in zip(keys, _key_names(keys), strict=True)]


def _chosen(right: DataFrame, keys: tuple[str, ...], columns: Sequence[str] | None) -> tuple[str, ...]:
    if columns is None:
        return tuple(name for name in right.columns if name not in keys)
    return (columns,) if isinstance(columns, str) else tuple(columns)


def _check_columns(left: DataFrame, right: DataFrame, lookup: _Lookup) -> None:
    if not lookup.keys:
        raise ValueError("by: name at least one key column")
    optional = {"available_at": lookup.available_at, "sequence": lookup.sequence}
    wanted = [("by", key, "left", left) for key in lookup.keys] + [("by", key, "right", right) for key in lookup.keys]
    wanted += [("left_time", lookup.left_time, "left", left), ("right_time", lookup.right_time, "right", right)]
    wanted += [(role, name, "right", right) for role, name in optional.items() if name is not None]
    wanted += [("columns", name, "right", right) for name in lookup.names]
    for role, name, side, frame in wanted:
        if name not in frame.columns:
            raise ValueError(f"{role}: no column '{name}' on the {side} side. {nearest(name, frame.columns)}")


def _check_kinds(left: DataFrame, right: DataFrame, lookup: _Lookup) -> None:
    time = _time_kind(left, lookup.left_time)
    for name in (lookup.right_time, *([lookup.available_at] if lookup.available_at else [])):
        if _time_kind(right, name) != time:
            found = _time_kind(right, name)
            raise ValueError(f"'{name}' is {found}, and left_time '{lookup.left_time}' is {time}; cast one")
    for key in lookup.keys:
        kinds = _kind(left, key), _kind(right, key)
        if kinds[0] != kinds[1] and not all(isinstance(kind, T.NumericType) for kind in kinds):
            spelled = " on the left, ".join(kind.simpleString() for kind in kinds)
            raise ValueError(f"by: '{key}' is {spelled} on the right; cast one")


def _time_kind(frame: DataFrame, name: str) -> str:
    kind = _kind(frame, name)
    if isinstance(kind, T.NumericType):
        return "numeric"
    if isinstance(kind, T.DateType | T.TimestampType | T.TimestampNTZType):
        return kind.simpleString()
    raise ValueError(f"'{name}' is {kind.simpleString()}; a time is numeric, a timestamp or a date")


def _check_names(left: DataFrame, names: tuple[str, ...], suffix: str) -> None:
    seen: set[str] = set()
    for name in (*left.columns, *(name + suffix for name in names)):
        if name.lower() in seen:
            raise ValueError(f"'{name}' would stand twice in the result (suffix '{suffix}'); give another suffix")
        seen.add(name.lower())


def _checked(tolerance: Tolerance, *kinds: T.DataType) -> Tolerance:
    """The tolerance in the unit of the times: days for dates, a bounded timedelta for timestamps, else a number."""
    measurable = not isinstance(tolerance, bool) and isinstance(tolerance, Tolerance)
    if not measurable:
        raise ValueError(f"tolerance {tolerance!r} is neither a number nor a timedelta")
    if not (tolerance >= timedelta(0) if isinstance(tolerance, timedelta) else tolerance >= 0):
        raise ValueError(f"tolerance {tolerance!r} is negative or not a number; None means no limit")
    numeric, dates = isinstance(kinds[0], T.NumericType), isinstance(kinds[0], T.DateType)
    if isinstance(tolerance, timedelta):
        if numeric:
            raise ValueError(f"tolerance {tolerance!r}: numeric times take a number")
        bounded = min(tolerance, _LONGEST)
        return bounded // DAY if dates else bounded
    if not numeric and not (dates and isinstance(tolerance, int)):
        raise ValueError(f"tolerance {tolerance!r}: timestamps take a timedelta, dates a timedelta or whole days")
    if dates:
        return _whole(tolerance, _LONGEST // DAY)
    return _whole(tolerance, 2**63 - 1) if all(isinstance(kind, T.IntegralType) for kind in kinds) else tolerance


def _whole(tolerance: int | float | Decimal, most: int) -> int:
    """Between whole numbers a fraction means nothing, and as a double it would round large ones."""
    return most if tolerance >= most else math.floor(tolerance)

"""Point-in-time join: to each left row the right row that was the latest one known at its instant.

Both sides are laid along the timelines of their keys by the instant at which a row becomes *visible* (the later of its
own time and its arrival), and the greatest right row so far is carried along. A plain "last row so far" would be wrong:
what arrives late becomes visible after younger rows. The greatest of a growing set only grows, so a running maximum in
the order of visibility is exact. ``features.timeline`` scans in pieces of even size, however many rows a key has.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from functools import reduce

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql import types as T

from headrace.features.rows import column, common_types, kind, on_a_line, row_hash, time_kind, without_nan
from headrace.features.timeline import AFTER, ASKS, BEFORE, PLACE, cuts_of, position, scan
from headrace.ground.errors import nearest
from headrace.ground.interval import DAY

Tolerance = int | float | Decimal | timedelta
_LONGEST = 100_000_000 * DAY
"""Longer than any two timestamps of Spark are apart; a tolerance above it is the same tolerance."""


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
    carry_forward: str | Sequence[str] = (),
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
        carry_forward: Those of ``columns`` of which nulls are passed over: each by itself has its value from the latest
            row known that has one, within the tolerance. The others are of the one row, nulls included.
        suffix: Appended to the name of each of ``columns``.

    Raises:
        ValueError: at the call and before any job: a column that is not there, keys or times of different kinds, a name
            that would stand twice in the result, a tolerance that is negative or of the wrong kind.
        pyspark.errors.SparkRuntimeException: when the result is computed: a NaN as a time.

    Bounds: n log n for n rows of both sides, one shuffle, memory bounded by spilling. A job at the call takes a sample of
    both sides, 64 rows a shuffle partition; where a key is large, it is scanned by as many tasks as its share asks for
    (``features.timeline``), and ``right`` is read once more. Right rows that are alike in all columns stay in one task.
    The inputs have to give the same rows each time. Right rows of keys that ``left`` never names are shuffled too.
    """
    keys = _several(by)
    names, held = _chosen(right, keys, columns), _several(carry_forward)
    lookup = _Lookup(keys, left_time, right_time, available_at, sequence, exclude_exact, names, held)
    _check_columns(left, right, lookup)
    _check_kinds(left, right, lookup)
    _check_names(left, names, suffix)
    within = None if tolerance is None else _checked(tolerance, kind(left, left_time), kind(right, right_time))
    answered = _answered(left, right, lookup)
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
    carry_forward: tuple[str, ...] = ()

    @property
    def held(self) -> list[int]:
        """The places of the columns that are looked up each by itself."""
        return [i for i, name in enumerate(self.names) if name in self.carry_forward]


def _answered(left: DataFrame, right: DataFrame, lookup: _Lookup) -> DataFrame:
    """The left rows as ``asked``, each with the ``winner`` of the right rows that it sees."""
    alike = _common_types(left, right, lookup)
    cuts = cuts_of(_right_side(right, lookup, alike), _left_side(left, lookup, alike))
    asking = _left_side(without_nan(left, lookup.left_time), lookup, alike)
    times = (lookup.right_time, lookup.available_at or lookup.right_time)
    offering = _right_side(without_nan(right, *times), lookup, alike)
    best = {f"offer{i}": (F.max_by(f"offer{i}", f"rank{i}"), f"rank{i}") for i in ("", *lookup.held)}
    scanned = scan(
        [offering],
        [asking],
        keys=[*_key_names(lookup.keys), "apart"],
        cuts=cuts,
        carried={
            name: value for offer, (of, rank) in best.items() for name, value in ((offer, of), (rank, F.max(rank)))
        },
        running={offer.replace("offer", "winner"): of for offer, (of, _) in best.items()},
    )
    return scanned.where(F.col(PLACE) == ASKS)


def _common_types(left: DataFrame, right: DataFrame, lookup: _Lookup) -> list[T.DataType]:
    """The types of the keys and, last, of time."""
    times = [(left, lookup.left_time), (right, lookup.right_time), (right, lookup.available_at or lookup.right_time)]
    sides = (frame.select(*_keys(lookup.keys), column(time).alias("time")) for frame, time in times)
    return common_types(*sides)


def _left_side(left: DataFrame, lookup: _Lookup, alike: list[T.DataType]) -> DataFrame:
    """``(key0.., apart, position, asked)``: rows that can match nothing are set apart, each by its own hash.

    The columns of left travel as one: Spark's optimizer derives each constraint anew for every set of renamed columns.
    """
    time = column(lookup.left_time)
    matchless = reduce(lambda one, other: one | other, (column(key).isNull() for key in lookup.keys), time.isNull())
    apart = F.when(matchless, row_hash(left))
    keys = _keys(lookup.keys, alike)
    return left.select(
        *keys,
        apart.alias("apart"),
        *position([*keys, apart], on_a_line(time.cast(alike[-1]), alike[-1]), ASKS, row_hash(left)),
        F.struct(*(column(name).alias(f"c{i}") for i, name in enumerate(left.columns))).alias("asked"),
    )


def _right_side(right: DataFrame, lookup: _Lookup, alike: list[T.DataType]) -> DataFrame:
    """``(key0.., apart, position, rank, offer)``: the rows that can ever be seen, and from when.

    What is looked up by itself has a rank and an offer of its own, in rows where it is not null.
    """
    times = [lookup.right_time, lookup.available_at or lookup.right_time]
    time, known = (column(name) for name in times)
    place = F.when(time >= known, AFTER).otherwise(BEFORE) if lookup.exclude_exact else F.lit(BEFORE)
    order = [known.alias("known"), *([column(lookup.sequence).alias("sequence")] if lookup.sequence else [])]
    keys, nowhere = _keys(lookup.keys, alike), F.lit(None).cast("bigint")
    visible = on_a_line(F.greatest(time.cast(alike[-1]), known.cast(alike[-1])), alike[-1])
    values = (column(name).alias(f"right{i}") for i, name in enumerate(lookup.names))
    seen = reduce(lambda one, other: one & other, (column(name).isNotNull() for name in (*lookup.keys, *times)))
    rank = F.struct(time.alias("time"), *order, row_hash(right).alias("hash"))
    own = []
    for i in lookup.held:
        value = column(lookup.names[i])
        there, offer = value.isNotNull(), F.struct(time.alias("time"), value.alias(f"right{i}"))
        own += [F.when(there, rank).alias(f"rank{i}"), F.when(there, offer).alias(f"offer{i}")]
    return right.where(seen).select(
        *keys,
        nowhere.alias("apart"),
        *position([*keys, nowhere], visible, place, row_hash(right)),
        rank.alias("rank"),
        F.struct(time.alias("time"), *values).alias("offer"),
        *own,
    )


def _result(left: DataFrame, lookup: _Lookup, suffix: str, within: Tolerance | None) -> list[Column]:
    kept = [F.col(f"asked.c{i}").alias(name) for i, name in enumerate(left.columns)]
    winners = [f"winner{i}" if i in lookup.held else "winner" for i in range(len(lookup.names))]
    taken = [F.col(f"{winner}.right{i}") for i, winner in enumerate(winners)]
    if within is not None:
        time, of = F.col(f"asked.c{left.columns.index(lookup.left_time)}"), kind(left, lookup.left_time)
        near = {winner: _in_reach(time, F.col(f"{winner}.time"), of, within) for winner in winners}
        taken = [F.when(near[winner], value) for winner, value in zip(winners, taken, strict=True)]
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


def _key_names(keys: tuple[str, ...]) -> list[str]:
    return [f"key{i}" for i in range(len(keys))]


def _keys(keys: tuple[str, ...], kinds: Sequence[T.DataType] = ()) -> list[Column]:
    cast = [column(key).cast(to) for key, to in zip(keys, kinds, strict=False)] or [column(key) for key in keys]
    return [key.alias(name) for key, name in zip(cast, _key_names(keys), strict=True)]


def _chosen(right: DataFrame, keys: tuple[str, ...], columns: Sequence[str] | None) -> tuple[str, ...]:
    if columns is None:
        return tuple(name for name in right.columns if name not in keys)
    return _several(columns)


def _several(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)


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
    for name in lookup.carry_forward:
        if name not in lookup.names:
            raise ValueError(f"carry_forward: '{name}' is not among the columns. {nearest(name, lookup.names)}")


def _check_kinds(left: DataFrame, right: DataFrame, lookup: _Lookup) -> None:
    time = time_kind(left, lookup.left_time)
    for name in (lookup.right_time, *([lookup.available_at] if lookup.available_at else [])):
        if time_kind(right, name) != time:
            found = time_kind(right, name)
            raise ValueError(f"'{name}' is {found}, and left_time '{lookup.left_time}' is {time}; cast one")
    for key in lookup.keys:
        kinds = kind(left, key), kind(right, key)
        if kinds[0] != kinds[1] and not all(isinstance(kind, T.NumericType) for kind in kinds):
            spelled = " on the left, ".join(kind.simpleString() for kind in kinds)
            raise ValueError(f"by: '{key}' is {spelled} on the right; cast one")


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

"""A running aggregate along the timelines of keys, in pieces of even size whatever the size of a key.

A window partitioned by key gives all rows of a key to one task, which is well where no key is large. Where one is, all rows
are put in one total order (hash of the key, then the key's timeline), which is cut into as many *stretches* as there are
shuffle partitions, at bounds taken from a sample: as a sort by range does it. A task scans a stretch, and what the earlier
stretches of a key come to is put at the head of each later one as a row like any other (a *head*). A key that lies in one
stretch has no head, so of all keys at most one a bound has any.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as F

from headrace.features.placing import labels

HASH, TIME, PLACE, TIE = "_hash", "_time", "_place", "_tie"
"""A row's position: hash of its key, its instant, its place among the rows of one instant, and what splits ties."""
BEFORE, ASKS, AFTER = 0, 1, 2
"""Places of rows at one instant: what a question there sees, the question, and what it does not see."""
_HEAD = -1
_STRETCH, _LAST, _BOUNDS, _AT = "_stretch", "_last", "_bounds", "_at"
PER_STRETCH = 64
"""Rows of the sample for each stretch: a stretch is then within a third of the mean (2.6 deviations of 1/8)."""
_LARGE = PER_STRETCH // 4
"""A key with more rows of the sample, which is a quarter of a partition's share, is reason to cut."""


@dataclass(frozen=True)
class Cuts:
    """Where the order of all rows is cut: SQL of an array of positions, ascending, one less than there are stretches."""

    bounds: str
    parts: int


def position(keys: Sequence[Column], time: Column, place: Column | int, tie: Column) -> list[Column]:
    """The columns of a row's position. ``time`` is a number."""
    where = F.lit(place) if isinstance(place, int) else place
    return [F.xxhash64(*keys).alias(HASH), time.alias(TIME), where.alias(PLACE), tie.alias(TIE)]


def cuts_of(*frames: DataFrame) -> Cuts | None:
    """Bounds between stretches of about as many rows each of the frames together; None where no key is large.

    They come from one pass over the frames' positions, a job that runs at once: each task keeps the rows of least hash,
    and 64 for each shuffle partition come to the driver. Fewer rows than that are not cut. Rows that are equal in all of
    their position stay together.
    """
    parts = int(frames[0].sparkSession.conf.get("spark.sql.shuffle.partitions") or 1)
    positions = stacked([frame.select(HASH, TIME, PLACE, TIE) for frame in frames])
    most = PER_STRETCH * parts
    drawn = positions.orderBy(F.xxhash64(HASH, TIME, PLACE, TIE)).limit(most).collect()
    largest = max(Counter(row[HASH] for row in drawn).values(), default=0)
    if parts == 1 or len(drawn) < most or largest <= _LARGE:
        return None
    ordered = sorted(drawn, key=lambda row: (row[HASH], row[TIME] is not None, row[TIME] or 0, row[PLACE], row[TIE]))
    kind = positions.schema[TIME].dataType.simpleString()
    bounds = (_literal(ordered[number * PER_STRETCH], kind) for number in range(1, parts))
    return Cuts(f"array({', '.join(bounds)})", parts)


def scan(
    givers: Sequence[DataFrame],
    askers: Sequence[DataFrame],
    *,
    keys: Sequence[str],
    cuts: Cuts | None,
    carried: Mapping[str, Column],
    running: Mapping[str, Column],
    several: Collection[str] = (),
    exclusive: bool = False,
    by_tie: bool = False,
) -> DataFrame:
    """All rows of the frames with the aggregates ``running`` over the rows of their key up to them.

    Every frame has the columns ``keys`` and those of a position; others that it lacks become null. Rows are taken by
    (time, place); of rows equal in both each may or may not see the other, unless ``exclusive`` leaves out the row alone or
    ``by_tie`` takes them in the order of their ties.

    Args:
        givers: What the aggregates are over.
        askers: Rows in which the aggregated columns are missing.
        keys: Whose timelines. A null is a key like another.
        cuts: Of positions much like theirs; bad ones make tasks uneven and no result wrong. None: a task has whole keys.
        carried: For each column of givers that ``running`` reads, the aggregate of it that stands for many rows.
        running: The aggregates, by name.
        several: Those of ``carried`` that give an array of values, each to be seen as a row's.
        exclusive: Leave out the row itself.
        by_tie: For aggregates that tell rows of one place apart: a task that is retried gives the same again.

    Bounds: one pass over the frames, and where they are cut one more over givers; one shuffle, one sort; n log n.
    """
    if cuts is None:
        spread, whole = stacked([*givers, *askers]).drop(HASH), list(keys)
    else:
        spread, whole = _spread(givers, askers, keys, cuts, carried, several), [*keys, _STRETCH]
    spread, ties = (spread, [TIE]) if by_tie else (spread.drop(TIE), [])
    onward = Window.partitionBy(*whole).orderBy(F.asc_nulls_first(TIME), PLACE, *ties)
    so_far = onward.rowsBetween(Window.unboundedPreceding, -1 if exclusive else Window.currentRow)
    scanned = spread.select("*", *(value.over(so_far).alias(name) for name, value in running.items()))
    scanned = scanned.drop(TIE)
    return scanned if cuts is None else scanned.where(F.col(PLACE) != _HEAD).drop(_STRETCH)


def stacked(frames: Sequence[DataFrame]) -> DataFrame:
    """The rows of all frames, missing columns null."""
    return reduce(lambda one, other: one.unionByName(other, allowMissingColumns=True), frames)


def _spread(
    givers: Sequence[DataFrame],
    askers: Sequence[DataFrame],
    keys: Sequence[str],
    cuts: Cuts,
    carried: Mapping[str, Column],
    several: Collection[str],
) -> DataFrame:
    """The rows and the heads, a stretch a partition. Each frame is shuffled by itself, by tasks that all read alike."""
    giving = [_stretched(frame, cuts, through=True) for frame in givers]
    asking = [_stretched(frame, cuts) for frame in askers]
    heads = stacked([_heads(frame, keys, carried, several) for frame in giving])
    placed = F.get(F.lit(list(labels(cuts.parts))), F.col(_STRETCH)).cast("int").alias(_STRETCH)
    spread = []
    for frame in (*giving, *asking, heads):
        kept = [name for name in frame.columns if name not in (HASH, _STRETCH, _LAST)]
        spread.append(frame.select(*kept, placed).repartition(cuts.parts, _STRETCH))
    return stacked(spread)


def _literal(row: Row, kind: str) -> str:
    """SQL of a position."""

    def value(of: Any, kind: str) -> str:
        return f"CAST({'NULL' if of is None else repr(str(of))} AS {kind})"

    kinds = {HASH: "BIGINT", TIME: kind, PLACE: "INT", TIE: "BIGINT"}
    return f"struct({', '.join(f'{value(row[name], kinds[name])} AS {name}' for name in kinds)})"


def _stretched(frame: DataFrame, cuts: Cuts, *, through: bool = False) -> DataFrame:
    """With the stretch that a row lies in and, where asked for, the last one that its key reaches into."""
    steps = {_BOUNDS: cuts.bounds, _AT: f"struct({HASH}, {TIME}, {PLACE}, {TIE})"}
    steps |= _passed(_STRETCH, cuts.parts, f" <= {_AT}")
    steps |= _passed(_LAST, cuts.parts, f".{HASH} <= {HASH}") if through else {}
    placed = frame.select("*", *(F.expr(sql).alias(name) for name, sql in steps.items()))
    return placed.drop(*(name for name in steps if name not in (_STRETCH, _LAST)))


def _passed(name: str, parts: int, passed: str) -> dict[str, str]:
    """How many bounds are passed, by halving: a column a step, named by the next one. Beyond the last bound is null."""
    found: dict[str, str] = {}
    so_far, step = "0", 1 << (parts - 1).bit_length() >> 1
    while step:
        further = f"CASE WHEN get({_BOUNDS}, {so_far} + {step - 1}){passed} THEN {step} ELSE 0 END"
        label = name if step == 1 else f"{name}{step}"
        found[label] = f"{so_far} + {further}"
        so_far, step = label, step // 2
    return found


def _heads(
    giving: DataFrame, keys: Sequence[str], carried: Mapping[str, Column], several: Collection[str]
) -> DataFrame:
    """What a key comes to in each stretch but its last, a row for each later stretch. One task adds up: they are few."""
    carried = {name: value for name, value in carried.items() if name in giving.columns}
    values = [value.alias(name) for name, value in carried.items()]
    beyond = giving.where(F.col(_STRETCH) < F.col(_LAST))
    summed = beyond.groupBy(*keys, _STRETCH, _LAST).agg(*values).coalesce(1)
    if set(several) & set(carried):
        arrays = [_array(summed, name, name in several) for name in carried]
        zipped = summed.select(*keys, _STRETCH, _LAST, *arrays)
        each = zipped.select(*keys, _STRETCH, _LAST, F.explode(F.arrays_zip(*carried)).alias("each"))
        summed = each.select(*keys, _STRETCH, _LAST, "each.*")
    later = F.explode(F.sequence(F.col(_STRETCH) + 1, F.col(_LAST)))
    return summed.withColumn(_STRETCH, later).withColumn(PLACE, F.lit(_HEAD))


def _array(frame: DataFrame, name: str, is_one: bool) -> Column:
    """A column as an array, and never a null one: zipped with others it would make all of them null."""
    nothing = F.array(F.lit(None)).cast(frame.schema[name].dataType) if is_one else None
    return (F.array(name) if nothing is None else F.coalesce(F.col(name), nothing)).alias(name)

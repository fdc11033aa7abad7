"""The one-pass profile: additive facts about every column of a DataFrame, in one aggregation.

Only the columns that are passed in are read; which those are is the caller's decision (personal columns never enter,
semantics 18). HLL and KLL sketches, which trust.md 1 also names, are left for later: distinct counts and quantiles
between the frozen edges are not in this profile.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence

from pyspark.sql import Column, DataFrame, Row, Window
from pyspark.sql import functions as F

from headrace.profile.edges import (
    BELOW,
    EMPTY,
    FIRST_TEXT,
    INFINITY,
    MINUS_INFINITY,
    NAN,
    NULL,
    QUANTILES,
    TOP_VALUES,
    ZERO,
    Edges,
    NumberEdges,
    TextEdges,
    cut_at,
)
from headrace.profile.row import ALL, USER_BUCKETS, ProfileRow

EXACT = "decimal(38,12)"
KEYS = ("table", "column", "slice", "window", "fingerprint", "user_bucket")
_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "boolean", "decimal")


def reference_edges(df: DataFrame, columns: Sequence[str]) -> Edges:
    """Frozen edges for ``columns`` from the training reference ``df``: two bounded aggregations at most.

    Numbers: the 0, 5, ..., 100 % quantiles of the finite values other than zero, by Spark's exact ``percentile``
    (linear interpolation, type 7). It depends on the set of values alone, where ``percentile_approx`` depends on
    partitioning. It holds a column's distinct values in one task: give a sample by users where the reference is larger
    than memory allows. Texts: the 20 most frequent, ties by text.

    Raises:
        ValueError: a column is missing, or neither number, truth value, date, timestamp nor text.
    """
    kinds = _kinds(df, columns)
    numbers = [name for name in columns if kinds[name] != "text"]
    texts = [name for name in columns if kinds[name] == "text"]
    found: dict[str, NumberEdges | TextEdges] = {}
    if numbers:
        found |= _quantiles(df, numbers, kinds)
    if texts:
        found |= _frequent(df, texts)
    return Edges({name: found[name] for name in columns})


def profile(
    df: DataFrame,
    edges: Edges,
    *,
    table: str,
    window: str,
    fingerprint: str,
    entity: Sequence[str],
    slices: Sequence[str] = (),
) -> DataFrame:
    """The profile of the columns that ``edges`` name: one row a column, slice and user bucket.

    Every row of ``df`` counts in the slice ``all`` and, for each column of ``slices``, in ``column=value``. The user
    bucket is ``pmod(xxhash64(entity), 32)``. One scan, one aggregation by (key, bin) and one that folds the bins;
    at most columns x slices x 32 rows. The frame's columns are the fields of ``ProfileRow``.

    Raises:
        ValueError: a column of the edges is missing or of a type that is not profiled.
    """
    kinds = _kinds(df, tuple(edges.columns))
    for name, found in edges.columns.items():
        if isinstance(found, NumberEdges) == (kinds[name] == "text"):
            raise ValueError(f"column '{name}' is now {dict(df.dtypes)[name]}; its edges are of another kind")
    numbers = [name for name, kind in kinds.items() if kind != "text"]
    cells = ", ".join(_cell(place, name, kind) for place, (name, kind) in enumerate(kinds.items(), start=1))
    labels = [F.lit(ALL), *(_label(name) for name in slices)]
    bucket = f"CAST(pmod(xxhash64({_quoted(entity)}), {USER_BUCKETS}) AS INT) AS user_bucket"
    sliced = df.select(F.expr(bucket), F.expr(f"array({cells}) AS cells"), F.array(*labels).alias("labels"))
    exploded = sliced.select("user_bucket", "labels", F.inline("cells")).withColumn("slice", F.explode("labels"))
    placed = exploded.withColumns({"value": _finite(F.col("number")), "bin": _bin(list(edges.columns.values()))})
    binned = placed.groupBy("place", "slice", "user_bucket", "bin").agg(*_facts())
    column = F.element_at(_constant(list(edges.columns), "array<string>"), F.col("place"))
    folded = binned.withColumn("column", column).groupBy("column", "slice", "user_bucket").agg(*_folded(numbers))
    named = folded.withColumns({"table": F.lit(table), "window": F.lit(window), "fingerprint": F.lit(fingerprint)})
    return named.select(*KEYS, *(name for name in ProfileRow.__dataclass_fields__ if name not in KEYS))


def read_profile(frame: DataFrame) -> tuple[ProfileRow, ...]:
    """The profile as values, sorted by key. Bounded: columns x slices x 32 rows."""
    rows = collected(frame.select(*ProfileRow.__dataclass_fields__))
    return tuple(sorted(map(_row, rows), key=lambda row: tuple(getattr(row, key) for key in KEYS)))


def write_profile(rows: Iterable[ProfileRow], like: DataFrame) -> DataFrame:
    """What ``read_profile`` read, as a frame with the columns of ``like``: the profile is computed once for both."""
    values = [tuple(getattr(row, name) for name in like.columns) for row in rows]
    frame: DataFrame = like.sparkSession.createDataFrame(values, like.schema)
    return frame.coalesce(1)


def _row(row: Row) -> ProfileRow:
    fields = row.asDict()
    return ProfileRow(**{**fields, "counts": tuple((pair["bin"], pair["rows"]) for pair in fields["counts"])})


def _kinds(df: DataFrame, columns: Sequence[str]) -> dict[str, str]:
    types = dict(df.dtypes)
    kinds = {name: _kind(types.get(name)) for name in columns}
    for name, kind in kinds.items():
        if kind == "none":
            raise ValueError(
                f"column '{name}' of type {types.get(name, '(missing)')} has no profile: "
                "numbers, truth values, dates, timestamps and texts have one"
            )
    return kinds


def _kind(spark_type: str | None) -> str:
    if spark_type is None:
        return "none"
    if spark_type.partition("(")[0] in _NUMBERS:
        return "number"
    return {"string": "text", "date": "date", "timestamp": "timestamp"}.get(spark_type, "none")


def _quoted(names: Sequence[str]) -> str:
    return ", ".join(_name(name) for name in names)


def _name(column: str) -> str:
    return "`" + column.replace("`", "``") + "`"


def _number(column: str, kind: str) -> str:
    """SQL of the column as a double: dates in days, timestamps in seconds, since 1970."""
    value = {"date": f"unix_date({_name(column)})", "timestamp": f"unix_micros({_name(column)}) / 1000000"}
    return f"CAST({value.get(kind, _name(column))} AS DOUBLE)"


def _finite(value: Column) -> Column:
    endless = F.isnan(value) | (F.abs(value) == float("inf"))
    return F.when(~endless, value)


def _label(column: str) -> Column:
    return F.concat(F.lit(f"{column}="), F.coalesce(F.col(_name(column)).cast("string"), F.lit("(none)")))


def _cell(place: int, column: str, kind: str) -> str:
    """SQL of a column's value in a row: ``place`` is that of the column among the edges, from 1 on."""
    number = "CAST(NULL AS DOUBLE)" if kind == "text" else _number(column, kind)
    text = _name(column) if kind == "text" else "CAST(NULL AS STRING)"
    return f"named_struct('place', {place}, 'number', {number}, 'text', {text})"


def _constant(value: object, spark_type: str) -> Column:
    """A literal of any size by one call; Spark folds it before anything runs."""
    return F.from_json(F.lit(json.dumps(value)), spark_type)


def _bin(edges: Sequence[NumberEdges | TextEdges]) -> Column:
    """The bin of a cell by the edges in its place: an expression for all columns, where one for each is much to compile."""
    cuts = [list(one.cuts) or [0.0] if isinstance(one, NumberEdges) else None for one in edges]
    texts = [list(one.values) if isinstance(one, TextEdges) else None for one in edges]
    ours = F.element_at(_constant(texts, "array<array<string>>"), F.col("place"))
    number = _number_bin(F.col("number"), F.element_at(_constant(cuts, "array<array<double>>"), F.col("place")))
    return F.when(ours.isNotNull(), _text_bin(F.col("text"), ours)).otherwise(number).cast("int")


def _text_bin(value: Column, texts: Column) -> Column:
    """As ``TextEdges.index``."""
    place = F.array_position(texts, value)
    named = F.when(place > 0, place + (FIRST_TEXT - 1)).otherwise(F.size(texts) + FIRST_TEXT)
    return F.when(value.isNull(), NULL).when(value == "", EMPTY).otherwise(named)


def _number_bin(value: Column, cuts: Column) -> Column:
    """As ``NumberEdges.index``; edges without cuts part at zero, which has a bin of its own."""
    last = F.size(cuts) - 1
    passed = F.size(F.filter(cuts, lambda cut: cut <= value))
    inner = F.when(value > F.element_at(cuts, -1), last + 1).otherwise(F.least(passed, last))
    special = F.when(value.isNull(), NULL).when(F.isnan(value), NAN)
    special = special.when(value == float("inf"), INFINITY).when(value == float("-inf"), MINUS_INFINITY)
    return special.when(value == 0, ZERO).otherwise(inner + BELOW)


def _facts() -> tuple[Column, ...]:
    """Of the rows of one bin. The sums are of decimals, so they do not depend on the order of rows."""
    exact = {"total": F.expr(f"try_cast(value AS {EXACT})"), "squares": F.expr(f"try_cast(value * value AS {EXACT})")}
    sums = (F.when(F.count(part) == F.count("value"), F.try_sum(part)).alias(name) for name, part in exact.items())
    return (
        F.count("*").alias("rows"),
        F.count("value").alias("finite"),
        F.min("value").alias("least"),
        F.max("value").alias("greatest"),
        *sums,
    )


def _folded(numbers: Sequence[str]) -> tuple[Column, ...]:
    """Of the bins of one column. Counts are (bin, rows) pairs in order; the special bins are named besides."""
    numeric = F.col("column").isin(*numbers) if numbers else F.lit(False)
    pairs = F.array_sort(F.collect_list(F.struct("bin", "rows")))
    return (
        F.sum("rows").alias("n"),
        _rows_in(F.col("bin") == NULL).alias("nulls"),
        _rows_in(numeric & (F.col("bin") == NAN)).alias("nans"),
        _rows_in(numeric & F.col("bin").isin(INFINITY, MINUS_INFINITY)).alias("infinities"),
        _rows_in(numeric & (F.col("bin") == ZERO)).alias("zeros"),
        F.min("least").alias("least"),
        F.max("greatest").alias("greatest"),
        _sum_of_sums("total", F.max(numeric)).alias("total"),
        _sum_of_sums("squares", F.max(numeric)).alias("squares"),
        pairs.alias("counts"),
    )


def _rows_in(condition: Column) -> Column:
    return F.sum(F.when(condition, F.col("rows")).otherwise(0)).cast("bigint")


def _sum_of_sums(part: str, numeric: Column) -> Column:
    """Null where the column is text, or the sum of some bin is unknown, or all of them together are too large."""
    unknown = F.max((F.col("finite") > 0) & F.col(part).isNull())
    nothing = F.when(F.sum("finite") == 0, F.lit(0).cast(EXACT))
    return F.when(numeric & ~unknown, F.coalesce(nothing, F.try_sum(part)))


def _quantiles(df: DataFrame, names: Sequence[str], kinds: Mapping[str, str]) -> dict[str, NumberEdges]:
    shares = F.lit([step / QUANTILES for step in range(QUANTILES + 1)])
    values = [_finite(F.expr(_number(name, kinds[name]))) for name in names]
    wanted = (F.percentile(F.when(value != 0, value), shares) for value in values)
    (row,) = collected(df.agg(*(column.alias(f"q{place}") for place, column in enumerate(wanted))))
    return {name: cut_at(quantiles) for name, quantiles in zip(names, row, strict=True)}


def _frequent(df: DataFrame, names: Sequence[str]) -> dict[str, TextEdges]:
    cells = F.array(*(F.struct(F.lit(name).alias("column"), F.col(_name(name)).alias("text")) for name in names))
    texts = df.select(F.inline(cells)).where("text != ''")
    counted = texts.groupBy("column", "text").agg(F.count("*").alias("rows"))
    rank = F.row_number().over(Window.partitionBy("column").orderBy(F.desc("rows"), "text"))
    kept = counted.withColumn("rank", rank).where(F.col("rank") <= TOP_VALUES)
    found: dict[str, list[str]] = {name: [] for name in names}
    for row in sorted(collected(kept), key=lambda row: (row["column"], row["rank"])):
        found[row["column"]].append(row["text"])
    return {name: TextEdges(tuple(values)) for name, values in found.items()}


def collected(aggregate: DataFrame) -> list[Row]:
    """The rows of an aggregate, on the driver.

    The only collect of profile and monitoring. Bounds: 1 row of quantiles; 20 texts a column; columns x slices x 32
    rows of a profile; weeks x slices x 32 x 200 rows of scores by bin (``monitoring.performance``).
    """
    return aggregate.collect()

"""The one-pass profile against a plain reading of its definition, on random data with every oddity."""

from __future__ import annotations

import contextlib
import io
import math
import random
from collections import Counter
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Context, Decimal
from functools import reduce
from typing import Any

import pytest

from headrace.profile.edges import Edges, NumberEdges, TextEdges
from headrace.profile.profile import profile, read_profile, reference_edges, write_profile
from headrace.profile.row import ProfileRow, merge

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("generated")]
SCHEMA = "user bigint, grp string, amount double, whole bigint, money decimal(12,2), flag boolean, word string"
COLUMNS = ("amount", "whole", "money", "flag", "word")
ODD = [None, math.nan, math.inf, -math.inf, 0.0, -0.0, 1e-9, -1e9]


def rows(n: int, seed: int) -> list[tuple[Any, ...]]:
    draw = random.Random(seed)
    return [
        (
            draw.randrange(40) if draw.random() > 0.02 else None,
            draw.choice(["a", "b", None]),
            draw.choice(ODD) if draw.random() < 0.3 else draw.gauss(5, 20),
            draw.choice([None, 0, -3, 7, 2**40]) if draw.random() < 0.2 else draw.randrange(12),
            None if draw.random() < 0.1 else Decimal(draw.randrange(-500, 5000)) / 100,
            draw.choice([True, False, None]),
            draw.choice([None, "", "rare" + str(draw.randrange(50)), "bread", "milk", "Ümläut"]),
        )
        for _ in range(n)
    ]


def buckets(spark: Any, data: list[tuple[Any, ...]]) -> dict[Any, int]:
    frame = spark.createDataFrame(data, SCHEMA).selectExpr("user", "pmod(xxhash64(user), 32) AS b").distinct()
    return {row["user"]: row["b"] for row in frame.collect()}


def naive(data: list[tuple[Any, ...]], edges: Edges, bucket_of: dict[Any, int]) -> dict[Any, ProfileRow]:
    groups: dict[Any, list[Any]] = {}
    for row in data:
        record = dict(zip(SCHEMA.replace(",", " ").split()[::2], row, strict=False))
        user, grp, *values = row
        for column, value in zip(COLUMNS, values, strict=True):
            for part in ("all", f"grp={grp or '(none)'}"):
                groups.setdefault((column, part, bucket_of[user]), []).append(value)
        assert record["user"] == user
    return {key: naive_row(key, values, edges.columns[key[0]]) for key, values in groups.items()}


def naive_row(key: Any, values: list[Any], edges: NumberEdges | TextEdges) -> ProfileRow:
    column, part, bucket = key
    text = isinstance(edges, TextEdges)
    numbers = [] if text else [float(value) for value in values if value is not None]
    finite = [value for value in numbers if math.isfinite(value)]
    seen = values if text else [None if value is None else float(value) for value in values]
    return ProfileRow(
        table="t", column=column, slice=part, window="w", fingerprint="f", user_bucket=bucket,
        n=len(values),
        nulls=sum(value is None for value in values),
        nans=sum(math.isnan(value) for value in numbers),
        infinities=sum(math.isinf(value) for value in numbers),
        zeros=sum(value == 0 for value in numbers),
        least=min(finite, default=None),
        greatest=max(finite, default=None),
        total=None if text else add(exact(value) for value in finite),
        squares=None if text else add(exact(value * value) for value in finite),
        counts=tuple(sorted(Counter(map(edges.index, seen)).items())),
    )  # fmt: skip


def add(values: Iterable[Decimal]) -> Decimal:
    return reduce(Context(prec=60).add, values, Decimal(0))


def exact(value: float) -> Decimal:
    return Decimal(repr(value)).quantize(Decimal("1e-12"), ROUND_HALF_UP, Context(prec=60))


def test_the_profile_is_what_its_definition_says(spark: Any) -> None:
    reference, data = rows(400, 1), rows(700, 2)
    edges = reference_edges(spark.createDataFrame(reference, SCHEMA), COLUMNS)
    frame = spark.createDataFrame(data, SCHEMA).repartition(3)
    made = profile(frame, edges, table="t", window="w", fingerprint="f", entity=["user"], slices=["grp"])
    found = {(row.column, row.slice, row.user_bucket): row for row in read_profile(made)}
    assert found == naive(data, edges, buckets(spark, data))
    assert len(found) <= len(COLUMNS) * 4 * 32
    again = write_profile(found.values(), made)
    assert (again.dtypes, sorted(again.collect(), key=repr)) == (made.dtypes, sorted(made.collect(), key=repr))


def test_the_sum_of_parts_is_the_profile_of_the_whole(spark: Any) -> None:
    data = rows(600, 3)
    frame = spark.createDataFrame(data, SCHEMA)
    edges = reference_edges(frame, COLUMNS)

    def rows_of(part: Any) -> tuple[ProfileRow, ...]:
        named = profile(part, edges, table="t", window="w", fingerprint="f", entity=["user"], slices=["grp"])
        return read_profile(named)

    parts = [spark.createDataFrame(piece, SCHEMA) for piece in (data[:100], data[100:110], data[110:])]
    merged = merge(row for part in parts for row in rows_of(part))
    assert set(merged) == set(rows_of(frame))


def test_the_slices_of_a_column_add_up_to_all(spark: Any) -> None:
    frame = spark.createDataFrame(rows(300, 4), SCHEMA)
    edges = reference_edges(frame, ["amount", "word"])
    found = read_profile(profile(frame, edges, table="t", window="w", fingerprint="f", entity=["user"], slices=["grp"]))
    whole = {row.column: row for row in merge(found, over=["user_bucket"]) if row.slice == "all"}
    parts = merge((row for row in found if row.slice != "all"), over=["user_bucket", "slice"])
    assert {row.column: (row.n, row.total, row.counts) for row in parts} == {
        name: (row.n, row.total, row.counts) for name, row in whole.items()
    }


def test_edges_do_not_depend_on_the_order_or_partitions_of_rows(spark: Any) -> None:
    data = rows(500, 5)
    shuffled = random.Random(6).sample(data, len(data))
    one = reference_edges(spark.createDataFrame(data, SCHEMA).coalesce(1), COLUMNS)
    other = reference_edges(spark.createDataFrame(shuffled, SCHEMA).repartition(5), COLUMNS)
    assert one.as_json() == other.as_json()


def test_what_is_too_large_to_sum_exactly_has_no_sum(spark: Any) -> None:
    frame = spark.createDataFrame([(1, 1e300), (1, 2.0), (2, 1e20), (2, 3.0)], "user int, x double")
    edges = Edges({"x": NumberEdges((1.0, 3.0))})
    found = read_profile(profile(frame, edges, table="t", window="w", fingerprint="f", entity=["user"]))
    sums = {row.least: (row.total, row.squares) for row in found}
    assert sums == {2.0: (None, None), 3.0: (Decimal(10**20 + 3), None)}
    (whole,) = merge(found, over=["user_bucket"])
    assert (whole.n, whole.greatest, whole.total) == (4, 1e300, None)


def test_one_scan_and_no_python_however_many_columns(spark: Any, tmp_path: Any) -> None:
    names = [f"x{i}" for i in range(40)]
    spark.range(100).selectExpr(
        "id AS user", *(f"id % {i + 2} AS {name}" for i, name in enumerate(names))
    ).write.parquet(str(tmp_path / "t"))
    frame = spark.read.parquet(str(tmp_path / "t"))
    edges = Edges({name: NumberEdges((1.0, 2.0, 5.0)) for name in names})
    made = profile(frame, edges, table="t", window="w", fingerprint="f", entity=["user"])
    plan = io.StringIO()
    with contextlib.redirect_stdout(plan):
        made.explain()
    assert plan.getvalue().count("FileScan") == 1
    assert "Python" not in plan.getvalue()
    assert made.count() <= 40 * 32


@pytest.mark.parametrize("column", ["missing", "list"])
def test_a_column_that_has_no_profile_is_refused_by_name(spark: Any, column: str) -> None:
    frame = spark.range(1).selectExpr("id", "array(id) AS list")
    with pytest.raises(ValueError, match=f"column '{column}'"):
        reference_edges(frame, [column])


def test_edges_of_another_kind_are_refused(spark: Any) -> None:
    with pytest.raises(ValueError, match="another kind"):
        profile(
            spark.range(1).selectExpr("id", "'a' AS x"), Edges({"x": NumberEdges((0.0, 1.0))}),
            table="t", window="w", fingerprint="f", entity=["id"],
        )  # fmt: skip


def test_dates_and_timestamps_are_counted_as_days_and_seconds(spark: Any) -> None:
    frame = spark.sql("SELECT 1 AS user, DATE '1970-01-11' AS d, TIMESTAMP '1970-01-01 00:00:02.5Z' AS t")
    edges = reference_edges(frame, ["d", "t"])
    found = read_profile(profile(frame, edges, table="t", window="w", fingerprint="f", entity=["user"]))
    assert {row.column: row.greatest for row in found} == {"d": 10.0, "t": 2.5}

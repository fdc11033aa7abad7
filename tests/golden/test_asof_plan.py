"""The point-in-time join alone: one shuffle, one sort, no join of all with all."""

from __future__ import annotations

import pytest
from printed import hold

from headrace.features.asof import as_of_join

pytestmark = pytest.mark.spark


def test_the_as_of_join_shuffles_and_sorts_once(spark):
    left = spark.range(50).selectExpr("id % 7 AS k", "id AS t")
    right = spark.range(50).selectExpr("id % 7 AS k", "id AS ts", "id + 1 AS av", "id * 2 AS v")
    found = hold(
        "asof",
        as_of_join(left, right, by="k", left_time="t", right_time="ts", available_at="av", tolerance=30, columns=["v"]),
        "Both sides in one frame: one shuffle by key, one sort by the instant of visibility, one running maximum.",
        "No join, so no pair of rows that is made and thrown away.",
    )
    assert (found["Exchange"], found["Sort"], found["Window"]) == (1, 1, 1)
    assert not [name for name in found if "Join" in name or "Cartesian" in name]


def test_a_large_key_is_cut_into_stretches_and_its_heads_are_few(spark):
    left = spark.range(100).selectExpr("0 AS k", "id AS t")
    right = spark.range(100).selectExpr("0 AS k", "id AS ts", "id * 2 AS v")
    found = hold(
        "asof_large",
        as_of_join(left, right, by="k", left_time="t", right_time="ts", columns=["v"]),
        "One key has all rows, so they are shuffled by stretch, each side by itself. So are the heads, which are the one row",
        "that a key comes to in each stretch but its last, and are added up before (the fourth shuffle). The right side is",
        "read twice, for the heads and for itself. The union keeps the partitioning: one sort for the window. No join.",
    )
    assert (found["Exchange"], found["Window"], found["Union"]) == (4, 1, 1)
    assert not [name for name in found if "Join" in name or "Cartesian" in name]

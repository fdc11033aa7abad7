"""The point-in-time join alone: one shuffle, one sort, no join of all with all."""

from __future__ import annotations

import pytest
from printed import hold

from headrace.features.asof import as_of_join

pytestmark = pytest.mark.spark


def test_the_as_of_join_shuffles_and_sorts_once(spark):
    left = spark.range(100).selectExpr("id % 7 AS k", "id AS t")
    right = spark.range(100).selectExpr("id % 7 AS k", "id AS ts", "id + 1 AS av", "id * 2 AS v")
    found = hold(
        "asof",
        as_of_join(left, right, by="k", left_time="t", right_time="ts", available_at="av", tolerance=30, columns=["v"]),
        "Both sides in one frame: one shuffle by key, one sort by the instant of visibility, one running maximum.",
        "No join, so no pair of rows that is made and thrown away.",
    )
    assert (found["Exchange"], found["Sort"], found["Window"]) == (1, 1, 1)
    assert not [name for name in found if "Join" in name or "Cartesian" in name]

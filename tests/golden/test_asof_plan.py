"""The physical plans of the point-in-time steps are golden files: one shuffle, one sort, no join of all with all.

A changed plan shows as a diff; ``HEADRACE_GOLDEN=write pytest tests/golden`` accepts it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from headrace.features.asof import as_of_join

pytestmark = pytest.mark.spark

GOLDEN = Path(__file__).parent / "plans" / "asof.txt"


def printed_plan(frame):
    """The plan as it is before it runs, a line an operator, without ids."""
    plan = frame._jdf.queryExecution().executedPlan().toString()
    numbered = re.sub(r"#\d+L?", "", plan)
    unnamed = re.sub(r",? ?(ENSURE_REQUIREMENTS, )?\[plan_id=\d+\]", "", numbered)
    return re.sub(r"(Range \([^)]*splits=)[^)]*", r"\1N", re.sub(r"(hashpartitioning\(.*), \d+\)", r"\1, N)", unnamed))


def test_the_as_of_join_shuffles_and_sorts_once(spark):
    left = spark.range(100).selectExpr("id % 7 AS k", "id AS t")
    right = spark.range(100).selectExpr("id % 7 AS k", "id AS ts", "id + 1 AS av", "id * 2 AS v")
    plan = printed_plan(
        as_of_join(left, right, by="k", left_time="t", right_time="ts", available_at="av", tolerance=30, columns=["v"])
    )
    if os.environ.get("HEADRACE_GOLDEN") == "write":
        GOLDEN.write_text(plan, encoding="utf-8")
    assert plan == GOLDEN.read_text(encoding="utf-8")
    operators = re.findall(r"(?m)^[ :+*()\d-]*([A-Z]\w+)", plan)
    assert (operators.count("Exchange"), operators.count("Sort"), operators.count("Window")) == (1, 1, 1)
    assert not [name for name in operators if "Join" in name or "Cartesian" in name]

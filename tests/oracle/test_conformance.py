"""Chronon's published training row, from its sample data: each value a test. Skipped where ../shared is absent.

User 24 at a time on 2023-11-30: purchases as of the midnight before (snapshot), returns up to the query (temporal), the
user's attributes as of the query. An empty count is 0 here and null there (semantics 11).
"""

from __future__ import annotations

from datetime import date

import pytest
from foreign import shared_file
from pyspark.sql import functions as F

from headrace.features.asof import as_of_join
from headrace.features.rollup import window_features

pytestmark = pytest.mark.spark

AT = 1701320475364
WINDOWS = ["3d", "14d", "30d"]
PUBLISHED = {
    "purchase_price_sum": [331, 1574, 1934], "purchase_price_count": [1, 4, 5], "purchase_price_mean": [331.0, 393.5, 386.8],
    "refund_amt_sum": [None, 76, 645], "refund_amt_count": [0, 1, 3], "refund_amt_mean": [None, 76.0, 215.0],
}  # fmt: skip
CASES = {
    f"{name}_{window}": value
    for name, values in PUBLISHED.items()
    for window, value in zip(WINDOWS, values, strict=True)
}
CASES |= {"purchase_price_last10_30d": [331, 474, 497, 272, 360], "refund_amt_last2_30d": [76, 388]}
CASES |= {"account_created_ds": date(2023, 7, 1), "email_verified": 0}


def features_of(value, k):
    totals = [
        {"name": f"{value}_{name}", "aggregate": name, "expression": value, "scale": 0, "windows": WINDOWS}
        for name in ("sum", "count", "mean")
    ]
    return [
        *totals,
        {"name": f"{value}_last{k}", "aggregate": "last_k", "expression": value, "k": k, "windows": ["30d"]},
    ]


def sample(spark, name):
    frame = spark.read.csv(str(shared_file(f"chronon/{name}.csv", "conformance")), header=True, inferSchema=True)
    return frame.withColumn("ts", F.timestamp_millis("ts")) if "ts" in frame.columns else frame


@pytest.fixture(scope="module")
def row(spark):
    asked = spark.range(1).select(F.lit(24).alias("user_id"), F.timestamp_millis(F.lit(AT)).alias("at"))
    by = {"by": "user_id", "event_time": "ts", "query_time": "at"}
    bought, returned = features_of("purchase_price", 10), features_of("refund_amt", 2)
    asked = window_features(sample(spark, "purchases"), asked, **by, features=bought, accuracy="snapshot")
    asked = window_features(sample(spark, "returns"), asked, **by, features=returned)
    users = sample(spark, "users").withColumn("known", F.date_add("ds", 1).cast("timestamp"))
    attributes = ["account_created_ds", "email_verified"]
    joined = as_of_join(asked, users, by="user_id", left_time="at", right_time="known", columns=attributes)
    return joined.collect()[0]


@pytest.mark.parametrize("name", CASES)
def test_chronons_published_training_row(row, name):
    assert row[name] == CASES[name]

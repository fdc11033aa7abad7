"""Rule 19: the table hash tells tables apart by their rows, and by nothing else."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.tables.hash import table_hash

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("generated")]
ROWS = [(1, "a", None), (2, None, "a"), (2, None, "a"), (3, "", "b"), (4, None, None)]
KIND = "n bigint, one string, other string"
OTHERS = {
    "a cell": [(1, "b", None), *ROWS[1:]],
    "a null in another column": [(1, None, "a"), *ROWS[1:]],
    "an empty text for a null": [(1, "a", ""), *ROWS[1:]],
    "two cells of a column that change places": [(1, "", None), *ROWS[1:3], (3, "a", "b"), ROWS[4]],
    "one of two equal rows is gone": [ROWS[0], *ROWS[2:]],
    "both equal rows are gone": [ROWS[0], *ROWS[3:]],
    "a row of nulls more": [*ROWS, (None, None, None)],
    "no row": [],
}


def test_order_files_columns_order_and_what_is_no_part_of_the_contract_are_of_no_account(spark: Any) -> None:
    frame = spark.createDataFrame(ROWS, KIND)
    hashed = table_hash(frame)
    assert hashed.startswith("5-")
    assert table_hash(spark.createDataFrame(ROWS[::-1], KIND).repartition(3)) == hashed
    assert table_hash(frame.select("other", "n", "one")) == hashed
    stamped = frame.selectExpr("*", "uuid() AS run_id", "current_timestamp() AS made_at")
    assert table_hash(stamped, ("run_id", "made_at")) == hashed


def test_whatever_else_is_otherwise_gives_another_hash(spark: Any) -> None:
    found = {what: table_hash(spark.createDataFrame(rows, KIND)) for what, rows in OTHERS.items()}
    assert len({table_hash(spark.createDataFrame(ROWS, KIND)), *found.values()}) == 1 + len(OTHERS), found

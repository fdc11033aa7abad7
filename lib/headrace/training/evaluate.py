"""Scored rows to metrics: one Spark job that counts, however many models and segments; the rest is numpy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from headrace.ground.errors import HeadraceError
from headrace.training.metrics import ScoreStates, Slice, bin_sql

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

_CELL = ("model", "part", "value", "bucket", "label", "bin")


def evaluate(
    scored: DataFrame,
    scores: Mapping[str, str],
    *,
    entity: Sequence[str],
    segments: Sequence[str] = (),
    label: str = "label",
    bucket: str = "user_bucket",
) -> dict[str, ScoreStates]:
    """The states of each model in ``scores`` (name -> score column), over all rows and each value of each segment.

    All models are counted on the same rows, so their differences are paired. What is collected is bounded by
    (models x segment values x 32 buckets x 2 labels x 4096 bins) cells, and by the rows.

    Raises:
        HeadraceError: SCORE_INVALID where a score is not in [0, 1], or a label not 0 or 1.
    """
    counted = _count(_exploded(scored, scores, entity, segments, label, bucket)).toArrow().to_pandas()
    invalid = counted[(counted["level"] == 0) & ((counted["bin"] < 0) | ~counted["label"].isin((0, 1)))]
    if len(invalid):
        raise HeadraceError("SCORE_INVALID", model=invalid["model"].iloc[0], rows=int(invalid["rows"].sum()))
    users = {_slice(row): int(row.users) for row in counted[counted["level"] != 0].itertuples()}
    cells = counted[counted["level"] == 0].sort_values(["bucket", "label", "bin"])
    return {name: ScoreStates(_tables(cells[cells["model"] == name]), users) for name in scores}


def _exploded(
    scored: DataFrame,
    scores: Mapping[str, str],
    entity: Sequence[str],
    segments: Sequence[str],
    label: str,
    bucket: str,
) -> DataFrame:
    """One row for each (row, slice that it is in, model)."""
    parts = ["struct('' AS part, '' AS value)"]
    parts += [f"struct('{name}' AS part, CAST(`{name}` AS STRING) AS value)" for name in segments]
    doubles = {name: f"CAST(`{column}` AS DOUBLE)" for name, column in scores.items()}
    bins = [f"struct('{name}' AS model, {bin_sql(double)} AS bin)" for name, double in doubles.items()]
    keys = ", ".join(f"`{key}`" for key in entity)
    marked = scored.selectExpr(
        f"struct({keys}) AS who",
        f"CAST(`{bucket}` AS INT) AS bucket",
        f"coalesce(CAST(`{label}` AS INT), -1) AS label",
        f"array({', '.join(parts)}) AS parts",
        f"array({', '.join(bins)}) AS bins",
    )
    sliced = marked.selectExpr("who", "bucket", "label", "bins", "inline(parts)")
    return sliced.selectExpr("who", "bucket", "label", "part", "value", "inline(bins)")


def _count(exploded: DataFrame) -> DataFrame:
    """Rows per cell (level 0), and distinct users per slice (level > 0), in one aggregation."""
    from pyspark.sql import functions as f

    columns = [f.col(name) for name in _CELL]
    grouped = exploded.groupingSets([columns, [f.col("part"), f.col("value")]], *columns)
    return grouped.agg(
        f.grouping_id().alias("level"), f.count("*").alias("rows"), f.count_distinct("who").alias("users")
    )


def _tables(cells: Any) -> dict[Slice, Any]:
    keyed = cells.groupby(["part", "value"], dropna=False, sort=True)
    columns = ["bucket", "label", "bin", "rows"]
    return {_slice(rows.iloc[0]): rows[columns].to_numpy(dtype=np.int64) for _, rows in keyed}


def _slice(row: Any) -> Slice:
    return Slice(row.part, row.value if isinstance(row.value, str) else None)

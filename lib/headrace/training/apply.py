"""A model over a DataFrame: SQL for linear models, vectorised over Arrow for boosted ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from headrace.ground.errors import HeadraceError
from headrace.training.model import ScoringModel

if TYPE_CHECKING:
    from pyspark.sql import Column, DataFrame


def with_score(rows: DataFrame, model: ScoringModel, column: str) -> DataFrame:
    """The same rows with the model's score added: what a gate evaluates on the test part.

    Raises:
        HeadraceError: MODEL_COLUMNS where ``rows`` lacks what the model was trained on.
    """
    from pyspark.sql import functions as f

    lacking = [name for name in model.columns if name not in rows.columns]
    if lacking:
        raise HeadraceError("MODEL_COLUMNS", columns=", ".join(lacking))
    sql = model.sql()
    return rows.withColumn(column, _boosted(model) if sql is None else f.expr(sql))


def _boosted(model: ScoringModel) -> Column:
    """A pandas UDF over the model's columns as doubles; the booster is loaded once a task. Works on Spark Connect."""
    import pandas as pd
    from pyspark.sql import functions as f
    from pyspark.sql.pandas.functions import pandas_udf

    def scores(batches: Iterator[pd.DataFrame]) -> Iterator[pd.Series]:
        predict = model.predictor()
        for batch in batches:
            yield pd.Series(predict(batch))

    scores.__annotations__ = {"batches": Iterator[pd.DataFrame], "return": Iterator[pd.Series]}
    inputs = f.struct(*(f.col(column).cast("double").alias(column) for column in model.columns))
    scored: Column = pandas_udf(scores, "double")(inputs)  # type: ignore[call-overload]
    return scored

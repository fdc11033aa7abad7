"""The final fit of a search's winner: distributed over all training rows, or on the sample where that cannot be."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import sqrt
from typing import TYPE_CHECKING, Any

import numpy as np

from headrace.contracts.models import ModelContract
from headrace.ground.errors import HeadraceError
from headrace.ground.states import Count, Sum, SumOfSquares
from headrace.training.model import LARGEST_FLOAT, ScoringModel, finite, finite_sql, signed_log_sql, single
from headrace.training.search import Trial, fit_single, moments, xgboost_arguments

if TYPE_CHECKING:
    import pandas as pd
    from pyspark.sql import DataFrame

ROWS_A_PARTITION = 250_000
"""Up to so many rows a fit has one partition, so its sums have one order; a second core would not make it faster."""
_SCALE = 1_000_000
"""Moments are summed exactly, as whole millionths: the sum of doubles depends on the order in which tasks end."""


@dataclass(frozen=True)
class Moments:
    """Of the signed logarithm of each column: mean, standard deviation (0 becomes 1), missing values; and all rows."""

    rows: int
    means: tuple[float, ...]
    scales: tuple[float, ...]
    missing: tuple[int, ...]


def measure(rows: DataFrame, columns: Sequence[str]) -> Moments:
    """Exact moments of all columns in one Spark job; one row is collected."""
    whole = [f"CAST(round({signed_log_sql(column)} * {_SCALE}D) AS BIGINT)" for column in columns]
    asked = ["count(*) AS n"]
    for index, value in enumerate(whole):
        asked.append(f"{Count().lift(value)} AS n{index}")
        asked.append(f"{Sum().lift(value)} AS s{index}")
        asked.append(f"{SumOfSquares().lift(value)} AS q{index}")
    found = rows.selectExpr(*asked).toArrow().to_pylist()[0]
    each = [(found[f"n{i}"], found[f"s{i}"] or 0, int(found[f"q{i}"] or 0)) for i in range(len(columns))]
    return Moments(
        found["n"],
        tuple(total / max(number, 1) / _SCALE for number, total, _ in each),
        tuple(_deviation(*state) for state in each),
        tuple(found["n"] - number for number, _, _ in each),
    )


def fit_distributed(
    rows: DataFrame, contract: ModelContract, winner: Trial, entity: Sequence[str], seed: int, workers: int
) -> tuple[Mapping[str, Any], int]:
    """Parameters of the winner over all rows, by Spark ML or xgboost.spark, and the number of rows.

    Raises:
        HeadraceError: TRAINING_EMPTY.
    """
    shape = measure(rows, contract.columns)
    if shape.rows == 0:
        raise HeadraceError("TRAINING_EMPTY", model=contract.model, part="training")
    if winner.family == "xgboost":
        return _boosted(_in_order(rows, entity, workers), contract.columns, winner, seed, workers), shape.rows
    parts = -(-shape.rows // ROWS_A_PARTITION)
    return _logistic(_in_order(rows, entity, parts), contract.columns, winner, shape), shape.rows


def fit_on_sample(sample: pd.DataFrame, contract: ModelContract, winner: Trial, seed: int) -> Mapping[str, Any]:
    """The single-node fallback of ``fit_distributed``, for Spark Connect: the same estimator on the drawn sample."""
    matrix, labels = finite(sample, contract.columns), sample["label"].to_numpy("int64")
    estimator, _ = fit_single(winner.family, winner.params, matrix, labels, seed)
    if winner.family == "xgboost":
        return _booster_parameters(estimator.get_booster(), contract.columns)
    means, scales = moments(matrix)
    weights = estimator.coef_[0]
    return _linear_parameters(means, scales, weights[: len(means)], weights[len(means) :], estimator.intercept_[0])


def fit_baseline(training_set: DataFrame, contract: ModelContract, fingerprints: Mapping[str, str]) -> ScoringModel:
    """The contract's baseline: its one column, on a scale measured over the training part so that bins resolve it."""
    column = contract.baseline.column
    shape = measure(training_set.where("part = 'train'"), [column])
    return single(column, shape.means[0], shape.scales[0], dict(fingerprints))


def _deviation(number: int, total: int, squares: int) -> float:
    if number == 0:
        return 1.0
    variance = Fraction(squares, number) - Fraction(total, number) ** 2
    return sqrt(variance) / _SCALE or 1.0


def _in_order(rows: DataFrame, entity: Sequence[str], partitions: int) -> DataFrame:
    """The rows in an order that depends on nothing but the rows: by hash into partitions, sorted in each."""
    return rows.repartition(partitions, *entity).sortWithinPartitions(*entity, "cutoff")


def _logistic(rows: DataFrame, columns: Sequence[str], winner: Trial, shape: Moments) -> Mapping[str, Any]:
    """L2 logistic regression by L-BFGS over standardised columns and, where a column has gaps, a flag for them."""
    from pyspark.ml.classification import LogisticRegression
    from pyspark.ml.feature import VectorAssembler

    flagged = [index for index, missing in enumerate(shape.missing) if missing]
    values = [f"coalesce(({signed_log_sql(c)} - {m!r}D) / {s!r}D, 0D) AS v{i}" for i, (c, m, s) in
              enumerate(zip(columns, shape.means, shape.scales, strict=True))]  # fmt: skip
    flags = [f"CAST({signed_log_sql(columns[index])} IS NULL AS DOUBLE) AS m{index}" for index in flagged]
    inputs = [*(f"v{index}" for index in range(len(columns))), *(f"m{index}" for index in flagged)]
    prepared = rows.selectExpr("CAST(label AS DOUBLE) AS label", *values, *flags)
    assembled = VectorAssembler(inputCols=inputs, outputCol="features").transform(prepared)
    estimator = LogisticRegression(regParam=float(winner.params["l2"]), standardization=False, maxIter=200, tol=1e-9)
    fitted = estimator.fit(assembled.select("label", "features"))
    weights = fitted.coefficients.toArray()
    missing = np.zeros(len(columns))
    missing[flagged] = weights[len(columns) :]
    return _linear_parameters(shape.means, shape.scales, weights[: len(columns)], missing, fitted.intercept)


def _boosted(rows: DataFrame, columns: Sequence[str], winner: Trial, seed: int, workers: int) -> Mapping[str, Any]:
    from xgboost.spark import SparkXGBClassifier

    logging.getLogger("XGBoost-PySpark").setLevel(logging.WARNING)  # else it prints its parameters at each fit
    bound = f"{LARGEST_FLOAT!r}D"
    inside = {c: finite_sql(c, f"greatest(least(`{c}`, {bound}), -{bound})") for c in columns}
    estimator = SparkXGBClassifier(
        features_col=list(columns),
        label_col="label",
        num_workers=workers,
        verbosity=0,
        verbose=False,
        **xgboost_arguments(winner.params, seed),
    )
    return _booster_parameters(
        estimator.fit(rows.selectExpr("label", *(f"{sql} AS `{c}`" for c, sql in inside.items()))).get_booster(),
        columns,
    )


def _booster_parameters(booster: Any, columns: Sequence[str]) -> Mapping[str, Any]:
    booster.feature_names = list(columns)
    return {"booster": bytes(booster.save_raw("json")).decode("utf-8")}


def _linear_parameters(means: Any, scales: Any, coefficients: Any, missing: Any, intercept: Any) -> Mapping[str, Any]:
    named = {"means": means, "scales": scales, "coefficients": coefficients, "missing": missing}
    plain: dict[str, Any] = {name: [float(value) for value in values] for name, values in named.items()}
    return plain | {"intercept": float(intercept)}

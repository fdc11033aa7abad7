"""Scores in Spark are those of pandas; the wrong features are refused."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from headrace.ground.errors import HeadraceError
from headrace.scoring.score import columns_by_group, score, with_score
from headrace.training.model import ScoringModel, single

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.spark
COLUMNS = ("recency", "spend", "share")
MARKS = {"activity": "f00d", "value": "cafe"}
NAMED = {"name": "lapse", "version": "7", "entity": ["shop", "who"]}


def logistic() -> ScoringModel:
    draw = np.random.default_rng(5)
    parameters = {
        "means": [9.1, 2.2, 0.3],
        "scales": [2.7, 1e-5, 123456.789],
        **{name: draw.normal(size=3).tolist() for name in ("coefficients", "missing")},
        "intercept": -1.25e-7,
    }
    return ScoringModel("logistic", COLUMNS, parameters, MARKS)


def boosted() -> ScoringModel:
    import xgboost

    draw = np.random.default_rng(6)
    rows = np.column_stack([draw.integers(0, 10**6, 500), draw.normal(0, 50, 500).round(2), draw.random(500)])
    rows[::5, 1] = np.nan
    fitted = xgboost.XGBClassifier(n_estimators=20, max_depth=3, n_jobs=1).fit(rows, rows[:, 0] * rows[:, 2] > 2e5)
    booster = fitted.get_booster()
    booster.feature_names = list(COLUMNS)
    return ScoringModel("xgboost", COLUMNS, {"booster": bytes(booster.save_raw("json")).decode()}, MARKS)


@pytest.fixture(scope="module")
def features(spark: SparkSession) -> DataFrame:
    """1,000 random rows, and one each of null, NaN, the infinities, and the least and greatest doubles."""
    draw = np.random.default_rng(8)
    odd = [None, float("nan"), float("inf"), float("-inf"), 0.0, -0.0, 5e-324, 1.7976931348623157e308]
    rows = [
        (f"s{i % 3}", i, int(draw.integers(0, 10**7)), Decimal(int(draw.integers(-(10**6), 10**6))).scaleb(-2), value)
        for i, value in enumerate([*odd, *draw.normal(0, 1e3, 1000).tolist()])
    ]
    rows += [("s", 2000, None, None, None)]
    frame = spark.createDataFrame(rows, "shop string, who int, recency bigint, spend decimal(18,2), share double")
    return frame.withColumn("as_of", frame["who"].cast("timestamp"))


@pytest.mark.parametrize(
    ("model", "reach"), [(logistic(), 1e-12), (single("recency", 9.0, 2.0, MARKS), 1e-12), (boosted(), 1e-7)]
)
def test_spark_scores_as_pandas_does(features: DataFrame, model: ScoringModel, reach: float) -> None:
    frame = with_score(features, model, "found").toPandas()
    assert np.abs(frame["found"] - model.predict(frame)).max() <= reach
    assert frame["found"].between(0, 1).all()


def test_a_linear_score_is_sql_alone(features: DataFrame, capsys: pytest.CaptureFixture[str]) -> None:
    with_score(features, logistic(), "found").explain()
    assert "Python" not in capsys.readouterr().out
    with_score(features, boosted(), "found").explain()
    assert capsys.readouterr().out.count("ArrowEvalPython") == 1


@pytest.mark.parametrize("model", [logistic(), boosted()])
def test_a_row_says_by_what_it_was_scored(features: DataFrame, model: ScoringModel) -> None:
    scored = score(features, model, fingerprints={**MARKS, "another": "1"}, **NAMED)
    assert [f"{field.name} {field.dataType.simpleString()}" for field in scored.schema] == [
        "shop string", "who int", "as_of timestamp", "score double",
        "model string", "model_version string", "feature_fingerprint string",
    ]  # fmt: skip
    assert scored.select("model", "model_version", "feature_fingerprint").distinct().collect() == [
        ("lapse", "7", model.feature_fingerprint)
    ]
    assert scored.count() == features.count()


@pytest.mark.parametrize("present", [{"activity": "f00d"}, {"activity": "f00d", "value": "beef"}])
def test_features_of_another_fingerprint_are_refused(features: DataFrame, present: dict[str, str]) -> None:
    with pytest.raises(HeadraceError, match="MODEL_FINGERPRINT: model lapse version 7 was trained on") as refused:
        score(features, logistic(), fingerprints=present, **NAMED)
    assert f"value {present.get('value', 'none')}" in str(refused.value)


def test_a_champion_of_an_earlier_contract_keeps_its_columns() -> None:
    """The contract has dropped ``spend``; the champion, back by a rollback, was trained on it."""
    contract = SimpleNamespace(features={"activity": ("share",), "value": ("recency",)})
    groups = {"activity": SimpleNamespace(columns=("share", "spend")), "value": SimpleNamespace(columns=("recency",))}
    found = columns_by_group(contract, logistic(), groups)
    assert found == {"activity": ("share", "spend"), "value": ("recency",)}


def test_rows_without_what_a_model_was_trained_on_are_refused_by_name(spark: SparkSession) -> None:
    with pytest.raises(HeadraceError, match=r"MODEL_COLUMNS.*spend, share"):
        with_score(spark.range(1).selectExpr("id AS recency"), logistic(), "score")

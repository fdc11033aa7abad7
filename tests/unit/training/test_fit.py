"""Training on Spark: the same model for the same rows, the test part unread, SQL and pandas agreed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import roc_auc_score

from headrace.contracts.models import ModelContract
from headrace.ground.errors import HeadraceError
from headrace.training import search as search_module
from headrace.training.fit import Trained, train
from headrace.training.leakage import single_aucs, suspicious_features
from headrace.training.refit import fit_baseline, fit_on_sample, measure
from headrace.training.sample import collect_sample, fold_by_time, training_rows

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

pytestmark = pytest.mark.spark
COLUMNS = ["recency", "visits", "spend", "share"]
TWO_WEEKS = timedelta(days=14)
MARKS = {"activity": "f00d"}


def contract(*families: str, **search: Any) -> ModelContract:
    return ModelContract.model_validate(
        {
            "model": "lapse", "version": 1, "owner": "o", "purpose": "p", "label": "l",
            "features": {"activity": COLUMNS}, "test_from": "2017-05-01",
            "baseline": {"column": "recency"}, "gate": {"least_auc": 0.6},
            "search": {"families": families, "trials": 2, "validation_cutoffs": 2, **search},
        }
    )  # fmt: skip


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    """300 users at 10 weekly cutoffs; the last three are the test part. Spend is null where there were no visits."""
    draw = np.random.default_rng(11)
    cutoffs = pd.date_range("2017-03-06", periods=10, freq="7D", tz="UTC")
    frame = pd.DataFrame({"user": np.repeat(np.arange(300), 10), "cutoff": np.tile(cutoffs, 300)})
    lapse = np.repeat(draw.normal(size=300), 10) + draw.normal(size=3000)
    frame["label"] = (lapse + draw.normal(size=3000) > 0.8).astype("int64")
    frame["part"] = np.where(frame["cutoff"] >= cutoffs[7], "test", "train")
    frame["recency"] = (86_400 * np.exp(lapse)).astype("int64")
    frame["visits"] = draw.poisson(np.exp(-lapse)).astype("int64")
    frame["spend"] = np.where(frame["visits"] > 0, (frame["visits"] * 12.5).round(2), np.nan)
    frame["share"] = draw.random(3000)
    return frame


@pytest.fixture(scope="module")
def training_set(spark: SparkSession, rows: pd.DataFrame) -> DataFrame:
    money = "CAST(IF(isnan(spend), NULL, spend) AS DECIMAL(18,2)) AS spend"
    frame = spark.createDataFrame(rows).selectExpr(
        "user", "cutoff", "label", "part", "CAST(pmod(xxhash64(user), 32) AS INT) AS user_bucket",
        "recency", "visits", money, "share", "cutoff AS activity_as_of",
    )  # fmt: skip
    return frame.localCheckpoint()


def fit(training_set: DataFrame, agreed: ModelContract, seed: int = 3) -> Trained:
    return train(training_set, agreed, seed=seed, closes_after=TWO_WEEKS, entity=["user"], fingerprints=MARKS)


def sampled(training_set: DataFrame, seed: int = 3) -> pd.DataFrame:
    agreed = contract("logistic")
    return collect_sample(training_rows(training_set, agreed, ["user"]), agreed, ["user"], seed)


@pytest.fixture(scope="module")
def trained(training_set: DataFrame) -> dict[str, Trained]:
    """One search in each family alone."""
    return {"logistic": fit(training_set, contract("logistic")), "xgboost": fit(training_set, contract("xgboost"))}


@pytest.mark.parametrize("family", ["logistic", "xgboost"])
def test_the_same_rows_give_the_same_bytes_whatever_their_layout(
    training_set: DataFrame, trained: dict[str, Trained], family: str
) -> None:
    again = fit(training_set.orderBy("share").repartition(3), contract(family, parallelism=1))
    assert trained[family].model.to_json() == again.model.to_json()
    found, expected = ([(t.params, t.metrics) for t in one.trials] for one in (again, trained[family]))
    assert found == expected
    assert trained[family].pictures == again.pictures


def test_what_training_reports(training_set: DataFrame, rows: pd.DataFrame, monkeypatch: pytest.MonkeyPatch) -> None:
    found = fit(training_set, contract("logistic", "xgboost"))
    assert [trial.family for trial in found.trials] == ["logistic", "xgboost"]
    assert found.winner.metrics["auc"] == max(trial.metrics["auc"] for trial in found.trials)
    assert found.validation_cutoffs == ("2017-04-10T00:00:00+00:00", "2017-04-17T00:00:00+00:00")
    assert found.train_cutoffs[-1] == "2017-03-27T00:00:00+00:00"
    assert (found.rows, found.model.fingerprints) == (2100, MARKS)
    assert {name: data[:4] for name, data in found.pictures.items()} == {
        "precision_recall.png": b"\x89PNG", "calibration.png": b"\x89PNG"
    }  # fmt: skip
    test = rows[rows["part"] == "test"]
    ours, alone = (roc_auc_score(test["label"], scores) for scores in (found.model.predict(test), test["recency"]))
    assert ours > alone - 0.02
    # On Spark Connect trials run on the driver, and find the same.
    monkeypatch.setattr(search_module, "is_classic", lambda _spark: False)
    on_driver = search_module.search(
        fold_by_time(sampled(training_set), contract("logistic"), TWO_WEEKS),
        contract("logistic", "xgboost").search,
        3,
        training_set.sparkSession,
    )
    assert [trial.params for trial in on_driver] == [trial.params for trial in found.trials]
    for here, there in zip(on_driver, found.trials, strict=True):
        assert here.metrics == pytest.approx(there.metrics, abs=1e-6)


def test_the_test_part_is_never_read(training_set: DataFrame, trained: dict[str, Trained]) -> None:
    """Its rows raise when any column of theirs is looked at; training does not notice (semantics 13)."""
    poison = {name: f"IF(part = 'test', CAST(raise_error('read') AS DOUBLE), {name})" for name in ("label", *COLUMNS)}
    kept = [f"{poison[name]} AS {name}" if name in poison else name for name in training_set.columns]
    poisoned = training_set.selectExpr(*kept)
    with pytest.raises(Exception, match="read"):
        poisoned.selectExpr("sum(label)").collect()
    assert fit(poisoned, contract("logistic")).model.sha256 == trained["logistic"].model.sha256


@pytest.mark.parametrize("family", ["logistic", "xgboost"])
def test_the_distributed_fit_agrees_with_the_single_machine_s(
    training_set: DataFrame, trained: dict[str, Trained], family: str
) -> None:
    found, sample = trained[family], sampled(training_set)
    parameters = fit_on_sample(sample, contract(family), found.winner, 3)
    alone = type(found.model)(found.winner.family, found.model.columns, parameters, MARKS)
    assert len(sample) == 2100
    # Both minimise one convex loss to their tolerances; trees see the rows in another order of sampling.
    reach = 1e-3 if family == "logistic" else 0.1
    assert np.abs(alone.predict(sample) - found.model.predict(sample)).max() < reach


def test_the_sample_is_bounded_and_the_same_for_any_layout(training_set: DataFrame) -> None:
    agreed = contract("logistic", sample_rows=1000)
    kept = training_rows(training_set, agreed, ["user"])
    once, again = (collect_sample(frame, agreed, ["user"], 3) for frame in (kept, kept.repartition(5)))
    pd.testing.assert_frame_equal(once, again)
    assert len(once) == 1000
    assert not once.equals(collect_sample(kept, agreed, ["user"], 4))
    with pytest.raises(HeadraceError, match="TRAINING_EMPTY: the training set of lapse has no training rows"):
        collect_sample(kept.where("false"), agreed, ["user"], 3)


def test_moments_are_exact_and_count_what_is_missing(training_set: DataFrame, rows: pd.DataFrame) -> None:
    shape = measure(training_set, ["spend", "recency"])
    logged = np.log1p(rows[["spend", "recency"]])
    assert shape.means == pytest.approx(logged.mean().tolist(), abs=1e-6)
    assert shape.scales == pytest.approx(logged.std(ddof=0).tolist(), abs=1e-6)
    assert shape.missing == (int(rows["spend"].isna().sum()), 0)
    assert shape == measure(training_set.repartition(7), ["spend", "recency"])


def test_the_baseline_is_its_column(training_set: DataFrame, rows: pd.DataFrame) -> None:
    model = fit_baseline(training_set, contract("logistic"), MARKS)
    assert roc_auc_score(rows["label"], model.predict(rows)) == roc_auc_score(rows["label"], rows["recency"])


def test_an_honest_feature_passes_and_its_auc_is_right(training_set: DataFrame, rows: pd.DataFrame) -> None:
    assert suspicious_features(training_set, contract("logistic")) == ()
    train_part = rows[rows["part"] == "train"]
    found = single_aucs(training_set.where("part = 'train'"), ("recency", "visits"))
    assert found["recency"] == pytest.approx(roc_auc_score(train_part["label"], train_part["recency"]), abs=0.01)
    assert found["visits"] == pytest.approx(1 - roc_auc_score(train_part["label"], train_part["visits"]), abs=1e-9)


@pytest.mark.parametrize(
    "leak",
    ["label", "1 - label", "IF(label = 1, NULL, share)", "0.001 * label + 0.0001 * share", "-5 * label - share"],
)
def test_a_leaked_label_fails_a_check(training_set: DataFrame, leak: str) -> None:
    leaked = training_set.withColumn("visits", training_set["visits"].cast("double")).selectExpr(
        *(f"{leak} AS visits" if name == "visits" else name for name in training_set.columns)
    )
    (found,) = suspicious_features(leaked, contract("logistic"))
    assert found.startswith("leak: visits has AUC 1.0000 alone")


def test_a_feature_younger_than_its_cutoff_fails_a_check(training_set: DataFrame) -> None:
    late = training_set.selectExpr(
        *(n for n in training_set.columns if n != "activity_as_of"),
        "IF(user = 7, cutoff + INTERVAL 1 SECOND, cutoff) AS activity_as_of",
    )
    assert suspicious_features(late, contract("logistic")) == ("not as-of: activity has 10 rows after their cutoff",)

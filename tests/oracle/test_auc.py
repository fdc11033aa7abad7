"""Metrics from counts against the naive definition and against sklearn and scipy, on random data with ties."""

from __future__ import annotations

import math
import random
from typing import TYPE_CHECKING

import auc_oracle
import numpy as np
import pytest
from scipy import stats
from sklearn import metrics as sklearn_metrics

from headrace.ground.errors import HeadraceError
from headrace.training import metrics
from headrace.training.evaluate import evaluate
from headrace.training.metrics import ALL, BINS, ScoreStates, Slice

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

Row = auc_oracle.Row


def random_rows(seed: int, size: int = 400) -> list[Row]:
    """Rows of 40 users, each with a level of its own, scores on bin centres and half of them on a coarse grid: ties."""
    draw = random.Random(seed)
    levels, centres = [draw.gauss(0, 1) for _ in range(40)], metrics.bin_centres()
    rows = []
    for _ in range(size):
        user = draw.randrange(40)
        label = int(draw.gauss(levels[user], 1) > 0.5)
        score = 1 / (1 + math.exp(-draw.gauss(label, 1)))
        grid = draw.choice((BINS, 20))
        rows.append((user % 32, label, float(centres[int(score * grid) * (BINS // grid)])))
    return rows


def states(rows: list[Row]) -> ScoreStates:
    bucket, label, score = (np.array(column) for column in zip(*rows, strict=True))
    table = np.column_stack([bucket, label, metrics.bin_of(score), np.ones(len(rows))]).astype("int64")
    return ScoreStates({ALL: table}, {ALL: 40})


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("name", ["auc", "log_loss", "brier", "average_precision"])
def test_figures_equal_their_definition(name: str, seed: int) -> None:
    rows = random_rows(seed)
    found = getattr(metrics, name)(states(rows).counts().sum(0))
    assert found == pytest.approx(getattr(auc_oracle, name)(rows), abs=1e-12)


@pytest.mark.parametrize("seed", range(3))
def test_jackknife_equals_leaving_users_out_one_bucket_at_a_time(seed: int) -> None:
    rows, other = random_rows(seed), random_rows(seed + 100)
    other = [(bucket, label, other[i][2]) for i, (bucket, label, _) in enumerate(rows)]

    def difference(kept: list[int]) -> float:
        ours, theirs = ([row for row in part if row[0] in kept] for part in (rows, other))
        return auc_oracle.auc(ours) - auc_oracle.auc(theirs)

    ours, theirs = states(rows).counts(), states(other).counts()
    found = metrics.jackknife(metrics.auc, ours, 0.95, theirs)
    error = auc_oracle.standard_error(difference, [bucket for bucket, _, _ in rows])
    assert found.value == pytest.approx(auc_oracle.auc(rows) - auc_oracle.auc(other), abs=1e-12)
    assert found.error == pytest.approx(error, rel=1e-9)
    assert found.high - found.value == pytest.approx(stats.t.ppf(0.975, 31) * error, rel=1e-5)


def test_raw_scores_lose_little_in_bins_even_where_events_are_rare() -> None:
    draw = np.random.default_rng(3)
    score = draw.beta(0.5, 200, 50_000)
    label = (draw.random(50_000) < score).astype("int64")
    table = np.column_stack([draw.integers(0, 32, 50_000), label, metrics.bin_of(score), np.ones(50_000, "int64")])
    counts = ScoreStates({ALL: table}, {ALL: 1}).counts().sum(0)
    assert metrics.auc(counts) == pytest.approx(sklearn_metrics.roc_auc_score(label, score), abs=1e-4)
    assert metrics.brier(counts) == pytest.approx(sklearn_metrics.brier_score_loss(label, score), rel=1e-3)
    assert metrics.log_loss(counts) == pytest.approx(sklearn_metrics.log_loss(label, score), rel=1e-3)
    expected = sklearn_metrics.average_precision_score(label, score)
    assert metrics.average_precision(counts) == pytest.approx(expected, abs=1e-3)


def test_states_of_disjoint_rows_merge_in_any_order_and_nothing_is_neutral() -> None:
    rows = random_rows(9)
    whole, left, right, nothing = states(rows), states(rows[:150]), states(rows[150:]), ScoreStates({}, {})
    for merged in (left.merge(right), right.merge(left), nothing.merge(whole), whole.merge(nothing)):
        assert np.array_equal(merged.counts(), whole.counts())


def test_bins_are_monotone_cover_0_to_1_and_refuse_the_rest() -> None:
    scores = np.sort(np.concatenate([np.random.default_rng(1).random(10_000), [0.0, 0.5, 1.0]]))
    bins = metrics.bin_of(scores)
    assert (np.diff(bins) >= 0).all()
    assert (bins[0], bins[-1]) == (0, BINS - 1)
    assert np.array_equal(metrics.bin_of(metrics.bin_centres()), np.arange(BINS))
    assert list(metrics.bin_of(np.array([-1e-9, 1.0000001, math.nan, math.inf]))) == [-1] * 4


@pytest.mark.parametrize("freedom", [5, 12, 31])
def test_student_t_quantiles(freedom: int) -> None:
    assert metrics.student_t(0.975, freedom) == pytest.approx(stats.t.ppf(0.975, freedom), rel=2e-3)


def test_too_few_buckets_or_one_label_have_no_interval() -> None:
    lonely = metrics.jackknife(metrics.auc, states([(3, 0, 0.2), (3, 1, 0.7)]).counts(), 0.95)
    assert (lonely.value, lonely.known) == (1.0, False)
    assert not metrics.jackknife(metrics.auc, states([(1, 0, 0.2), (2, 0, 0.7)]).counts(), 0.95).known


@pytest.mark.spark
def test_the_spark_job_counts_what_the_oracle_sees(spark: SparkSession) -> None:
    rows = [(i % 40, *row, ("a", "b", None)[i % 3], 1 - row[2]) for i, row in enumerate(random_rows(4))]
    scored = spark.createDataFrame(rows, "who int, user_bucket int, label int, score double, shop string, other double")
    found = evaluate(scored, {"ours": "score", "theirs": "other"}, entity=["who"], segments=["shop"])
    assert found["ours"].users[ALL] == 40
    for part in (ALL, *(Slice("shop", value) for value in ("a", "b", None))):
        chosen = [row for row in rows if part == ALL or row[4] == part.value]
        for name, column in (("ours", 3), ("theirs", 5)):
            expected = auc_oracle.auc([(row[1], row[2], row[column]) for row in chosen])
            assert metrics.auc(found[name].counts(part).sum(0)) == pytest.approx(expected, abs=1e-12)
        assert found["ours"].users[part] == len({row[0] for row in chosen})


@pytest.mark.spark
@pytest.mark.parametrize("bad", ["DOUBLE('NaN')", "1.5D", "-0.1D", "CAST(NULL AS DOUBLE)"])
def test_a_score_that_is_no_probability_is_an_error(spark: SparkSession, bad: str) -> None:
    rows = spark.sql(f"SELECT 1 AS who, 0 AS user_bucket, 1 AS label, {bad} AS score")
    with pytest.raises(HeadraceError, match="SCORE_INVALID: 1 rows scored by m"):
        evaluate(rows, {"m": "score"}, entity=["who"])

"""The hyper-parameter search: candidates by hyperopt, each a single-machine fit, in parallel Spark tasks."""

from __future__ import annotations

import logging
import time
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from math import log
from typing import TYPE_CHECKING, Any

import numpy as np

from headrace.contracts.models import Family, Search
from headrace.ground.errors import HeadraceError
from headrace.ground.session import is_classic
from headrace.training.model import signed_log, within_float
from headrace.training.sample import Fold

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pyspark.sql import SparkSession

    Matrix = NDArray[np.float64]

Params = Mapping[str, Any]


@dataclass(frozen=True)
class Trial:
    """One candidate: its number, family, parameters, metrics on the validation cutoffs, and the seconds it took."""

    number: int
    family: Family
    params: Mapping[str, float | int]
    metrics: Mapping[str, float]
    seconds: float


def search(fold: Fold, wanted: Search, seed: int, spark: SparkSession) -> tuple[Trial, ...]:
    """All trials, by number. The same fold and seed give the same trials whatever the order in which they end.

    Why random search and not TPE: SparkTrials is asynchronous, so what TPE proposes depends on which trials happened to
    have ended. Here trial ``n`` is drawn from a generator seeded by (seed, n) alone, and families take turns, so that
    each gets its share of a small budget. (Random search is within a few trials of TPE at this size: Bergstra and
    Bengio 2012.)

    Raises:
        HeadraceError: TRIAL_FAILED.
    """
    import hyperopt

    trials = make_trials(spark, wanted.parallelism)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Spark session is not provided")  # SparkTrials' threads need no tags
        hyperopt.fmin(
            partial(judge_candidate, fold, seed),
            space(wanted.families),
            algo=partial(_suggest, len(wanted.families), seed),
            max_evals=wanted.trials,
            max_queue_len=wanted.trials,
            trials=trials,
            rstate=np.random.default_rng(seed),
            show_progressbar=False,
            verbose=False,
            return_argmin=False,
            catch_eval_exceptions=not is_classic(
                spark
            ),  # SparkTrials always does; the error is told below, with its trial
        )
    return tuple(sorted(map(_finished, trials._dynamic_trials), key=lambda trial: trial.number))


def _finished(trial: Mapping[str, Any]) -> Trial:
    """A hyperopt document as a Trial. (Its public list leaves failed trials out, hence ``_dynamic_trials`` above.)"""
    import hyperopt

    if trial["state"] != hyperopt.JOB_STATE_DONE:
        kind, trace = trial["misc"].get("error", ("cancelled", None))
        problem = (trace or kind).strip().splitlines()[-1]
        raise HeadraceError("TRIAL_FAILED", number=trial["tid"], problem=problem)
    result = trial["result"]
    return Trial(trial["tid"], result["family"], result["params"], result["metrics"], result["seconds"])


def best(trials: tuple[Trial, ...]) -> Trial:
    """The trial of greatest validation AUC; of equal ones the first by number."""
    return min(trials, key=lambda trial: (-trial.metrics["auc"], trial.number))


def make_trials(spark: SparkSession, parallelism: int) -> Any:
    """Where trials run: ``SparkTrials``, a Spark task each; on Spark Connect, which has no RDDs, on the driver."""
    import hyperopt

    if is_classic(spark):
        logging.getLogger("hyperopt-spark").setLevel(logging.ERROR)  # our progress is the engine's
        return hyperopt.SparkTrials(parallelism=parallelism, spark_session=spark)
    return hyperopt.Trials()


def space(families: tuple[str, ...]) -> Any:
    """What hyperopt draws from: one choice of family, each with its own parameters."""
    from hyperopt import hp
    from hyperopt.pyll import scope

    known = {
        "logistic": {"family": "logistic", "l2": hp.loguniform("logistic_l2", log(1e-6), log(1e-1))},
        "xgboost": {
            "family": "xgboost",
            "trees": scope.int(hp.quniform("trees", 60, 200, 20)),
            "depth": scope.int(hp.quniform("depth", 2, 5, 1)),
            "learning_rate": hp.loguniform("learning_rate", log(0.03), log(0.2)),
            "row_share": hp.uniform("row_share", 0.6, 1.0),
            "column_share": hp.uniform("column_share", 0.5, 1.0),
            "least_child_weight": hp.loguniform("least_child_weight", log(1), log(64)),
            "l2": hp.loguniform("xgboost_l2", log(0.1), log(30)),
        },
    }
    return hp.choice("family", [known[family] for family in families])


def judge_candidate(fold: Fold, seed: int, candidate: Mapping[str, Any]) -> dict[str, Any]:
    """Hyperopt's objective: fit on the sub-training rows, measure on the validation cutoffs; loss is -AUC."""
    started = time.perf_counter()
    params = {key: value for key, value in candidate.items() if key != "family"}
    scores = fit_scores(candidate["family"], params, fold, seed)
    metrics = exact_metrics(fold.validation_labels, scores)
    return {
        "loss": -metrics["auc"],
        "status": "ok",
        "family": candidate["family"],
        "params": params,
        "metrics": metrics,
        "seconds": time.perf_counter() - started,
    }


def fit_scores(family: str, params: Params, fold: Fold, seed: int) -> NDArray[np.float64]:
    """Validation scores of one candidate that was fitted on the sub-training rows, on one thread."""
    estimator, shape = fit_single(family, params, fold.train, fold.train_labels, seed)
    return np.asarray(estimator.predict_proba(shape(fold.validation))[:, 1], dtype="float64")


def fit_single(
    family: str, params: Params, matrix: Matrix, labels: NDArray[np.int64], seed: int
) -> tuple[Any, Callable[[Matrix], Matrix]]:
    """A fitted single-machine estimator, and what turns feature rows into its inputs."""
    if family == "xgboost":
        import xgboost

        booster = xgboost.XGBClassifier(**xgboost_arguments(params, seed), n_jobs=1)
        return booster.fit(within_float(matrix), labels), within_float
    from sklearn.linear_model import LogisticRegression

    shape = partial(standardise, *moments(matrix))
    strength = 1.0 / (params["l2"] * len(labels))
    return LogisticRegression(C=strength, tol=1e-6, max_iter=500).fit(shape(matrix), labels), shape


def xgboost_arguments(params: Params, seed: int) -> dict[str, Any]:
    """Our names of the parameters as xgboost's; the same for a trial and for the distributed fit."""
    return {
        "n_estimators": params["trees"],
        "max_depth": params["depth"],
        "learning_rate": params["learning_rate"],
        "subsample": params["row_share"],
        "colsample_bytree": params["column_share"],
        "min_child_weight": params["least_child_weight"],
        "reg_lambda": params["l2"],
        "tree_method": "hist",
        "random_state": seed % 2**31,
    }


def moments(matrix: Matrix) -> tuple[Matrix, Matrix]:
    """Mean and standard deviation of each column's signed logarithm, over what is not missing; scale 0 becomes 1."""
    logged = signed_log(matrix)
    known = ~np.isnan(logged)
    number = np.maximum(known.sum(0), 1)
    means = np.where(known, logged, 0.0).sum(0) / number
    scales = np.sqrt(np.where(known, (logged - means) ** 2, 0.0).sum(0) / number)
    return means, np.where(scales > 0, scales, 1.0)


def standardise(means: Matrix, scales: Matrix, matrix: Matrix) -> Matrix:
    """Inputs of the logistic model, (rows, 2 x columns): standardised values, 0 where missing, then missing or not."""
    shaped = (signed_log(matrix) - means) / scales
    missing = np.isnan(shaped)
    return np.hstack([np.where(missing, 0.0, shaped), missing.astype("float64")])


def exact_metrics(labels: NDArray[np.int64], scores: NDArray[np.float64]) -> dict[str, float]:
    """AUC, average precision, log loss and Brier score, from the scores themselves."""
    from sklearn import metrics

    return {
        "auc": float(metrics.roc_auc_score(labels, scores)),
        "average_precision": float(metrics.average_precision_score(labels, scores)),
        "log_loss": float(metrics.log_loss(labels, scores, labels=[0, 1])),
        "brier": float(metrics.brier_score_loss(labels, scores)),
    }


def _suggest(families: int, base: int, new_ids: list[int], domain: Any, trials: Any, seed: int) -> list[Any]:
    """Hyperopt's algorithm protocol; ``seed``, which hyperopt draws per call, is left unused on purpose."""
    return [_draw(families, base, number, domain, trials) for number in new_ids]


def _draw(families: int, base: int, number: int, domain: Any, trials: Any) -> Any:
    from hyperopt import rand

    for attempt in count():  # until it is this family's turn
        seed = np.random.SeedSequence([base, number, attempt]).generate_state(1)[0]
        drawn = rand.suggest([number], domain, trials, int(seed))[0]
        if drawn["misc"]["vals"]["family"] == [number % families]:
            return drawn
    raise AssertionError("unreachable")

"""Candidates and folds: determined by the seed and by time alone."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headrace.contracts.models import ModelContract, Search
from headrace.ground.errors import HeadraceError
from headrace.training.sample import Fold, fingerprint_sample, fold_by_time
from headrace.training.search import Trial, best, moments, search, standardise

CONNECT: Any = SimpleNamespace()  # no classic session: trials run one after another, here
CONTRACT = ModelContract.model_validate(
    {
        "model": "m", "version": 1, "owner": "o", "purpose": "p", "label": "l", "features": {"g": ["x", "y"]},
        "test_from": "2017-03-01", "baseline": {"column": "x"}, "gate": {"least_auc": 0.5},
        "search": {"trials": 4, "validation_cutoffs": 2},
    }
)  # fmt: skip


def fold(seed: int = 1) -> Fold:
    draw = np.random.default_rng(seed)
    rows = draw.normal(size=(1000, 2))
    rows[::7, 1] = np.nan
    labels = (rows[:, 0] + draw.normal(size=1000) > 0).astype("int64")
    return Fold(rows[:600], labels[:600], rows[600:], labels[600:], ("a",), ("b",))


def shown(trials: tuple[Trial, ...]) -> list[Any]:
    return [(trial.number, trial.family, trial.params, trial.metrics) for trial in trials]


def test_trials_are_the_seed_s_alone_and_families_take_turns() -> None:
    wanted = CONTRACT.search
    once, again, other = (search(fold(), wanted, seed, CONNECT) for seed in (5, 5, 6))
    assert shown(once) == shown(again)
    assert shown(once) != shown(other)
    assert [trial.family for trial in once] == ["logistic", "xgboost", "logistic", "xgboost"]
    assert all(0.65 < trial.metrics["auc"] < 0.95 for trial in once), shown(once)


def test_a_trial_that_fails_in_the_driver_is_told_by_its_number() -> None:
    sound = fold()
    one_label = Fold(sound.train, sound.train_labels * 0, sound.validation, sound.validation_labels, ("a",), ("b",))
    with pytest.raises(HeadraceError, match=r"TRIAL_FAILED: trial 0 failed: .*only one class"):
        search(one_label, Search(families=("logistic",), trials=2), 5, CONNECT)


def test_equal_samples_have_one_fingerprint_and_others_another() -> None:
    rows = pd.DataFrame({"who": [1, 2], "cutoff": pd.to_datetime(["2017-01-02"] * 2, utc=True), "x": [0.5, np.nan]})
    mark = fingerprint_sample(rows)
    assert mark == fingerprint_sample(rows.copy())
    others = (rows.iloc[::-1], rows.assign(x=[0.5, 0.0]), rows.rename(columns={"x": "y"}), rows.head(1))
    assert len({mark, *map(fingerprint_sample, others)}) == 5


def test_more_trials_begin_with_the_same_ones() -> None:
    few, many = (search(fold(), Search(families=("logistic",), trials=trials), 5, CONNECT) for trials in (2, 4))
    assert shown(many)[:2] == shown(few)


def test_equal_trials_are_told_apart_by_number() -> None:
    trials = tuple(Trial(n, "logistic", {}, {"auc": auc}, 1.0) for n, auc in ((2, 0.8), (1, 0.8), (0, 0.7)))
    assert best(trials).number == 1


def test_validation_is_the_last_cutoffs_and_no_label_of_training_reaches_into_it() -> None:
    cutoffs = pd.to_datetime(["2017-01-02", "2017-01-09", "2017-01-16", "2017-01-23", "2017-01-30"])
    sample = pd.DataFrame({"cutoff": cutoffs.repeat(2), "label": [0, 1] * 5, "x": range(10), "y": range(10)})
    cut = fold_by_time(sample, CONTRACT, timedelta(days=14))
    assert cut.train_cutoffs == ("2017-01-02T00:00:00", "2017-01-09T00:00:00")  # 01-16 would close on 01-30
    assert cut.validation_cutoffs == ("2017-01-23T00:00:00", "2017-01-30T00:00:00")
    assert (cut.train[:, 0].tolist(), cut.validation[:, 0].tolist()) == ([0, 1, 2, 3], [6, 7, 8, 9])
    with pytest.raises(HeadraceError, match="TRAINING_EMPTY"):
        fold_by_time(sample, CONTRACT, timedelta(days=60))
    with pytest.raises(HeadraceError, match="TRAINING_ONE_LABEL"):
        fold_by_time(sample.assign(label=1), CONTRACT, timedelta(days=14))


def test_missing_values_stand_at_the_mean_beside_a_flag() -> None:
    matrix = np.array([[0.0, np.nan], [np.e - 1, np.nan]])
    shaped = standardise(*moments(matrix), matrix)
    assert shaped.tolist() == [[-1, 0, 0, 1], [1, 0, 0, 1]]

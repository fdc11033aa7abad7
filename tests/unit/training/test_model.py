"""A model as plain values: bytes, hash, refusals, and scores by hand."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from headrace.ground.errors import HeadraceError
from headrace.training.model import ScoringModel, single

LINEAR = {
    "means": [1.0, 0.0], "scales": [2.0, 1.0], "coefficients": [0.5, -1.0], "missing": [0.25, 0.0], "intercept": 0.1
}  # fmt: skip


def linear(**changes: Any) -> ScoringModel:
    return ScoringModel("logistic", ("recency", "spend"), {**LINEAR, **changes}, {"activity": "abc"})


def boosted() -> ScoringModel:
    import xgboost

    rows = np.random.default_rng(1).normal(size=(200, 2))
    fitted = xgboost.XGBClassifier(n_estimators=5, max_depth=2, n_jobs=1).fit(rows, rows[:, 0] > 0)
    booster = fitted.get_booster()
    booster.feature_names = ["recency", "spend"]
    text = bytes(booster.save_raw("json")).decode()
    return ScoringModel("xgboost", ("recency", "spend"), {"booster": text}, {"activity": "abc"})


def test_a_linear_score_by_hand() -> None:
    frame = pd.DataFrame({"recency": [3.0, None, math.inf, math.nan], "spend": [-4, 0, 0, 2]})
    logits = [
        0.1 + 0.5 * (math.log(4) - 1) / 2 + math.log(5),
        0.1 + 0.25,
        0.1 + 0.25,
        0.1 + 0.25 - math.log(3),
    ]
    expected = [1 / (1 + math.exp(-logit)) for logit in logits]
    assert linear().predict(frame) == pytest.approx(expected, abs=1e-15)


def test_the_baseline_keeps_the_order_of_its_column() -> None:
    model = single("recency", 12.0, 2.0, {})
    scores = model.predict(pd.DataFrame({"recency": [0, 10, 1_000, 86_400, 10**7]}))
    assert (np.diff(scores) > 0).all()
    assert model.columns == ("recency",)


@pytest.mark.parametrize("make", [linear, boosted])
def test_json_there_and_back_is_the_same_model(make: Any) -> None:
    model = make()
    again = ScoringModel.from_json(model.to_json())
    assert again == model
    assert again.to_json() == model.to_json()
    assert again.sha256 == model.sha256
    frame = pd.DataFrame({"recency": [0.3, None, -2.0], "spend": [1.0, 5.0, None]})
    assert np.array_equal(again.predict(frame), model.predict(frame))


def test_an_empty_frame_has_no_scores() -> None:
    empty = pd.DataFrame({"recency": [], "spend": []})
    assert (len(linear().predict(empty)), len(boosted().predict(empty))) == (0, 0)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "pickle"}, "kind 'pickle'"),
        ({"columns": ["recency", "spend` + 1"]}, "distinct identifiers"),
        ({"columns": ["spend", "spend"]}, "distinct identifiers"),
        ({"columns": "recency"}, "not an object of exactly"),
        ({"columns": ["recency"]}, "one entry a column"),
        ({"parameters": {**LINEAR, "scales": [0.0, 1.0]}}, "scales are positive"),
        ({"parameters": {**LINEAR, "hook": "os.system"}}, "parameters"),
        ({"parameters": {**LINEAR, "intercept": "1); DROP"}}, "parameters"),
        ({"kind": "xgboost", "parameters": {"booster": '{"learner": {"feature_names": ["x"]}}'}}, "other columns"),
        ({"extra": 1}, "not an object of exactly"),
    ],
)
def test_a_file_of_another_form_is_refused(change: dict[str, Any], said: str) -> None:
    text = json.dumps({**json.loads(linear().to_json()), **change})
    with pytest.raises(HeadraceError, match="MODEL_UNREADABLE") as refused:
        ScoringModel.from_json(text)
    assert said in str(refused.value)


@pytest.mark.parametrize("text", ["", "[]", "{" * 100_000, '{"kind": NaN}'])
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(HeadraceError, match="MODEL_UNREADABLE"):
        ScoringModel.from_json(text)


def test_a_newer_format_is_refused_by_name() -> None:
    text = linear().to_json().replace('"format_version":1', '"format_version":2')
    with pytest.raises(HeadraceError, match="MODEL_FORMAT: a model has format version 2"):
        ScoringModel.from_json(text)

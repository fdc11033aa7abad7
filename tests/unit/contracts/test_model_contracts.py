"""A model contract: features, search, gate; what it must agree on with itself."""

from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from headrace.contracts.models import ModelContract

RISK: dict[str, Any] = {
    "model": "lapse_risk",
    "version": 1,
    "owner": "o@example.com",
    "purpose": "Who will lapse.",
    "label": "lapsed",
    "features": {"activity": ["baskets_7d", "recency_90d"], "value": ["spend_28d"]},
    "segments": [{"group": "profile", "column": "age_all"}],
    "test_from": "2017-10-01",
    "baseline": {"column": "recency_90d"},
    "gate": {"least_auc": 0.83},
}


def test_the_columns_are_those_of_all_groups_in_order():
    assert ModelContract.model_validate(RISK).columns == ("baskets_7d", "recency_90d", "spend_28d")


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"features": {}}, "features"),
        (
            {"features": RISK["features"] | {"more": ["spend_28d"]}},
            "the column 'spend_28d' is taken twice",
        ),
        ({"baseline": {"column": "recency"}}, "'recency' is not among the model's features"),
        ({"search": {"families": []}}, "at least 1 item"),
        ({"search": {"families": ["forest"]}}, "Input should be 'logistic' or 'xgboost'"),
        ({"search": {"trials": 0}}, "Input should be greater than or equal to 1"),
        ({"gate": {"least_auc": 0.4}}, "Input should be greater than or equal to 0.5"),
        ({"gate": {"least_auc": 0.8, "delta": float("nan")}}, "Input should be a finite number"),
        ({"gate": {"least_auc": 0.8, "confidence": 1.0}}, "Input should be less than 1"),
        ({"test_from": "autumn"}, "test_from"),
        ({"segment": []}, "Extra inputs are not permitted"),
    ],
)
def test_what_contradicts_itself_is_refused(changed, told):
    with pytest.raises(ValidationError) as refused:
        ModelContract.model_validate(RISK | changed)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    "changed",
    [
        {"model": "other"},
        {"label": "other"},
        {"features": {"activity": ["recency_90d", "baskets_7d"], "value": ["spend_28d"]}},
        {"features": {"activity": ["baskets_7d", "recency_90d"]}},
        {"test_from": "2017-10-08"},
        {"search": {"seed": 1}},
        {"search": {"trials": 13}},
        {"gate": {"least_auc": 0.84}},
        {"baseline": {"column": "spend_28d"}},
        {"segments": []},
    ],
)
def test_a_meaningful_edit_changes_the_fingerprint(changed):
    assert ModelContract.model_validate(RISK | changed).fingerprint != ModelContract.model_validate(RISK).fingerprint


@pytest.mark.parametrize("changed", [{"owner": "p"}, {"purpose": "Else."}, {"version": 2}, {"search": {"trials": 12}}])
def test_a_cosmetic_edit_does_not(changed):
    assert ModelContract.model_validate(RISK | changed).fingerprint == ModelContract.model_validate(RISK).fingerprint

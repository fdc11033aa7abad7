"""A label contract: who is asked about, when, and what is then looked for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from headrace.contracts.labels import LabelContract

LAPSED: dict[str, Any] = {
    "label": "lapsed",
    "version": 1,
    "owner": "o@example.com",
    "purpose": "Buys nothing in two weeks.",
    "source": "shop_events",
    "eligible": {"where": "kind = 'basket_end'", "within": "90d"},
    "outcome": {"where": "kind = 'basket_end'", "gap": "0d", "horizon": "14d", "positive": "absent"},
    "cutoffs": {"first": "2017-04-03", "last": "2017-12-11", "every": "7d"},
}


def label_of(part: str = "", **values: Any) -> LabelContract:
    return LabelContract.model_validate(LAPSED | ({part: LAPSED[part] | values} if part else values))


def test_cutoffs_go_from_the_first_to_the_last_inclusive():
    dates = label_of().cutoffs.dates
    assert (dates[0], dates[1], dates[-1], len(dates)) == (date(2017, 4, 3), date(2017, 4, 10), date(2017, 12, 11), 37)
    assert {day.weekday() for day in dates} == {0}
    assert label_of("cutoffs", last="2017-04-03").cutoffs.dates == (date(2017, 4, 3),)
    assert label_of("cutoffs", last="2017-04-12").cutoffs.dates == (date(2017, 4, 3), date(2017, 4, 10))


def test_a_label_closes_after_gap_and_horizon():
    """Rule 13."""
    assert label_of().closes_after == timedelta(days=14)
    assert label_of("outcome", gap="2d").closes_after == timedelta(days=16)


@pytest.mark.parametrize(
    ("part", "values", "told"),
    [
        ("cutoffs", {"last": "2017-04-02"}, "last (2017-04-02) is before first (2017-04-03)"),
        ("cutoffs", {"every": "12h"}, "whole days are needed, such as 7d"),
        ("cutoffs", {"every": "0d"}, "a length of time above zero is needed"),
        ("cutoffs", {"first": "monday"}, "cutoffs.first"),
        ("eligible", {"within": "0d"}, "a length of time above zero is needed"),
        ("outcome", {"horizon": "0d"}, "a length of time above zero is needed"),
        ("outcome", {"horizon": "-1d"}, "'-1d' is not a length of time"),
        ("outcome", {"positive": "maybe"}, "Input should be 'absent' or 'present'"),
        ("outcome", {"where": "now() > at"}, "'now' is not on the allow-list"),
        ("outcome", {"hidden": 1}, "Extra inputs are not permitted"),
    ],
)
def test_what_contradicts_itself_is_refused(part, values, told):
    with pytest.raises(ValidationError) as refused:
        label_of(part, **values)
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("", {"label": "gone"}),
        ("", {"source": "other"}),
        ("eligible", {"within": "91d"}),
        ("eligible", {"where": None}),
        ("outcome", {"gap": "1d"}),
        ("outcome", {"horizon": "15d"}),
        ("outcome", {"positive": "present"}),
        ("outcome", {"where": "kind = 'login'"}),
        ("cutoffs", {"first": "2017-04-10"}),
        ("cutoffs", {"last": "2017-12-04"}),
        ("cutoffs", {"every": "14d"}),
    ],
)
def test_a_meaningful_edit_changes_the_fingerprint(part, values):
    assert label_of(part, **values).fingerprint != label_of().fingerprint


@pytest.mark.parametrize(
    ("part", "values"),
    [
        ("", {"owner": "p"}),
        ("", {"purpose": "Else."}),
        ("", {"version": 2}),
        ("eligible", {"where": "(KIND) = 'basket_end'"}),
        ("outcome", {"horizon": "2w"}),
        ("cutoffs", {"every": "1w"}),
    ],
)
def test_a_cosmetic_edit_does_not(part, values):
    assert label_of(part, **values).fingerprint == label_of().fingerprint

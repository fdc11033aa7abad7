"""A label contract: who is asked about, when, and what is then looked for."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
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


def test_rule_14_cutoffs_are_when_the_clocks_of_a_zone_show_a_time():
    """Midnights of UTC unless said; Berlin's 18:00 is 16:00 in summer and 17:00 in winter, its 26 March 2017 has no 02:30."""
    assert set(label_of().cutoffs.instants) == {
        datetime(d.year, d.month, d.day, tzinfo=UTC) for d in label_of().cutoffs.dates
    }
    evening = label_of("cutoffs", at="18:00", zone="Europe/Berlin").cutoffs
    assert (evening.instants[0], evening.instants[-1]) == (
        datetime(2017, 4, 3, 16, tzinfo=UTC),
        datetime(2017, 12, 11, 17, tzinfo=UTC),
    )
    assert evening.on_or_after(date(2017, 12, 5)) == evening.instants[-1:]
    assert evening.clock == "18:00 Europe/Berlin"
    skipped = {"first": "2017-03-25", "last": "2017-03-27", "every": "1d", "at": "02:30", "zone": "Europe/Berlin"}
    assert [at.hour * 60 + at.minute for at in label_of("cutoffs", **skipped).cutoffs.instants] == [90, 90, 30]
    twice = skipped | {"first": "2017-10-29", "last": "2017-10-29"}
    assert label_of("cutoffs", **twice).cutoffs.instants == (datetime(2017, 10, 29, 0, 30, tzinfo=UTC),)
    apia = {"first": "2011-12-29", "last": "2011-12-31", "every": "1d", "at": "18:00", "zone": "Pacific/Apia"}
    assert label_of("cutoffs", **apia).cutoffs.dates == (date(2011, 12, 29), date(2011, 12, 31))


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
        ("cutoffs", {"at": "24:00"}, "'24:00' is not a time of day; write 00:00 to 23:59, such as 18:00"),
        ("cutoffs", {"at": "6 pm"}, "'6 pm' is not a time of day"),
        ("cutoffs", {"zone": "Europe/Berlinn"}, "Did you mean 'Europe/Berlin'?"),
        (
            "cutoffs",
            {"first": "2011-12-30", "last": "2011-12-30", "zone": "Pacific/Apia"},
            "Pacific/Apia left out 2011-12-30, and no other day is asked for",
        ),
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
        ("cutoffs", {"at": "18:00"}),
        ("cutoffs", {"zone": "Europe/Berlin"}),
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
        ("cutoffs", {"at": "00:00", "zone": "UTC"}),
    ],
)
def test_a_cosmetic_edit_does_not(part, values):
    assert label_of(part, **values).fingerprint == label_of().fingerprint

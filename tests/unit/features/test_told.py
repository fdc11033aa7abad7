"""What columns of events may be to their windows (semantics 16): with a sign, only what can be subtracted."""

from __future__ import annotations

import pytest

from headrace.contracts.features import SUBTRACTED, Feature
from headrace.features.told import Told, check_subtracted

PLAIN = Told("at", None, None, None, None, None)
SIGNED = Told("at", None, None, None, None, "sign")


def feature(aggregate: str, **more: object) -> Feature:
    about = {"name": "spend", "meaning": "Money.", "unit": "USD", "aggregate": aggregate, "windows": ["7d"]}
    return Feature.model_validate(about | more)


@pytest.mark.parametrize(("aggregate", "more"), [("min", {}), ("last", {}), ("count_distinct", {"bound": 40})])
def test_what_cannot_be_subtracted_is_refused_by_name_where_events_take_others_back(
    aggregate: str, more: dict[str, object]
) -> None:
    one = feature(aggregate, expression="value", **more)
    check_subtracted([one], PLAIN)
    with pytest.raises(ValueError, match=f"features.spend: {aggregate} cannot be subtracted"):
        check_subtracted([one], SIGNED)


def test_counts_and_sums_are_not_refused() -> None:
    found = [feature("count"), feature("sum", expression="value", scale=2)]
    check_subtracted(found, SIGNED)
    assert {one.aggregate for one in found} < SUBTRACTED

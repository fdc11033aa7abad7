"""A time of day in a zone: how it is spelled, and which instant it is."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from headrace.ground.deadline import read_deadline


@pytest.mark.parametrize(
    ("text", "began", "due"),
    [
        ("06:00 Europe/London", "2024-01-10T01:00", "2024-01-10T06:00"),
        ("06:00 Europe/London", "2024-07-10T01:00", "2024-07-10T05:00"),
        ("06:00 Europe/London", "2024-07-10T05:00", "2024-07-11T05:00"),  # at the deadline itself, the next one
        ("06:00 Pacific/Auckland", "2024-01-09T20:00", "2024-01-10T17:00"),
        ("23:30", "2024-01-10T01:00", "2024-01-10T23:30"),
        ("02:30 Europe/Berlin", "2024-03-31T00:00", "2024-03-31T01:30"),  # clocks skip it: 03:30 summer time
        ("02:30 Europe/Berlin", "2024-10-27T00:00", "2024-10-27T00:30"),  # clocks show it twice: the first
    ],
)
def test_a_run_has_until_the_first_such_time_after_its_beginning(text: str, began: str, due: str) -> None:
    begin, end = (datetime.fromisoformat(one).replace(tzinfo=UTC) for one in (began, due))
    assert read_deadline(text).after(begin) == end


def test_it_is_told_as_it_is_spelled() -> None:
    assert str(read_deadline("06:00 Europe/London")) == "06:00 Europe/London"
    assert str(read_deadline("06:00")) == "06:00 UTC"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("6:00", "'6:00' is no deadline; write \"06:00 Europe/London\""),
        ("24:00 UTC", "is no deadline"),
        (360, "'360' is no deadline"),
        ("06:00 Europe/Londn", "Did you mean 'Europe/London'?"),
    ],
)
def test_what_is_no_time_or_no_zone_is_said(text: object, said: str) -> None:
    with pytest.raises(ValueError, match=r"deadline|zone") as raised:
        read_deadline(text)
    assert said in str(raised.value)

"""Half-open intervals of instants in UTC."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from headrace.ground.errors import HeadraceError
from headrace.ground.interval import (
    DAY,
    WEEK,
    Interval,
    merge_adjacent,
    parse_gap,
    parse_instant,
    parse_span,
    show_instant,
)

START = datetime(2017, 4, 3, 1, tzinfo=UTC)


def days(start: int, end: int) -> Interval:
    """``[January start, January end)``."""
    return Interval(datetime(2017, 1, start, tzinfo=UTC), datetime(2017, 1, end, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("2017-04-03", datetime(2017, 4, 3, tzinfo=UTC)),
        ("2017-04-03T06:00:00", datetime(2017, 4, 3, 6, tzinfo=UTC)),
        ("2017-04-03T06:00:00Z", datetime(2017, 4, 3, 6, tzinfo=UTC)),
        ("2017-04-03T06:00:00+02:00", datetime(2017, 4, 3, 4, tzinfo=UTC)),
        ("2017-04-03T06:00:00.000001Z", datetime(2017, 4, 3, 6, 0, 0, 1, tzinfo=UTC)),
        (date(2017, 4, 3), datetime(2017, 4, 3, tzinfo=UTC)),
        (START.replace(tzinfo=None), START),
    ],
)
def test_a_bare_date_or_instant_is_utc(text, at):
    found = parse_instant(text)
    assert found == at
    assert found.tzinfo is UTC


@pytest.mark.parametrize(
    "text",
    [
        "",
        "today",
        "2017-13-01",
        "2017-02-29",
        "03/04/2017",
        "0001-01-01T00:00+05:00",
        "2017-01-01\n2018",
        "20170101",
        "2017-W01-1",
    ],
)
def test_what_is_no_instant_is_refused_by_its_text(text):
    with pytest.raises(HeadraceError) as refused:
        parse_instant(text)
    assert refused.value.code == "INSTANT_UNREADABLE"


@pytest.mark.parametrize(
    ("text", "span"), [("12h", timedelta(hours=12)), ("7d", timedelta(days=7)), ("2w", timedelta(days=14))]
)
def test_a_span_is_hours_days_or_weeks(text, span):
    assert parse_span(text) == span


@pytest.mark.parametrize(
    "text", ["", "0d", "07d", "7", "d", "7D", "7d ", "7d\n", "-7d", "1.5d", "7m", "7s", "٧d", "100000d"]
)
def test_what_is_no_span_is_refused(text):
    with pytest.raises(ValueError, match="is not a length of time; write 12h, 7d or 2w"):
        parse_span(text)


@pytest.mark.parametrize(
    ("text", "gap"),
    [("1800s", timedelta(minutes=30)), ("30m", timedelta(minutes=30)), ("12h", timedelta(hours=12)), ("2d", 2 * DAY)],
)
def test_a_gap_may_be_seconds_or_minutes_too(text, gap):
    assert parse_gap(text) == gap


@pytest.mark.parametrize("text", ["", "0s", "030m", "30", "m", "30M", "1.5h", "-1s", "30min", "1800 s", "100000s"])
def test_what_is_no_gap_is_refused(text):
    with pytest.raises(ValueError, match=r"is not a time between events; write 1800s, 30m \(minutes\), 12h or 2d"):
        parse_gap(text)


def test_an_interval_is_never_empty_nor_backwards():
    for end in (2, 1):
        with pytest.raises(HeadraceError, match="INTERVAL_EMPTY"):
            days(2, end)


def test_an_interval_is_half_open():
    """Rule 1: what begins where another ends does not lie in it."""
    assert days(1, 3).contains(days(2, 3))
    assert not days(1, 3).contains(days(3, 4))
    assert list(days(1, 3).cut(DAY)) == [days(1, 2), days(2, 3)]


def test_a_remainder_shorter_than_a_piece_is_left_out():
    assert list(days(1, 11).cut(WEEK)) == [days(1, 8)]
    assert list(days(1, 3).cut(WEEK)) == []


@pytest.mark.parametrize("every", [timedelta(0), timedelta(days=-1)])
def test_a_cut_into_nothing_is_refused_and_does_not_go_on_for_ever(every):
    with pytest.raises(ValueError, match="positive"):
        next(days(1, 3).cut(every))


def test_every_day_of_utc_has_24_hours_though_clocks_change_elsewhere():
    """Rule 14: 2017-03-26 has 23 hours in Europe."""
    march = Interval(datetime(2017, 3, 25, tzinfo=UTC), datetime(2017, 3, 28, tzinfo=UTC))
    assert [piece.start.hour for piece in march.cut(DAY)] == [0, 0, 0]


@pytest.mark.parametrize(
    ("pieces", "merged"),
    [
        ([], ()),
        ([days(2, 3), days(1, 2)], (days(1, 3),)),
        ([days(1, 2), days(3, 4)], (days(1, 2), days(3, 4))),
        ([days(1, 5), days(2, 3), days(4, 6)], (days(1, 6),)),
        ([days(1, 2), days(1, 2)], (days(1, 2),)),
    ],
)
def test_adjacent_intervals_are_one(pieces, merged):
    assert merge_adjacent(pieces) == merged


def test_a_label_shows_dates_where_both_ends_are_midnights():
    assert days(1, 2).label() == "2017-01-01..2017-01-02"
    assert show_instant(datetime(2017, 1, 1, 6, tzinfo=UTC)) == "2017-01-01T06:00:00+00:00"

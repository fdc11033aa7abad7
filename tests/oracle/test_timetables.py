"""Timetables against the clock: dates are counted off one by one, midnights looked for minute after minute (rule 14)."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
import zone_oracle as naive
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headrace.graph.timetable import WEEKDAYS, Timetable
from headrace.ground.interval import DAY, HOUR, MICROSECOND, WEEK, Interval

MINUTE = timedelta(minutes=1)
ODD = {
    "Europe/London": date(2017, 3, 26),  # 23 hours
    "America/New_York": date(2024, 11, 3),  # 25 hours
    "America/Santiago": date(2023, 9, 3),  # begins at 01:00
    "Africa/Cairo": date(2024, 4, 26),
    "Asia/Beirut": date(2023, 3, 26),
    "America/St_Johns": date(2010, 11, 7),  # begins, and a minute later it is the evening before, once more
    "America/Havana": date(2023, 11, 5),  # shows 00:00 twice
    "Asia/Kolkata": date(2024, 5, 1),  # half an hour beside the hour
    "Asia/Kathmandu": date(2024, 5, 1),  # three quarters
    "Australia/Lord_Howe": date(2024, 4, 7),  # 24.5 hours
    "Pacific/Apia": date(2011, 12, 30),  # left out
    "Atlantic/Azores": date(2024, 3, 31),
    "Pacific/Kiritimati": date(2024, 1, 1),  # 14 hours ahead
    "UTC": date(2024, 2, 29),
}
"""Zones, each with a day about which spans are taken."""
LENGTHS = (DAY, 2 * DAY, 3 * DAY, WEEK, 2 * WEEK)


def marks(table: Timetable, whole: Interval) -> list[datetime]:
    """Where intervals begin, from the first one that begins in a span to one that begins after it."""
    first = whole.start.date() - 3 * DAY
    days = [first + number * DAY for number in range((whole.end - whole.start) // DAY + 40)]
    days = [day for day in days if naive.midnight(day, table.zone) >= whole.start]
    weeks, rest = divmod(table.length, WEEK)
    if weeks and not rest:
        days = [day for day in days if f"{day:%A}".lower() == (table.begins or "monday")]
        return [naive.midnight(day, table.zone) for day in days[::weeks]]
    return [naive.midnight(day, table.zone) for day in days[:: table.length // DAY]]


def full_hours(zone: str, whole: Interval) -> list[datetime]:
    """The first full hour that the clocks show, found minute after minute, and each hour from there."""
    at = whole.start
    while at.astimezone(ZoneInfo(zone)).minute:
        at += MINUTE
    return [at + number * HOUR for number in range((whole.end - whole.start) // HOUR + 2)]


def between(edges: list[datetime], whole: Interval) -> list[Interval]:
    return [Interval(start, end) for start, end in pairwise(edges) if start < end <= whole.end]


@st.composite
def tables_and_spans(draw: st.DrawFn) -> tuple[Timetable, Interval]:
    zone = draw(st.sampled_from(sorted(ODD)))
    length = draw(st.sampled_from(LENGTHS))
    begins = draw(st.sampled_from(WEEKDAYS)) if length % WEEK == timedelta(0) and zone == "UTC" else None
    if length % WEEK == timedelta(0) and zone != "UTC":
        begins = draw(st.sampled_from([None, *WEEKDAYS]))
    before, hours = draw(st.integers(0, 20 * 24)), draw(st.integers(1, 45 * 24))
    start = datetime.combine(ODD[zone], time(), UTC) - before * HOUR + draw(st.sampled_from([0, 15, 30])) * MINUTE
    return Timetable(length, zone, begins), Interval(start, start + hours * HOUR)


@given(tables_and_spans())
@settings(max_examples=400, deadline=None)
def test_rule_14_days_and_weeks_of_a_zone_are_those_that_its_clocks_show(drawn: tuple[Timetable, Interval]) -> None:
    table, whole = drawn
    if not table.calendar:
        assert list(table.cut(whole)) == list(whole.cut(table.length))
        return
    assert list(table.cut(whole)) == between(marks(table, whole), whole)


@given(tables_and_spans(), st.integers(-3 * 24 * 4, 50 * 24 * 4))
@example(
    (Timetable(DAY, "Pacific/Apia"), Interval(*(datetime(2011, 12, d, tzinfo=UTC) for d in (20, 31)))), 10 * 24 * 4
)
@settings(max_examples=200, deadline=None)
def test_rule_1_intervals_follow_each_other_and_any_of_them_is_found_from_anywhere(
    drawn: tuple[Timetable, Interval], quarters: int
) -> None:
    """Half-open: each begins where the one before it ends, so no instant lies in two or in none."""
    table, whole = drawn
    found = list(table.cut(whole))
    assert all(one.end == after.start for one, after in pairwise(found))
    at = whole.start + quarters * 15 * MINUTE
    more = list(table.cut(Interval(whole.start, whole.end + 80 * DAY)))
    first = next(table.since(whole.start, at))
    assert first == next(piece for piece in more if piece.end > at)
    ended = [piece for piece in more if piece.end <= at]
    assert table.until(whole.start, at) == (ended[-1] if ended else None)
    for piece in found[:3]:
        assert table.until(whole.start, piece.end) == piece, "what ends now is over"
        assert table.until(whole.start, piece.end - MICROSECOND) != piece, "and is not, a microsecond before"


@pytest.mark.parametrize("zone", ODD)
def test_hours_are_sixty_minutes_from_a_full_hour_of_the_clocks(zone: str) -> None:
    start = datetime.combine(ODD[zone], time(), UTC) - 2 * DAY + 5 * MINUTE
    whole = Interval(start, start + 4 * DAY)
    found = list(Timetable(HOUR, zone).cut(whole))
    if zone != "UTC":
        assert found == between(full_hours(zone, whole), whole)
        assert found[0].start.astimezone(ZoneInfo(zone)).minute == 0
    assert {piece.end - piece.start for piece in found} == {HOUR}
    assert len(found) in (95, 96), "whatever the clocks did"


@pytest.mark.parametrize(
    ("zone", "hours"),
    [
        ("Europe/London", 23), ("America/New_York", 25), ("America/Santiago", 23), ("Africa/Cairo", 23), ("Asia/Beirut", 23),
        ("America/St_Johns", 25), ("America/Havana", 25), ("Australia/Lord_Howe", 24.5), ("Asia/Kolkata", 24),
    ],
)  # fmt: skip
def test_rule_14_a_day_has_the_hours_that_it_has(zone: str, hours: float) -> None:
    begin = naive.midnight(ODD[zone], zone)
    whole = Interval(begin - 3 * DAY, begin + 3 * DAY)
    (day,) = [piece for piece in Timetable(DAY, zone).cut(whole) if piece.start == begin]
    assert (day.end - day.start) / HOUR == hours

"""A timetable says how long intervals are, and what lays them: the project's first instant, or a calendar."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import tiny

from headrace.cli import main
from headrace.graph.job import Each, Latest
from headrace.graph.timetable import Timetable
from headrace.ground.interval import DAY, HOUR, WEEK, Interval, parse_instant

WEDNESDAY = datetime(2017, 3, 15, tzinfo=UTC)
SPAN = Interval(WEDNESDAY, WEDNESDAY + 16 * DAY + 5 * HOUR)


def labels(table: Timetable, whole: Interval = SPAN) -> list[str]:
    return [f"{piece.start:%d %H:%M}-{piece.end:%d %H:%M}" for piece in table.cut(whole)]


@pytest.mark.parametrize("length", [HOUR, 6 * HOUR, 7 * HOUR, DAY, 2 * DAY, WEEK, 10 * DAY, timedelta(minutes=90)])
def test_without_zone_and_weekday_intervals_are_counted_from_the_first_instant_as_they_were(length: timedelta) -> None:
    whole = Interval(WEDNESDAY + 90 * timedelta(minutes=1), SPAN.end)
    assert list(Each(length).cut(whole)) == list(whole.cut(length))
    assert list(Latest(length).cut(whole)) == list(whole.cut(length))
    assert Each() == Each(DAY, "UTC", None) != Latest()


def test_a_length_of_nothing_is_refused_and_does_not_go_on_for_ever() -> None:
    with pytest.raises(ValueError, match="positive"):
        next(Each(timedelta(0)).cut(SPAN))


@pytest.mark.parametrize(
    ("table", "found"),
    [
        (Each(WEEK), ["15 00:00-22 00:00", "22 00:00-29 00:00"]),
        (Each(WEEK, begins="monday"), ["20 00:00-27 00:00"]),
        (Each(WEEK, begins="wednesday"), ["15 00:00-22 00:00", "22 00:00-29 00:00"]),
        (Each(WEEK, "Europe/London"), ["20 00:00-26 23:00"]),  # 167 hours
        (Each(WEEK, "Europe/London", "sunday"), ["19 00:00-26 00:00"]),
        (Each(WEEK, "America/New_York", "friday"), ["17 04:00-24 04:00", "24 04:00-31 04:00"]),
        (Each(2 * WEEK, "Asia/Tokyo", "thursday"), ["15 15:00-29 15:00"]),
        (Each(5 * DAY, "Asia/Tokyo"), ["15 15:00-20 15:00", "20 15:00-25 15:00", "25 15:00-30 15:00"]),
    ],
)
def test_weeks_begin_on_their_weekday_once_it_has_come(table: Timetable, found: list[str]) -> None:
    assert labels(table) == found


@pytest.mark.parametrize(
    ("zone", "day", "found"),
    [
        ("Europe/London", "2017-03-25", ["25 00:00-26 00:00", "26 00:00-26 23:00", "26 23:00-27 23:00"]),
        ("Europe/London", "2017-10-28", ["28 23:00-30 00:00", "30 00:00-31 00:00"]),  # 25 hours
        ("America/Santiago", "2023-09-01", ["01 04:00-02 04:00", "02 04:00-03 04:00", "03 04:00-04 03:00"]),
        ("Africa/Cairo", "2024-04-24", ["24 22:00-25 22:00", "25 22:00-26 21:00"]),
        ("Asia/Beirut", "2023-03-24", ["24 22:00-25 22:00", "25 22:00-26 21:00"]),
        ("America/Havana", "2023-11-04", ["04 04:00-05 04:00", "05 04:00-06 05:00"]),  # the first of two
        ("Pacific/Apia", "2011-12-28", ["28 10:00-29 10:00", "29 10:00-30 10:00", "30 10:00-31 10:00"]),
    ],
)
def test_rule_14_a_day_begins_with_the_first_instant_of_its_date(zone: str, day: str, found: list[str]) -> None:
    """Where clocks skip midnight, with what they show instead: Santiago's 3 September, Cairo's 26 April, Beirut's 26 March."""
    start = parse_instant(day)
    assert labels(Each(DAY, zone), Interval(start, start + 3 * DAY + 10 * HOUR))[: len(found)] == found


def test_hours_begin_at_full_hours_of_the_zone_and_stay_sixty_minutes() -> None:
    whole = Interval(WEDNESDAY, WEDNESDAY + 3 * HOUR)
    assert labels(Each(HOUR, "Asia/Kolkata"), whole) == ["15 00:30-15 01:30", "15 01:30-15 02:30"]
    assert labels(Each(HOUR, "Asia/Kathmandu"), whole)[0] == "15 00:15-15 01:15"
    spring = Interval(datetime(2017, 3, 26, tzinfo=UTC), datetime(2017, 3, 26, 3, tzinfo=UTC))
    assert labels(Each(HOUR, "Europe/London"), spring) == labels(Each(HOUR), spring)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((DAY, "Europe/Londn"), "'Europe/Londn' is no time zone. Did you mean 'Europe/London'?"),
        ((DAY, "../etc/passwd"), "is no time zone"),
        ((WEEK, "UTC", "mondy"), "'mondy' is no weekday. Did you mean 'monday'?"),
        ((WEEK, "UTC", "Monday"), "'Monday' is no weekday. Did you mean 'monday'?"),
        ((DAY, "UTC", "monday"), "begins='monday' is of weeks, and the intervals are 1 day, 0:00:00 long"),
        ((10 * DAY, "Europe/London", "monday"), "begins='monday' is of weeks, and the intervals are 10 days, 0:00:00 long"),
        ((6 * HOUR, "Europe/London"), "intervals of Europe/London are an hour or whole days, not 6:00:00: its days differ"),
    ],
)  # fmt: skip
def test_what_no_calendar_has_is_refused(words: Any, told: str) -> None:
    with pytest.raises(ValueError, match=re.escape(told)):
        Each(*words)


def test_a_zone_that_there_is_not_is_told_by_file_and_line_before_anything_is_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = tiny.make_project(tmp_path, days=1)
    graph = project / "tiny_graph.py"
    text = graph.read_text(encoding="utf-8") + (
        "\n\ndef zoned(project):\n"
        "    from headrace.ground.interval import DAY\n"
        "    from headrace.graph.job import Each\n\n"
        "    return Each(DAY, zone='Europe/Londn')\n"
    )
    graph.write_text(text, encoding="utf-8")
    named = project / "headrace.yaml"
    named.write_text(
        named.read_text(encoding="utf-8").replace("tiny_graph:graph", "tiny_graph:zoned"), encoding="utf-8"
    )
    assert main(["lint", "--project", str(project)]) == 2
    captured = capsys.readouterr()
    said = captured.out + captured.err
    assert "GRAPH_UNLOADABLE" in said
    assert "'Europe/Londn' is no time zone. Did you mean 'Europe/London'?" in said
    assert f"tiny_graph.py:{len(text.splitlines())}" in said
    assert "mend:" in said

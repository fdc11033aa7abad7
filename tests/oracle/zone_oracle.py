"""Days of a zone by their definition, in plain Python: a midnight is found by looking at the clock minute after minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from window_oracle import Event, value_over

from headrace.contracts.features import Feature
from headrace.ground.interval import parse_span

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)


@cache
def midnight(day: date, zone: str) -> datetime:
    """The first instant at which the zone's clocks show the day, or a later one where they never do."""
    at = datetime.combine(day, time(), UTC) - 15 * HOUR
    while at.astimezone(ZoneInfo(zone)).date() < day:
        at += HOUR
    at -= 3 * HOUR  # a midnight is shown before the clocks go back over it
    while at.astimezone(ZoneInfo(zone)).date() < day:
        at += MINUTE
    return at


def day_of(at: datetime, zone: str) -> date:
    """The last day that had begun."""
    day = at.astimezone(UTC).date() + 2 * DAY
    while midnight(day, zone) > at:
        day -= DAY
    return day


def visible(events: list[Event], day: date, window: str, zone: str) -> list[Event]:
    """The events of the window's days or hours before ``day`` that had landed on a day which was over by its midnight."""
    span = parse_span(window) if window != "all" else None
    if span is not None and window.endswith("h"):
        begins = midnight(day, zone) - span  # hours are elapsed time
    else:
        begins = None if span is None else midnight(day - span, zone)
    return [e for e in known(events, day, zone) if begins is None or begins <= e["event_time"]]


def known(events: list[Event], day: date, zone: str) -> list[Event]:
    """The events that had happened and landed by a midnight; landing days are days of UTC (ADR 1)."""
    at = midnight(day, zone)
    return [e for e in events if e["event_time"] < at and datetime.combine(e["landed_on"] + DAY, time(), UTC) <= at]


def value_of(feature: Feature, window: str, events: list[Event], day: date, zone: str) -> Any:
    """The feature's value for one entity at one midnight, from that entity's events."""
    seen = [e | {"event_date": day_of(e["event_time"], zone)} for e in visible(events, day, window, zone)]
    return value_over(feature, seen, midnight(day, zone))

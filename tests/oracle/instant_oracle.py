"""The definition of ``window_features`` in plain Python: which events a window holds at an instant (semantics 1, 3, 4, 14)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from window_oracle import Event, value_over

from headrace.contracts.features import Feature
from headrace.ground.interval import parse_span


@dataclass(frozen=True)
class Rules:
    """How values are asked for."""

    zone: str = "UTC"
    accuracy: str = "temporal"
    known_then: bool = True

    def as_of(self, at: datetime) -> datetime:
        """The instant whose value it is."""
        if self.accuracy == "temporal":
            return at
        return datetime.combine(at.astimezone(ZoneInfo(self.zone)).date(), time(), ZoneInfo(self.zone)).astimezone(UTC)

    def last(self, event: datetime, window: str) -> datetime:
        """The last instant at which the window holds an event of that time."""
        if window.endswith("h"):
            return event + parse_span(window)
        clock = event.astimezone(ZoneInfo(self.zone)).replace(tzinfo=None)
        if self.accuracy == "snapshot":
            clock = datetime.combine(clock.date(), time())
        return (clock + parse_span(window)).replace(tzinfo=ZoneInfo(self.zone)).astimezone(UTC)

    def holds(self, event: Event, window: str, at: datetime) -> bool:
        """Whether the window that ends at ``at`` holds the event."""
        in_time = event["event_time"] < at and (window == "all" or at <= self.last(event["event_time"], window))
        return in_time and (not self.known_then or event["landed_on"] <= at)


def value_at(feature: Feature, window: str, events: list[Event], asked: datetime, rules: Rules) -> Any:
    """The feature's value for a query of that time, from the events of its key."""
    at = rules.as_of(asked)
    return value_over(feature, [event for event in events if rules.holds(event, window, at)], at)


def dated(event: Event, rules: Rules) -> Event:
    """The event with its day in the zone."""
    return event | {"event_date": event["event_time"].astimezone(ZoneInfo(rules.zone)).date()}

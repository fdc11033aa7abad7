"""Days of a time zone: which zones there are, when their days begin, and to which day an instant belongs. No Spark.

A day's *midnight* is its first instant: where clocks skip 00:00 it is what they show instead, and where they show 00:00
twice it is the earlier. A day is all time from its midnight to the next one, so days follow each other without gap or
overlap, whatever the clocks show in between. A day that a zone left out (Pacific/Apia's 30 December 2011) has no time.
``features.calendar`` says the same of columns.
"""

from __future__ import annotations

import difflib
import re
import zoneinfo
from datetime import UTC as _UTC
from datetime import date, datetime, time, timedelta
from functools import cache

from headrace.ground.interval import DAY

UTC = "UTC"
_OF_MACHINES = frozenset({"localtime", "Factory"})
"""What is called a zone and says only how a machine is set up."""


def known_zone(name: str) -> str:
    """The name of a zone that there is.

    Raises:
        ValueError: with the nearest name.
    """
    if name == UTC:
        return name
    known = zoneinfo.available_timezones() - _OF_MACHINES
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
        meant = f"Did you mean '{near[0]}'?" if near else "Zones are named as in Europe/Berlin."
        raise ValueError(f"'{name:.60}' is no time zone. {meant}")
    return name


def midnight(day: date, zone: str) -> datetime:
    """The first instant of a day, in UTC."""
    return clock(day, time(), zone)


def clock(day: date, at: time, zone: str) -> datetime:
    """When the clocks of a zone show ``at`` on a day, in UTC: the first time of two; what they skip is later by as much."""
    return datetime.combine(day, at, zoneinfo.ZoneInfo(zone)).astimezone(_UTC)


def day_of(instant: datetime, zone: str) -> date:
    """The day of an instant: the last one whose midnight is at or before it."""
    shown = instant.astimezone(zoneinfo.ZoneInfo(zone)).date()
    if midnight(shown + DAY, zone) <= instant:  # the clocks went back to the evening before
        return shown + DAY
    return shown if midnight(shown, zone) <= instant else shown - DAY


@cache
def drift(zone: str) -> timedelta:
    """The most by which the clocks of a zone run ahead of one hour and behind another, of 1900 to 2100.

    So far from 24 hours a day may a stretch of its days be, however many: 1 hour for most zones, more where clocks were moved
    for good. Offsets are looked at once a day.
    """
    if zone == UTC:
        return timedelta(0)
    clocks, noon = zoneinfo.ZoneInfo(zone), datetime(1900, 1, 1, 12, tzinfo=_UTC)
    offsets = {(noon + number * DAY).astimezone(clocks).utcoffset() or timedelta(0) for number in range(73_415)}
    return max(offsets) - min(offsets)


def zone_in_names(zone: str) -> str:
    """The zone as part of a table's name: ``europe_berlin``, ``etc_gmt_plus_5``; another one for each zone."""
    signed = re.sub(r"([+-])(?=\d)", lambda sign: "_plus_" if sign[0] == "+" else "_minus_", zone)
    return re.sub(r"[^a-z0-9]+", "_", signed.lower())

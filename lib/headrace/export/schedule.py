"""When a target wakes the graph up: conf's cron, else one that follows from the shortest interval of a job.

What is then done the graph decides: a job whose interval is not over yet is up to date.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from headrace.graph.manifest import Manifest, Node
from headrace.graph.timetable import WEEKDAYS
from headrace.ground.errors import HeadraceError
from headrace.ground.zones import UTC

HOUR = 4
"""By then what arrived until midnight has landed."""
_LENGTH = re.compile(r"([0-9]+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
AN_HOUR, DAY, WEEK = 3600, 86400, 7 * 86400
MINUTE = 10
"""By then what arrived in the hour before has landed."""


def cron(manifest: Manifest) -> str | None:
    """A cron of five fields, for the clocks of ``timezone``; None where every job is done once.

    Raises:
        HeadraceError: EXPORT_SCHEDULE naming the job whose interval no cron has.
    """
    if manifest.targets.schedule is not None:
        return manifest.targets.schedule
    shortest = _shortest(manifest)
    if not shortest:
        return None
    length = seconds(shortest[0])
    if length == DAY:
        return f"0 {HOUR} * * *"
    if length == WEEK:
        weekdays = sorted({_weekday(node, manifest.start) for node in shortest})
        return f"0 {HOUR} * * {','.join(map(str, weekdays))}"
    if DAY % length == 0 and length % AN_HOUR == 0:
        hours = length // AN_HOUR
        return f"{MINUTE} {'*' if hours == 1 else f'*/{hours}'} * * *"
    told = f"no cron has an interval of {shortest[0].cadence.length}"
    raise HeadraceError("EXPORT_SCHEDULE", job=shortest[0].name, problem=told)


def timezone(manifest: Manifest) -> str:
    """Whose clocks the cron is for: conf's; where it names none, the zone in which the shortest intervals lie, if all lie in one."""
    zones = {node.cadence.zone or UTC for node in _shortest(manifest)}
    told = manifest.targets.timezone
    return told if manifest.targets.schedule is not None or told != UTC or len(zones) != 1 else zones.pop()


def by_day(manifest: Manifest) -> bool:
    """Whether all intervals end at midnights of UTC: a run can be told a day then, and needs an instant otherwise."""
    regular = [node for node in manifest.jobs if node.cadence.length]
    return all(seconds(node) % DAY == 0 and node.cadence.zone in ("", UTC) for node in regular)


def _shortest(manifest: Manifest) -> list[Node]:
    """The jobs whose intervals are as short as any."""
    regular = [node for node in manifest.jobs if node.cadence.length]
    least = min(map(seconds, regular), default=0)
    return [node for node in regular if seconds(node) == least]


def seconds(node: Node) -> int:
    """The length of a job's interval."""
    found = _LENGTH.fullmatch(node.cadence.length)
    if found is None:
        raise ValueError(f"job {node.name}: '{node.cadence.length}' is no length")
    return int(found[1]) * _SECONDS[found[2]]


def _weekday(node: Node, start: str) -> int:
    """The weekday on which a job's weeks end, where no calendar lays them those from ``start`` on; as cron counts: 0 is Sunday."""
    if node.cadence.begins:
        return (WEEKDAYS.index(node.cadence.begins) + 1) % 7
    day = date.fromisoformat(start) if len(start) == len("2017-01-01") else datetime.fromisoformat(start).date()
    return day.isoweekday() % 7


def quartz(five: str, job: str) -> str:
    """The cron as Quartz writes it: seconds first, Sunday is 1, and one of the two kinds of day is left open.

    Raises:
        HeadraceError: EXPORT_SCHEDULE where both kinds of day are named.
    """
    minute, hour, of_month, month, of_week = five.split()
    if of_month != "*" and of_week != "*":
        raise HeadraceError(
            "EXPORT_SCHEDULE",
            job=job,
            problem=f"Databricks' cron takes a day of the month or one of the week, and '{five}' names both",
        )
    if of_week == "*":
        return f"0 {minute} {hour} {of_month} {month} ?"
    return f"0 {minute} {hour} ? {month} {_quartz_days(of_week)}"


def _quartz_days(field: str) -> str:
    """Days of the week counted from 1; a step (after '/') stays what it is."""
    return re.sub(r"(?<![/\d])\d+", lambda found: str(int(found[0]) % 7 + 1), field)

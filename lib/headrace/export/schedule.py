"""When a target wakes the graph up: conf's cron, else one that follows from the shortest interval of a job.

What is then done the graph decides: a job whose interval is not over yet is up to date.
"""

from __future__ import annotations

import re
from datetime import date, datetime

from headrace.graph.manifest import Manifest, Node
from headrace.ground.errors import HeadraceError

HOUR = 4
"""By then what arrived until midnight has landed."""
_LENGTH = re.compile(r"([0-9]+)([smhd])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
AN_HOUR, DAY, WEEK = 3600, 86400, 7 * 86400
MINUTE = 10
"""By then what arrived in the hour before has landed."""


def cron(manifest: Manifest) -> str | None:
    """A cron of five fields; None where every job is done once.

    Raises:
        HeadraceError: EXPORT_SCHEDULE naming the job whose interval no cron has.
    """
    if manifest.targets.schedule is not None:
        return manifest.targets.schedule
    regular = [node for node in manifest.jobs if node.cadence.length]
    if not regular:
        return None
    shortest = min(regular, key=seconds)
    if seconds(shortest) == DAY:
        return f"0 {HOUR} * * *"
    if seconds(shortest) == WEEK:
        return f"0 {HOUR} * * {_weekday(manifest.start)}"
    if DAY % seconds(shortest) == 0 and seconds(shortest) % AN_HOUR == 0:
        hours = seconds(shortest) // AN_HOUR
        return f"{MINUTE} {'*' if hours == 1 else f'*/{hours}'} * * *"
    length = shortest.cadence.length
    raise HeadraceError("EXPORT_SCHEDULE", job=shortest.name, problem=f"no cron has an interval of {length}")


def seconds(node: Node) -> int:
    """The length of a job's interval."""
    found = _LENGTH.fullmatch(node.cadence.length)
    if found is None:
        raise ValueError(f"job {node.name}: '{node.cadence.length}' is no length")
    return int(found[1]) * _SECONDS[found[2]]


def _weekday(start: str) -> int:
    """The weekday on which weeks end that are cut from ``start`` on, as cron counts: 0 is Sunday."""
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

"""A time of day by which a table is to be done, in a named zone."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC as _UTC
from datetime import datetime, time
from zoneinfo import ZoneInfo

from headrace.ground.interval import DAY
from headrace.ground.zones import UTC, known_zone

_FORM = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])(?: ([^ ]+))?")


@dataclass(frozen=True)
class Deadline:
    """``06:00 Europe/London``. Where clocks skip that time, it is what they would have shown; where they show it twice, the first."""

    at: time
    zone: str = UTC

    def after(self, instant: datetime) -> datetime:
        """The first such time later than an instant, in UTC: by when a run that begins then is to be done."""
        day = instant.astimezone(ZoneInfo(self.zone)).date() - DAY
        while (found := datetime.combine(day, self.at, ZoneInfo(self.zone)).astimezone(_UTC)) <= instant:
            day += DAY
        return found

    def __str__(self) -> str:
        return f"{self.at:%H:%M} {self.zone}"


def read_deadline(text: object) -> Deadline:
    """A deadline as the configuration spells it; without a zone it is UTC.

    Raises:
        ValueError: no time of day, or no zone, with the nearest.
    """
    if isinstance(text, Deadline):
        return text
    found = _FORM.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f'\'{text!s:.60}\' is no deadline; write "06:00 Europe/London", or "06:00" for UTC')
    return Deadline(time(int(found[1]), int(found[2])), known_zone(found[3] or UTC))

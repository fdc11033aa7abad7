"""Landing zones: folders of files by day of arrival, as an upstream system leaves them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from headrace.ground.asset import At, Receipt
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import DAY, Interval


@dataclass(frozen=True)
class LandingZone:
    """Where one source arrives."""

    source: str
    folder: Path

    @property
    def name(self) -> str:
        """Unique in the graph."""
        return f"landing.{self.source}"

    def day(self, day: date) -> Path:
        """The folder of one day of arrival."""
        return self.folder / day.isoformat()


@dataclass(frozen=True)
class LandedDay:
    """What lies in one day's folder: every entry, files and other things alike, sorted."""

    day: date
    entries: tuple[Path, ...]


def list_days(zone: LandingZone, interval: Interval) -> tuple[LandedDay, ...]:
    """The days of ``interval`` with what lies in them; a day without a folder is empty.

    Raises:
        HeadraceError: LANDING_MISSING where the source has no folder at all.
    """
    if not zone.folder.is_dir():
        raise HeadraceError("LANDING_MISSING", folder=zone.folder, source=zone.source)
    days = (piece.start.date() for piece in interval.cut(DAY))
    return tuple(LandedDay(day, _entries(zone.day(day))) for day in days)


def day_identity(zone: LandingZone, interval: Interval) -> str:
    """A hash of names, sizes and times of change of what has landed in ``interval``; it changes when a file comes late."""
    digest = hashlib.sha256()
    for landed in list_days(zone, interval) if zone.folder.is_dir() else ():
        for entry in landed.entries:
            state = entry.stat()
            digest.update(f"{landed.day}/{entry.name}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:16]


def _entries(folder: Path) -> tuple[Path, ...]:
    if not folder.is_dir():
        return ()
    return tuple(sorted(entry for entry in folder.iterdir() if not entry.name.startswith(("_", "."))))


class LandingSink:
    """Landing zones as inputs of jobs. Who fills them is another system; the demo's land job plays it."""

    def exists(self, zone: LandingZone) -> bool:
        """Whether the source's folder is there."""
        return zone.folder.is_dir()

    def read(self, zone: LandingZone, at: At) -> tuple[LandedDay, ...]:
        """The days of the interval."""
        return list_days(zone, at.interval)

    def commit(self, zone: LandingZone, value: object, at: At, identity: object) -> Receipt:
        """The land job has written its files itself; what it says of them is kept."""
        lines = getattr(value, "lines", None)
        return Receipt(version=day_identity(zone, at.interval), rows=lines)

"""Semantics 16 with ``corrections: true`` as it reads: versions of events, each in place of the one before it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

LATENESS = timedelta(days=3)


@dataclass(frozen=True)
class Line:
    """One landed line; ``content`` is all that a correction may change, the sequence too."""

    id: str
    who: int
    event_time: datetime
    got: datetime
    number: int
    kind: str
    amount: Decimal | None
    landed_on: date

    @property
    def content(self) -> tuple[Any, ...]:
        return self.who, self.event_time, self.number, self.kind, self.amount

    @property
    def arrived(self) -> datetime:
        return max(self.got, datetime.combine(self.landed_on, time(), UTC))


@dataclass(frozen=True)
class Version:
    """What an event was, from the end of one landing day to that of the one that corrected it."""

    line: Line
    until: date | None = None

    def known_on(self, day: date | None) -> bool:
        """Whether it is what is known at the midnight of a day; None is now."""
        landed, gone = self.line.landed_on, self.until
        return gone is None if day is None else landed < day and (gone is None or gone >= day)


def settle(lines: Iterable[Line]) -> tuple[list[Version], dict[str, int]]:
    """Every version there was, and how many lines had which outcome."""
    found: dict[str, list[Version]] = {}
    tally: dict[str, int] = {}
    for line in sorted(lines, key=lambda line: (line.landed_on, line.arrived, line.number)):
        versions = found.setdefault(line.id, [])
        outcome = _outcome(line, versions)
        tally[outcome] = tally.get(outcome, 0) + 1
        if outcome == "correction":
            versions[-1] = Version(versions[-1].line, line.landed_on)
        if outcome in ("event", "correction"):
            versions.append(Version(line))
    return [version for versions in found.values() for version in versions], tally


def _outcome(line: Line, versions: Sequence[Version]) -> str:
    if line.arrived > line.event_time + LATENESS:
        return "too_late"
    if any(line.content == version.line.content for version in versions):
        return "duplicate"
    reach = (datetime.combine(line.landed_on, time(), UTC) - LATENESS).date()
    stands = versions and versions[-1].line.event_time.date() >= reach
    return "correction" if stands else "event"


def events_known(versions: Iterable[Version], day: date | None) -> list[dict[str, Any]]:
    """The content of each event as known at the midnight of a day, or now."""
    told = [version.line for version in versions if version.known_on(day)]
    return [
        {
            "who": one.who, "event_time": one.event_time, "kind": one.kind, "amount": one.amount,
            "landed_on": one.landed_on, "row_hash": 0,
        }
        for one in told
    ]  # fmt: skip

"""Which atoms a group needs over which windows. Plain values, no Spark.

A snapshot is taken at a midnight, so the early edge of a window of hours cuts its day at the same hour always: 36 hours
before a midnight it is noon. Such a window is whole days and, of the day before them, what happened from that hour on;
that part of a day is a state of its own in the tile. So tiles stay daily, no raw event is read again, and it is exact.

In a zone whose days have 23, 24 or 25 hours the edge is at no fixed hour. There a late part is told by how long its events
are held: until which midnight, counted in days from their own. Of a window of 24 hours that are 0, 1 or 2 days, of one of
36 hours 1 or 2, so that a day has two late parts or one (``ground.zones.drift``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import timedelta

from headrace.contracts.events import EventContract
from headrace.contracts.features import Feature, FeatureGroup
from headrace.features.atoms import Atom, atoms_of, from_hour, reaching
from headrace.ground.interval import DAY, HOUR
from headrace.ground.states import Distinct, Greatest, Least
from headrace.ground.zones import UTC, drift


@dataclass(frozen=True)
class Slot:
    """One atom over one window: a column of the roll-up. ``days`` is None for all time.

    ``hours`` more than the days reach into the day before them, of which ``late`` is the state of those hours; an atom
    that is greatest by time needs none, since its value tells whether it lies inside. ``features`` are those it is for.
    Where days are of a zone a window of hours has its length as ``elapsed``; ``parts`` are what is left of a day once
    ``days`` have gone by, and again a day later.
    """

    atom: Atom
    days: int | None
    hours: int = 0
    parts: tuple[Atom, ...] = ()
    elapsed: timedelta | None = None
    features: str = field(default="", compare=False)

    @property
    def column(self) -> str:
        """Its name between roll-up and presentation."""
        if self.elapsed is not None:
            return f"{self.atom.column}_{self.elapsed // HOUR}h"
        window = self.days or "all" if not self.hours else f"{24 * (self.days or 0) + self.hours}h"
        return f"{self.atom.column}_{window}"

    @property
    def atoms(self) -> tuple[Atom, ...]:
        """What the tiles hold for it."""
        return (self.atom, *self.parts)

    @property
    def late(self) -> Atom | None:
        """The late part of a day of UTC, of which there is one or none."""
        return self.parts[0] if self.parts else None

    @property
    def cut(self) -> int:
        """What tells its late parts from those of other windows over the same atom: the hours that they are of."""
        return self.hours if self.elapsed is None else self.elapsed // HOUR

    @property
    def length(self) -> timedelta | None:
        """The window's length; None for all time."""
        if self.elapsed is not None:
            return self.elapsed
        return None if self.days is None else self.days * DAY + self.hours * HOUR

    @property
    def running(self) -> bool:
        """Whether a running merge over the midnights gives it."""
        extreme = isinstance(self.atom.state, Least | Greatest) and self.days is None
        return self.atom.state.invertible or self.atom.by_time or extreme

    @property
    def distinct(self) -> bool:
        """Whether it is the size of a set."""
        return isinstance(self.atom.state, Distinct)


def slots_of(feature: Feature, group: FeatureGroup, source: EventContract, window: str) -> dict[str, Slot]:
    """What an aggregated feature is presented from over one window, by role."""
    length = group.reach(window)
    whole = atoms_of(feature, source)
    if length is None:
        return {role: Slot(atom, None) for role, atom in whole.items()}
    if window.endswith("h") and group.zone != UTC and group.tail == "exact":
        return _elapsed(feature, source, length, group.zone)
    days, rest = divmod(length, DAY)
    hours = rest // HOUR
    if not hours:
        return {role: Slot(atom, days) for role, atom in whole.items()}
    late = atoms_of(feature, source, from_hour(source, 24 - hours))
    return {role: _part_day(atom, late[role], days, hours) for role, atom in whole.items()}


def _part_day(atom: Atom, late: Atom, days: int, hours: int) -> Slot:
    if atom.by_time:
        return Slot(atom, days, hours)
    return Slot(atom, days, hours, (late,)) if days else Slot(late, 1)


def _elapsed(feature: Feature, source: EventContract, length: timedelta, zone: str) -> dict[str, Slot]:
    """A window of hours before midnights of a zone.

    The midnight ``n`` days after that of an event's own day is 24 n hours later, ``drift`` more or less. So a window holds all
    of a day for ``least`` days at least, and nothing of it for more than ``most``.
    """
    least = max((length - drift(zone)) // DAY, 1)
    most = max(-(-(DAY + length + drift(zone)) // DAY) - 1, least)
    ever = atoms_of(feature, source)
    held = [atoms_of(feature, source, reaching(source, length, days, zone)) for days in range(least, most + 1)]
    whole = ever if length >= least * DAY + drift(zone) else held[0]
    slots = {}
    for role, atom in ever.items():
        parts = () if atom.by_time else tuple(part[role] for part in held[1:])
        slots[role] = Slot(atom if atom.by_time else whole[role], least, parts=parts, elapsed=length)
    return slots


def feature_atoms(feature: Feature, group: FeatureGroup, source: EventContract) -> tuple[str, ...]:
    """The columns of the tiles that an aggregated feature is computed from; none for a derived one."""
    slots = [slot for window in feature.windows for slot in slots_of(feature, group, source, window).values()]
    return tuple(dict.fromkeys(atom.column for slot in slots for atom in slot.atoms))


def group_slots(group: FeatureGroup, source: EventContract) -> list[Slot]:
    """Every atom over every window that the group asks for, each once, with the features that it is for."""
    return shared_slots([group], source)


def shared_slots(groups: Iterable[FeatureGroup], source: EventContract) -> list[Slot]:
    """The same of several groups over one source."""
    asked: dict[Slot, dict[str, None]] = {}
    for group in groups:
        for feature in group.features:
            for window in feature.windows:
                for slot in slots_of(feature, group, source, window).values():
                    asked.setdefault(slot, {})[f"{group.group}.{feature.name}"] = None
    return [replace(slot, features=", ".join(names)) for slot, names in asked.items()]


def atoms_in_use(groups: Iterable[FeatureGroup], source: EventContract) -> dict[str, tuple[Atom, str]]:
    """The atoms of all groups over a source by column name, in a stable order, each with the features that it is for."""
    slots = [slot for group in groups for slot in group_slots(group, source)]
    found: dict[str, tuple[Atom, dict[str, None]]] = {}
    for slot in slots:
        for atom in slot.atoms:
            _, names = found.setdefault(atom.column, (atom, {}))
            names |= dict.fromkeys(slot.features.split(", "))
    return {column: (atom, ", ".join(names)) for column, (atom, names) in sorted(found.items())}


def group_atoms(group: FeatureGroup, source: EventContract) -> dict[str, Atom]:
    """All atoms of a group by column name."""
    return {column: atom for column, (atom, _) in atoms_in_use([group], source).items()}

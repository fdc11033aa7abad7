"""What features ask of events: states over windows, each once, by the way in which it is computed at many instants.

- *summed*: what can be subtracted is what has entered the window so far less what has left it;
- *covered*: the size of a set is such a sum too, over the stretches of time in which an element is there;
- *running*: the greatest by time leaves last, so it is the greatest that ever entered, if it is still in the window;
- *searched*: what is left (least and greatest by value in a bounded window, first, sessions) is looked for in a tree.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TypeVar

from headrace.contracts.features import Feature
from headrace.features.atoms import Atom, atoms_of, named, overflow
from headrace.features.calendar import Calendar
from headrace.ground.states import Count, Distinct, Greatest, GreatestK, Least, Sum

EVENT_TIME, AVAILABLE_AT, SEQUENCE = "told_time", "told_arrival", "told_sequence"
EVENT_DATE, ROW_HASH, SIGN = "event_date", "row_hash", "told_sign"
"""What an event is given for the atoms to read, beside its own columns."""
_T = TypeVar("_T")


@dataclass(frozen=True)
class _Roles:
    """How atoms find time, arrival and sequence."""

    event_time: str = EVENT_TIME
    available_at: str | None = AVAILABLE_AT
    sequence: str | None = None


@dataclass(frozen=True)
class _Events:
    """As much of a source as atoms ask for."""

    roles: _Roles = _Roles()
    sign: str | None = None


@dataclass(frozen=True)
class Cell:
    """One state over one window."""

    atom: Atom
    window: str

    @property
    def column(self) -> str:
        """Its name until it is presented."""
        return f"{self.atom.column}_{self.window}"

    @property
    def is_summed(self) -> bool:
        """Whether what left can be subtracted from what entered."""
        return isinstance(self.atom.state, Count | Sum)

    @property
    def is_covered(self) -> bool:
        """Whether it is the size of a set."""
        return isinstance(self.atom.state, Distinct)

    def is_running(self, calendar: Calendar) -> bool:
        """Whether the state over everything so far tells it."""
        state = self.atom.state
        if isinstance(state, Least | Greatest) and self.window == "all":
            return True
        by_time = self.atom.by_time or isinstance(state, GreatestK)
        return by_time and calendar.in_order(self.window)


@dataclass(frozen=True)
class Asked:
    """The features that are asked for over a stream of events, when a window holds an event, and if events are numbered.

    ``sign`` is what atoms call the column that is -1 where an event takes another back, where there is one.

    Errors name a feature as one of ``group``, where that is given, and a state by all features that it is for.
    """

    features: tuple[Feature, ...]
    calendar: Calendar
    sequence: str | None = None
    group: str = ""
    sign: str | None = None

    def roles_of(self, feature: Feature) -> Mapping[str, Atom]:
        """The atoms of a feature, by their role in it."""
        return atoms_of(feature, _Events(_Roles(sequence=self.sequence), self.sign))

    @property
    def cells(self) -> tuple[Cell, ...]:
        """Every state over every window, each once."""
        return tuple(self.whose)

    @cached_property
    def whose(self) -> Mapping[Cell, str]:
        """The features that each state is for, as an error names them."""
        return _joined((Cell(atom, window), one) for atom, one, feature in self._atoms() for window in feature.windows)

    def _atoms(self) -> Iterator[tuple[Atom, str, Feature]]:
        for feature in self.features:
            for atom in self.roles_of(feature).values() if feature.aggregate else ():
                yield atom, named(feature, self.group), feature

    @property
    def summed(self) -> tuple[Cell, ...]:
        """Cells by what enters and leaves."""
        return tuple(cell for cell in self.cells if cell.is_summed)

    @property
    def covered(self) -> tuple[Cell, ...]:
        """Cells by the stretches in which their elements are there."""
        return tuple(cell for cell in self.cells if cell.is_covered)

    @property
    def running(self) -> tuple[Cell, ...]:
        """Cells by the greatest or least so far."""
        return tuple(cell for cell in self.cells if not _adds_up(cell) and cell.is_running(self.calendar))

    @property
    def searched(self) -> tuple[Cell, ...]:
        """Cells that are looked for in a tree."""
        return tuple(cell for cell in self.cells if not _adds_up(cell) and not cell.is_running(self.calendar))

    @property
    def values(self) -> Mapping[str, str]:
        """SQL of each atom's value for one event, by the atom's column; one that does not fit is an error that names whose."""
        whose = _joined((atom, one) for atom, one, _ in self._atoms())
        return MappingProxyType({atom.column: _value(atom, features) for atom, features in whose.items()})


def atoms_in(cells: Iterable[Cell]) -> tuple[Atom, ...]:
    """The atoms of cells, each once."""
    return tuple(dict.fromkeys(cell.atom for cell in cells))


def windows_in(cells: Iterable[Cell]) -> tuple[str, ...]:
    """The windows of cells, each once."""
    return tuple(dict.fromkeys(cell.window for cell in cells))


def of_atom(cells: Sequence[Cell], atom: Atom) -> tuple[Cell, ...]:
    """The cells of one atom."""
    return tuple(cell for cell in cells if cell.atom == atom)


def _adds_up(cell: Cell) -> bool:
    return cell.is_summed or cell.is_covered


def _joined(pairs: Iterable[tuple[_T, str]]) -> dict[_T, str]:
    """By what comes first in pairs, the names that come with it, each once."""
    found: dict[_T, dict[str, None]] = {}
    for one, name in pairs:
        found.setdefault(one, {})[name] = None
    return {one: ", ".join(names) for one, names in found.items()}


def _value(atom: Atom, features: str) -> str:
    """SQL of the atom's value for one event; for what is summed, the state of one."""
    if isinstance(atom.state, Sum):
        fitting = f"coalesce({atom.fitting}, {overflow(features)})"
        return atom.of_one(f"(CASE WHEN {atom.counted} IS NOT NULL THEN {fitting} END)")
    return atom.of_one(atom.value)

"""What one midnight keeps for the next: for each state, how the next one follows from it. SQL text and plain values, no Spark.

A snapshot at D is that of the midnight before, P, and what changed between them: cells that came to be seen, and for
what can be subtracted the cells whose day the window left. What cannot be subtracted is kept by day, as little of it
as may still count: the last day of each element of a set; of least values only those that no later one undercuts.

Each kind is a function of the cells seen by D alone, however it was come by (from the midnight before, or from all
cells): so the kept rows are the same, to the byte, whichever way they were made (tests/oracle/test_carried.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from headrace.features.atoms import Atom, overflow
from headrace.features.slots import Slot
from headrace.ground.states import Distinct, GreatestK, Least, Sessions, Sum

NEW = "_new"
"""The column of a cell that says whether it came to be seen since the midnight before."""


def day_sql(day: date) -> str:
    """A day as SQL."""
    return f"DATE '{day:%Y-%m-%d}'"


@dataclass(frozen=True)
class Keep(ABC):
    """A column of what is kept, and the slots whose values come from it."""

    slots: tuple[Slot, ...]

    @property
    @abstractmethod
    def column(self) -> str:
        """Its name."""

    @abstractmethod
    def change(self, at: date, before: date | None) -> str:
        """SQL aggregate over an entity's cells: what is to be merged with what ``before`` kept; with None, all there is."""

    @abstractmethod
    def merged(self, kept: str, change: str, at: date) -> str:
        """SQL: what is kept at ``at``, of what was kept before (null for an entity that is new) and the change."""

    @abstractmethod
    def value(self, slot: Slot, at: date) -> str:
        """SQL: the state of one of the slots at ``at``, of the column."""


@dataclass(frozen=True)
class Total(Keep):
    """The sum over a window: what entered less what left. 0 where nothing counts, so that null is always an overflow."""

    @property
    def slot(self) -> Slot:
        """The window that it is of."""
        return self.slots[0]

    @property
    def column(self) -> str:
        return self.slot.column

    def change(self, at: date, before: date | None) -> str:
        now = self._counted(at)
        if before is None:
            moved = now
        else:
            left = "0" if self.slot.days is None else f"{now} - {self._counted(before)}"
            moved = f"CASE WHEN {NEW} THEN {now} ELSE {left} END"
        return self._fitting(f"try_sum({moved})" if self._exact else f"sum({moved})")

    def merged(self, kept: str, change: str, at: date) -> str:
        total = f"coalesce({kept}, 0), coalesce({change}, 0)"
        return self._fitting(f"try_add({total})")

    def value(self, slot: Slot, at: date) -> str:
        return f"`{self.column}`"

    @property
    def _exact(self) -> bool:
        return isinstance(self.slot.atom.state, Sum)

    def _counted(self, at: date) -> str:
        """What a cell adds to the window that ends at ``at``: all of it, its late hours alone, or nothing."""
        slot, value = self.slot, f"coalesce(`{self.slot.atom.column}`, 0)"
        if slot.days is None:
            return value
        cases = f"WHEN event_day >= {day_sql(at - timedelta(days=slot.days))} THEN {value}"
        if slot.late is not None:
            edge = day_sql(at - timedelta(days=slot.days + 1))
            cases += f" WHEN event_day = {edge} THEN coalesce(`{slot.late.column}`, 0)"
        return f"(CASE {cases} ELSE 0 END)"

    def _fitting(self, total: str) -> str:
        """The total in the state's type; one that does not fit is an error that names the slot's features."""
        kind = "DECIMAL(38,0)" if self.slot.atom.state.name == "squares" else "BIGINT"
        cast = f"TRY_CAST({total} AS {kind})"
        return f"coalesce({cast}, {overflow(self.slot.features)})" if self._exact else f"CAST({total} AS {kind})"


@dataclass(frozen=True)
class Extreme(Keep):
    """The greatest or least of all time. What is greatest by time serves every window: its instant tells if it is inside."""

    @property
    def atom(self) -> Atom:
        """Whose it is."""
        return self.slots[0].atom

    @property
    def column(self) -> str:
        return f"{self.atom.column}_all"

    def change(self, at: date, before: date | None) -> str:
        entering = _entering(self.atom, before)
        if not self.atom.instants:
            return self.atom.state.merge(entering)
        latest = f"max(({entering}).t)"  # bare, so that the aggregate can hash: with a struct in it, it would sort
        return f"CASE WHEN {latest} IS NOT NULL THEN struct({latest} AS t) END"

    def merged(self, kept: str, change: str, at: date) -> str:
        function = "least" if isinstance(self.atom.state, Least) else "greatest"
        return f"{function}({kept}, {change})"

    def value(self, slot: Slot, at: date) -> str:
        return f"`{self.column}`"


@dataclass(frozen=True)
class Newest(Keep):
    """The k greatest by time of all time: those of a window are among them."""

    @property
    def atom(self) -> Atom:
        """Whose they are."""
        return self.slots[0].atom

    @property
    def column(self) -> str:
        return f"{self.atom.column}_all"

    @property
    def _k(self) -> int:
        return cast(GreatestK, self.atom.state).k

    def change(self, at: date, before: date | None) -> str:
        return self.atom.state.merge(_entering(self.atom, before))

    def merged(self, kept: str, change: str, at: date) -> str:
        both = f"flatten(filter(array({kept}, {change}), x -> x IS NOT NULL))"
        return f"slice(sort_array({both}, false), 1, {self._k})"

    def value(self, slot: Slot, at: date) -> str:
        if slot.length is None:
            return f"`{self.column}`"
        return f"filter(`{self.column}`, x -> x.t >= TIMESTAMP '{at:%Y-%m-%d} 00:00:00Z' - {_interval(slot.length)})"


@dataclass(frozen=True)
class ByDay(Keep):
    """What cannot be subtracted, as an array of structs with the ``day`` until which each counts.

    ``hours``: the slots' windows cut a day there. What happened on a day after the cut counts a day longer: it is in
    the array once under its day, as part of the whole day, and once under the next, as what was late in the day. That
    changes no value: a set, a least value and sessions are the same when something is in them twice.
    """

    hours: int = 0

    @property
    def whole(self) -> Atom:
        """The state of whole days."""
        return self.slots[0].atom

    @property
    def late(self) -> Atom | None:
        """The state of what is after the cut."""
        return next((slot.late for slot in self.slots if slot.late is not None), None)

    @property
    def column(self) -> str:
        return f"{self.whole.column}_by_day" + (f"_{self.hours}h" if self.hours else "")

    @property
    def longest(self) -> int | None:
        """The days of the longest window; None where one is of all time."""
        days = [slot.days for slot in self.slots]
        return None if None in days else max(day for day in days if day is not None)

    def change(self, at: date, before: date | None) -> str:
        parts = [self.entries(f"`{self.whole.column}`", "event_day")]
        if self.late is not None:
            parts.append(self.entries(f"`{self.late.column}`", "date_add(event_day, 1)"))
        held = f"flatten(filter(array({', '.join(parts)}), x -> x IS NOT NULL))"
        entering = held if before is None else f"CASE WHEN {NEW} THEN {held} END"
        return self.canonical(self._inside(f"flatten(collect_list({entering}))", at))

    def merged(self, kept: str, change: str, at: date) -> str:
        inside = self._inside(kept, at)
        both = self.canonical(f"concat({inside}, {change})")
        return f"CASE WHEN {kept} IS NULL THEN {change} WHEN coalesce(size({change}), 0) <= 0 THEN {inside} ELSE {both} END"

    def value(self, slot: Slot, at: date) -> str:
        return self.over(f"`{self.column}`" if slot.days is None else _from(f"`{self.column}`", at, slot.days))

    def _inside(self, held: str, at: date) -> str:
        return held if self.longest is None else _from(held, at, self.longest)

    @abstractmethod
    def entries(self, state: str, day: str) -> str:
        """SQL: the entries of one cell's state under a day; null where it is null."""

    @abstractmethod
    def canonical(self, held: str) -> str:
        """SQL: the entries that may still count, each once, in one order."""

    @abstractmethod
    def over(self, inside: str) -> str:
        """SQL: the slot's state, of the entries inside its window."""


class Elements(ByDay):
    """The elements of a set, each with the last day on which it was there; in the order of elements."""

    def entries(self, state: str, day: str) -> str:
        return f"transform({state}, e -> named_struct('v', e, 'day', {day}))"

    def canonical(self, held: str) -> str:
        return _let(f"sort_array({held})", "filter(a, (x, i) -> coalesce(get(a, i + 1).v != x.v, true))")

    def over(self, inside: str) -> str:
        return f"CAST(size({inside}) AS BIGINT)"


class Steps(ByDay):
    """The least (or greatest) values that no other of the same or a later day undercuts (exceeds); the newest day first.

    Down from the newest day each is a step beyond the one before: the last one inside a window is the window's.
    """

    def entries(self, state: str, day: str) -> str:
        return f"CASE WHEN {state} IS NOT NULL THEN array(named_struct('day', {day}, 'v', {state})) END"

    def canonical(self, held: str) -> str:
        beyond = "<" if isinstance(self.whole.state, Least) else ">"
        same = "coalesce(element_at(k, -1).day = x.day, false)"
        onto = f"concat(slice(k, 1, size(k) - CAST({same} AS INT)), array(x))"
        step = f"CASE WHEN get(k, 0) IS NULL THEN array(x) WHEN x.v {beyond} element_at(k, -1).v THEN {onto} ELSE k END"
        return _let(f"sort_array({held}, false)", f"aggregate(a, slice(a, 1, 0), (k, x) -> {step})")

    def over(self, inside: str) -> str:
        function = "array_min" if isinstance(self.whole.state, Least) else "array_max"
        return f"{function}(transform({inside}, x -> x.v))"


class Stretches(ByDay):
    """The sessions of each day by themselves, in order: a window's are merged from those of its days."""

    @property
    def _sessions(self) -> Sessions:
        return cast(Sessions, self.whole.state)

    def entries(self, state: str, day: str) -> str:
        return f"transform({state}, r -> named_struct('day', {day}, 's', r.s, 'e', r.e))"

    def canonical(self, held: str) -> str:
        """The sweep of ``states.Sessions``, with a border wherever the day changes."""
        ends = ", ".join(
            f"'{key}', sort_array(transform(a, x -> named_struct('day', x.day, 'at', x.{key})))" for key in "se"
        )
        gap = self._sessions.gap
        begins = f"filter(y.s, (s, i) -> coalesce(get(y.e, i - 1).day != s.day OR s.at - get(y.e, i - 1).at >= {gap}L, true))"
        finish = f"filter(y.e, (e, i) -> coalesce(get(y.s, i + 1).day != e.day OR get(y.s, i + 1).at - e.at >= {gap}L, true))"
        runs = f"zip_with({begins}, {finish}, (s, e) -> named_struct('day', s.day, 's', s.at, 'e', e.at))"
        return _let(held, f"get(transform(array(named_struct({ends})), y -> {runs}), 0)")

    def over(self, inside: str) -> str:
        return self._sessions.union(inside)


def keeps_of(slots: Iterable[Slot]) -> tuple[Keep, ...]:
    """What is kept for some slots: each slot is among those of one of them."""
    grouped: dict[tuple[type[Keep], str, int], list[Slot]] = {}
    for slot in slots:
        kind = _kind(slot)
        of = slot.column if kind is Total else slot.atom.column
        grouped.setdefault((kind, of, slot.hours if issubclass(kind, ByDay) else 0), []).append(slot)
    return tuple(_made(kind, tuple(found), hours) for (kind, _, hours), found in sorted(grouped.items(), key=_order))


def _made(kind: type[Keep], slots: tuple[Slot, ...], hours: int) -> Keep:
    return kind(slots, hours) if issubclass(kind, ByDay) else kind(slots)


def _order(item: tuple[tuple[type[Keep], str, int], list[Slot]]) -> tuple[str, str, int]:
    (kind, of, hours), _ = item
    return kind.__name__, of, hours


def _kind(slot: Slot) -> type[Keep]:
    state = slot.atom.state
    if state.invertible:
        return Total
    if slot.running:
        return Extreme
    if isinstance(state, GreatestK):
        return Newest
    if isinstance(state, Distinct):
        return Elements
    return Stretches if isinstance(state, Sessions) else Steps


def edges(keeps: Iterable[Keep], at: date, before: date) -> Iterator[tuple[date, date]]:
    """The stretches of event days, first to last, that leave a window of what can be subtracted between two midnights."""
    for keep in keeps:
        if isinstance(keep, Total) and keep.slot.days is not None:
            reach = keep.slot.days + (keep.slot.late is not None)
            yield before - timedelta(days=reach), at - timedelta(days=keep.slot.days + 1)


def _entering(atom: Atom, before: date | None) -> str:
    return f"`{atom.column}`" if before is None else f"CASE WHEN {NEW} THEN `{atom.column}` END"


def _from(held: str, at: date, days: int) -> str:
    return f"filter({held}, x -> x.day >= {day_sql(at - timedelta(days=days))})"


def _let(value: str, use: str) -> str:
    """SQL in which ``a`` stands for a value that is computed once."""
    return f"get(transform(array({value}), a -> {use}), 0)"


def _interval(length: timedelta) -> str:
    return f"INTERVAL '{length // timedelta(hours=1)}' HOUR"

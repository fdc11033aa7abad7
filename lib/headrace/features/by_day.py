"""What cannot be subtracted is kept by day, as little of it as may still count. SQL text and plain values, no Spark."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from datetime import date, timedelta
from typing import cast

from headrace.features.atoms import Atom
from headrace.features.keep import Keep, day_sql, entering
from headrace.features.slots import Slot
from headrace.ground.states import Least, Sessions


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
        return self.canonical(self._inside(f"flatten(collect_list({entering(held, before)}))", at))

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


def _from(held: str, at: date, days: int) -> str:
    return f"filter({held}, x -> x.day >= {day_sql(at - timedelta(days=days))})"


def _let(value: str, use: str) -> str:
    """SQL in which ``a`` stands for a value that is computed once."""
    return f"get(transform(array({value}), a -> {use}), 0)"

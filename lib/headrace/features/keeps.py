"""What one midnight keeps for the next: for each state, how the next one follows from it. SQL text and plain values, no Spark.

A snapshot at D is that of the midnight before, P, and what changed between them: cells that came to be seen, and for
what can be subtracted the cells whose day the window left. What cannot be subtracted is kept by day, as little of it
as may still count: the last day of each element of a set; of least values only those that no later one undercuts.

Each kind is a function of the cells seen by D alone, however it was come by (from the midnight before, or from all
cells): so the kept rows are the same, to the byte, whichever way they were made (tests/oracle/test_carried.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from typing import cast

from headrace.features.atoms import Atom, interval_sql, overflow
from headrace.features.by_day import ByDay, Elements, Steps, Stretches
from headrace.features.keep import NEW, Keep, day_sql, entering
from headrace.features.slots import Slot
from headrace.ground.states import Distinct, GreatestK, Least, Sessions, Sum


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


class OfAllTime(Keep):
    """What of all cells, however old, serves every window: no window's end takes anything from it."""

    @property
    def atom(self) -> Atom:
        """Whose state it is."""
        return self.slots[0].atom

    @property
    def column(self) -> str:
        return f"{self.atom.column}_all"


class Extreme(OfAllTime):
    """The greatest or least of all time. What is greatest by time serves every window: its instant tells if it is inside."""

    def change(self, at: date, before: date | None) -> str:
        came = entering(f"`{self.atom.column}`", before)
        if not self.atom.instants:
            return self.atom.state.merge(came)
        latest = f"max(({came}).t)"  # bare, so that the aggregate can hash: with a struct in it, it would sort
        return f"CASE WHEN {latest} IS NOT NULL THEN struct({latest} AS t) END"

    def merged(self, kept: str, change: str, at: date) -> str:
        function = "least" if isinstance(self.atom.state, Least) else "greatest"
        return f"{function}({kept}, {change})"


class Newest(OfAllTime):
    """The k greatest by time of all time: those of a window are among them."""

    @property
    def _k(self) -> int:
        return cast(GreatestK, self.atom.state).k

    def change(self, at: date, before: date | None) -> str:
        return self.atom.state.merge(entering(f"`{self.atom.column}`", before))

    def merged(self, kept: str, change: str, at: date) -> str:
        both = f"flatten(filter(array({kept}, {change}), x -> x IS NOT NULL))"
        return f"slice(sort_array({both}, false), 1, {self._k})"

    def value(self, slot: Slot, at: date) -> str:
        if slot.length is None:
            return f"`{self.column}`"
        return f"filter(`{self.column}`, x -> x.t >= TIMESTAMP '{at:%Y-%m-%d} 00:00:00Z' - {interval_sql(slot.length)})"


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

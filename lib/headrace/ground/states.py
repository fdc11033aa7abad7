"""Mergeable states: the one algebra under tiles, features and profiles.

A state is a commutative monoid, given twice: as SQL (what Spark runs) and as plain Python (the oracle that reads as
the definition). ``lift`` makes the state of a set of values, ``merge`` the state of a union of disjoint sets from
theirs. An *invertible* state can be subtracted as well, so that a sliding window costs its changes and not its length.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, ClassVar


@dataclass(frozen=True)
class State(ABC):
    """One kind of mergeable state. ``lift``/``merge`` return SQL aggregates; null stands for the state of nothing."""

    name: ClassVar[str]
    invertible: ClassVar[bool]

    @abstractmethod
    def lift(self, value: str) -> str:
        """SQL aggregate over raw rows; ``value`` is SQL that is null where the row does not count."""

    @abstractmethod
    def merge(self, column: str) -> str:
        """SQL aggregate over states."""

    @abstractmethod
    def lift_values(self, values: Iterable[Any]) -> Any:
        """The same as ``lift``, in Python, over values that may be None."""

    @abstractmethod
    def merge_values(self, one: Any, other: Any) -> Any:
        """The same as ``merge``, in Python, of two states that may be None."""


@dataclass(frozen=True)
class Count(State):
    """How many values are not null. 64-bit."""

    name = "count"
    invertible = True

    def lift(self, value: str) -> str:
        return f"count({value})"

    def of_one(self, value: str) -> str:
        """SQL of the state of one row."""
        return f"CAST({value} IS NOT NULL AS BIGINT)"

    def merge(self, column: str) -> str:
        return f"sum({column})"

    def lift_values(self, values: Iterable[Any]) -> int:
        return sum(value is not None for value in values)

    def merge_values(self, one: int | None, other: int | None) -> int:
        return (one or 0) + (other or 0)


@dataclass(frozen=True)
class Sum(State):
    """The sum of whole numbers; 64-bit, an overflow is an error of the session's ANSI mode."""

    name = "sum"
    invertible = True

    def of_one(self, value: str) -> str:
        """SQL of the state of one row."""
        return value

    def lift(self, value: str) -> str:
        return f"sum({self.of_one(value)})"

    def merge(self, column: str) -> str:
        return f"sum({column})"

    def lift_values(self, values: Iterable[int | None]) -> int | None:
        present = [value for value in values if value is not None]
        return sum(present) if present else None

    def merge_values(self, one: int | None, other: int | None) -> int | None:
        return self.lift_values((one, other))


@dataclass(frozen=True)
class SumOfSquares(Sum):
    """The sum of squares of whole numbers, exact in DECIMAL(38,0)."""

    name = "squares"

    def of_one(self, value: str) -> str:
        return f"CAST(CAST({value} AS DECIMAL(19,0)) * CAST({value} AS DECIMAL(19,0)) AS DECIMAL(38,0))"

    def merge(self, column: str) -> str:
        return f"CAST(sum({column}) AS DECIMAL(38,0))"

    def lift_values(self, values: Iterable[int | None]) -> int | None:
        present = [value * value for value in values if value is not None]
        return sum(present) if present else None

    def merge_values(self, one: int | None, other: int | None) -> int | None:
        return Sum().lift_values((one, other))


@dataclass(frozen=True)
class Least(State):
    """The least value. Over rows of the total order (rule 7) it is the first of them."""

    name = "least"
    invertible = False

    def lift(self, value: str) -> str:
        return f"min({value})"

    def merge(self, column: str) -> str:
        return f"min({column})"

    def lift_values(self, values: Iterable[Any]) -> Any:
        return min((value for value in values if value is not None), default=None)

    def merge_values(self, one: Any, other: Any) -> Any:
        return self.lift_values((one, other))


@dataclass(frozen=True)
class Greatest(State):
    """The greatest value. Over rows of the total order (rule 7) it is the last of them."""

    name = "greatest"
    invertible = False

    def lift(self, value: str) -> str:
        return f"max({value})"

    def merge(self, column: str) -> str:
        return f"max({column})"

    def lift_values(self, values: Iterable[Any]) -> Any:
        return max((value for value in values if value is not None), default=None)

    def merge_values(self, one: Any, other: Any) -> Any:
        return self.lift_values((one, other))


@dataclass(frozen=True)
class GreatestK(State):
    """The ``k`` greatest values, the greatest first; equal values are all kept."""

    k: int
    name = "greatest_k"
    invertible = False

    def lift(self, value: str) -> str:
        return self._cut(f"collect_list({value})")

    def merge(self, column: str) -> str:
        return self._cut(f"flatten(collect_list({column}))")

    def _cut(self, values: str) -> str:
        return f"slice(sort_array({values}, false), 1, {self.k})"

    def lift_values(self, values: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(sorted((value for value in values if value is not None), reverse=True)[: self.k])

    def merge_values(self, one: tuple[Any, ...] | None, other: tuple[Any, ...] | None) -> tuple[Any, ...]:
        return self.lift_values((*(one or ()), *(other or ())))


@dataclass(frozen=True)
class Distinct(State):
    """The set of values, as a sorted array. Exact; its size is bounded by a cell's rows."""

    name = "distinct"
    invertible = False

    def lift(self, value: str) -> str:
        return f"sort_array(collect_set({value}))"

    def merge(self, column: str) -> str:
        return f"sort_array(array_distinct(flatten(collect_list({column}))))"

    def lift_values(self, values: Iterable[Any]) -> tuple[Any, ...]:
        return tuple(sorted({value for value in values if value is not None}))

    def merge_values(self, one: tuple[Any, ...] | None, other: tuple[Any, ...] | None) -> tuple[Any, ...]:
        return self.lift_values((*(one or ()), *(other or ())))


@dataclass(frozen=True)
class Sessions(State):
    """The sessions of a set of instants (whole numbers): its longest runs of which no two neighbours are ``gap`` apart.

    The state is the ``(s, e)`` of each run, first instant and last, in order; so ``s`` of one is at least ``gap`` after
    ``e`` of the one before. An instant exactly ``gap`` after the previous one begins a new session.

    Why merging is exact, late instants included: call two instants linked when they are less than ``gap`` apart; the
    runs are the connected parts. Whatever lies between ``s`` and ``e`` of a run is less than ``gap`` from the instants
    of the run on either side of it, so it belongs to that run, whichever they are; whatever lies outside is nearest to
    ``s`` or ``e``. So which runs an instant links is told by ``(s, e)`` alone, and joining two sets' runs wherever
    their stretches are less than ``gap`` apart (or overlap) gives the runs of the union. The state is a function of the
    union of the sets, so merging is commutative, associative and (unlike a count) idempotent. A late instant can join
    two runs and never splits one; taking one away can split a run, so there is no subtraction.

    In SQL one pass over two sorted arrays does it, of all firsts S and of all lasts E: a run begins at ``S[i]`` where
    ``S[i] - E[i-1] >= gap``, for then as many stretches as begin before it have ended by ``gap`` or more; it ends at
    ``E[i]`` where ``S[i+1] - E[i] >= gap``. (The sweep that finds the union of intervals; an instant is a stretch of
    length 0, so lift and merge are the same sweep.) n log n for n stretches.

    Size: two 64-bit numbers a session; a cell holds at most as many as it has rows.
    """

    gap: int
    name = "sessions"
    invertible = False

    def __post_init__(self) -> None:
        if self.gap <= 0:
            raise ValueError(f"a gap of {self.gap} between sessions; it is above zero")

    def lift(self, value: str) -> str:
        return self._swept(f"sort_array(collect_list({value}))", f"sort_array(collect_list({value}))")

    def merge(self, column: str) -> str:
        return self._swept(*(f"sort_array(flatten(collect_list({column}.{end})))" for end in ("s", "e")))

    def union(self, runs: str) -> str:
        """SQL of the state of one array of stretches, in any order, that may overlap."""
        return self._swept(*(f"sort_array(transform({runs}, x -> x.{end}))" for end in ("s", "e")))

    def _swept(self, firsts: str, lasts: str) -> str:
        """The array of one element is a ``let``: named without one, the sorted arrays would be made for each element."""
        begins = f"filter(x.s, (s, i) -> coalesce(s - get(x.e, i - 1) >= {self.gap}L, true))"
        ends = f"filter(x.e, (e, i) -> coalesce(get(x.s, i + 1) - e >= {self.gap}L, true))"
        runs = f"zip_with({begins}, {ends}, (s, e) -> named_struct('s', s, 'e', e))"
        return f"get(transform(array(named_struct('s', {firsts}, 'e', {lasts})), x -> {runs}), 0)"

    def lift_values(self, values: Iterable[int | None]) -> tuple[tuple[int, int], ...]:
        return self._joined((value, value) for value in values if value is not None)

    def merge_values(
        self, one: tuple[tuple[int, int], ...] | None, other: tuple[tuple[int, int], ...] | None
    ) -> tuple[tuple[int, int], ...]:
        return self._joined((*(one or ()), *(other or ())))

    def _joined(self, stretches: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
        runs: list[tuple[int, int]] = []
        for first, last in sorted(stretches):
            if runs and first - runs[-1][1] < self.gap:
                runs[-1] = (runs[-1][0], max(runs[-1][1], last))
            else:
                runs.append((first, last))
        return tuple(runs)

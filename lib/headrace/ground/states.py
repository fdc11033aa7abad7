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

    def lift(self, value: str) -> str:
        return f"sum({value})"

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

    def lift(self, value: str) -> str:
        return f"sum(CAST(CAST({value} AS DECIMAL(19,0)) * CAST({value} AS DECIMAL(19,0)) AS DECIMAL(38,0)))"

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

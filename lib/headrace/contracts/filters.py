"""What can be told of two filters without any data: whether both can hold at once, and of the same columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from headrace.contracts.expressions import walk
from headrace.contracts.grammar import Node

EVERY = ("every",)
"""The filter of a measure that has none."""


@dataclass(frozen=True)
class Filter:
    """A filter with the columns that it reads, and the literals that it allows a column by ``=`` or IN."""

    where: Node
    columns: frozenset[str]
    allowed: Mapping[str, frozenset[Node]]

    def overlaps(self, other: Filter) -> bool:
        """Whether the two could be ways to count one thing: one has no filter, or both can hold and share a column."""
        if self.where == EVERY or other.where == EVERY:
            return True
        if self.columns.isdisjoint(other.columns):
            return False
        theirs = other.allowed
        return not any(key in theirs and values.isdisjoint(theirs[key]) for key, values in self.allowed.items())


def filter_of(where: Node) -> Filter:
    """What is known of a filter, from the conditions of it that must all hold."""
    allowed: dict[str, frozenset[Node]] = {}
    for condition in where[1:] if where[0] == "and" else (where,):
        parts = condition[1:] if condition[0] in ("equal", "in") else ()
        named = [part[1] for part in parts if part[0] == "column"]
        literals = frozenset(part for part in parts if not _columns(part))
        if len(named) == 1 and len([part for part in parts if _columns(part)]) == 1:
            allowed[named[0]] = allowed.get(named[0], literals) & literals
    return Filter(where, _columns(where), allowed)


def _columns(where: Node) -> frozenset[str]:
    return frozenset(node[1] for node in walk(where) if node[0] == "column")

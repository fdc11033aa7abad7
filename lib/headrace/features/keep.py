"""What one midnight keeps for the next, and how the next one follows from it. SQL text and plain values, no Spark."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import date

from headrace.features.slots import Slot

NEW = "_new"
"""The column of a cell that says whether it came to be seen since the midnight before."""


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

    def value(self, slot: Slot, at: date) -> str:
        """SQL: the state of one of the slots at ``at``: the column itself, where it is of one window or says when it was."""
        return f"`{self.column}`"


def day_sql(day: date) -> str:
    """A day as SQL."""
    return f"DATE '{day:%Y-%m-%d}'"


def entering(state: str, before: date | None) -> str:
    """SQL: a cell's state where the cell is one of those that came since ``before``; with None, all came."""
    return state if before is None else f"CASE WHEN {NEW} THEN {state} END"

"""To what a feature group can be rolled back: the states of its tables that a run or an earlier rollback wrote down."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from headrace.contracts.lock import Lock
from headrace.graph.holds import Restored, written
from headrace.graph.ledger import Entry
from headrace.release.decisions import Decision
from headrace.release.rollback import RUN_KINDS, about_groups, change_of, changes_of


@dataclass(frozen=True)
class State:
    """What readers of a group were given from ``at`` on: contract ``version``, in ``table``, as its version ``number``."""

    at: datetime
    version: int
    table: str
    number: int

    @property
    def told(self) -> str:
        """In words."""
        return f"version {self.version} as of {self.at:%Y-%m-%d %H:%M:%S} UTC ({self.table} version {self.number})"


def states(lock: Lock, entries: Sequence[Entry], history: Sequence[Decision]) -> tuple[State, ...]:
    """The states of a group, the oldest first; never one that a killed run left half-way."""
    found = {
        (step.table, number): State(entry.at, step.version, step.table, number)
        for step in lock.history
        for number, entry in written(step.table, entries)
    }
    made = sorted(found.values(), key=_order)
    decided = (step for step in about_groups(history) if (step.model, step.state) == (lock.name, "done"))
    again = (_decided(step, lock, made) for step in decided)
    known = (*made, *(state for state in again if state is not None), *_of_runs(lock, history))
    return tuple(sorted(known, key=_order))


def _of_runs(lock: Lock, history: Iterable[Decision]) -> Iterator[State]:
    """What rollbacks of whole runs, and their undoings, left of the group's tables."""
    versions = {step.table: step.version for step in lock.history}
    for step in (step for step in history if step.kind in RUN_KINDS and step.state == "done"):
        for change in changes_of(step):
            if change.table in versions and change.commit is not None:
                yield State(step.at, versions[change.table], change.table, change.commit)


def _order(state: State) -> tuple[datetime, int, int]:
    return state.at, state.version, state.number


def _decided(step: Decision, lock: Lock, made: Sequence[State]) -> State | None:
    """What readers were given from a decision on; None for a hold that was lifted: the next run writes."""
    change, held = change_of(step), lock.step(int(step.version))
    if step.kind == "lift" or held is None:
        return None
    if held.table == change.table and (number := change.commit or change.before) is not None:
        return State(step.at, held.version, held.table, number)
    before = [state.number for state in made if state.table == held.table and state.at <= step.at]
    return State(step.at, held.version, held.table, before[-1]) if before else None


def at_version(known: Sequence[State], version: int) -> State | None:
    """The last state of a version."""
    return next((state for state in reversed(known) if state.version == version), None)


def at_time(known: Sequence[State], instant: datetime) -> State | None:
    """What readers were given at an instant."""
    return next((state for state in reversed(known) if state.at <= instant), None)


def has_it(
    state: State, commits: Iterable[tuple[int, str]], restored: Iterable[Restored], harmless: frozenset[str]
) -> bool:
    """Whether a table still has the content of a state: what came since, newest first, changed no row of it."""
    back = {one.version: one.to for one in restored}
    for number, operation in commits:
        if number <= state.number:
            return True
        if operation not in harmless:
            return back.get(number) == state.number
    return True

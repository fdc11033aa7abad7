"""A rollback of a whole run: what it and later runs wrote gets back what it had before, by one decision, and is held.

It is made, finished after a crash and kept as a rollback of features is (``release.rollback``); its evidence is a change a
table. A hold on a table ends by itself: by its undoing, a newer contract or newer code of what makes it, or ``--force``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from headrace.graph.holds import Hold
from headrace.ground.asset import At
from headrace.ground.errors import HeadraceError
from headrace.release.decisions import Decision
from headrace.release.rollback import Change, History, Rollbacks, change_back, change_lasts, changes_of, standing

Identities = Mapping[str, str]
"""What makes each table now, by the table's name: its contract's fingerprint, or its job's."""
Lasting = tuple[Decision, tuple[Change, ...]]


def about_run(run: str) -> str:
    """What a decision about a run is called; no model and no group has a space."""
    return f"run {run}"


def lasting(history: History, identities: Identities, code: str) -> tuple[Lasting, ...]:
    """The rollbacks of runs that still hold something, the oldest first, each with what it holds."""
    kept = []
    for step, changes in not_over(history):
        held = tuple(one for one in changes if change_lasts(one, identities.get(one.table), code))
        kept += [(step, held)] if held else []
    return tuple(kept)


def not_over(history: History) -> tuple[Lasting, ...]:
    """The rollbacks of runs that nobody has undone or lifted whole, each with the changes of which that is so."""
    done = [step for step in history if step.state == "done"]
    over = {
        (one.undoes, one.table) for step in done if step.kind in ("run undo", "run lift") for one in changes_of(step)
    }
    kept = []
    for step in (step for step in done if step.kind == "run"):
        left = tuple(one for one in changes_of(step) if (step.seq, one.table) not in over)
        kept += [(step, left)] if left else []
    return tuple(kept)


def run_holds(history: History, identities: Identities, code: str) -> tuple[Hold, ...]:
    """The holds that last, a table each."""
    return tuple(
        Hold(step.seq, one.table, 0, one.table, one.table, release=step.version)
        for step, changes in lasting(history, identities, code)
        for one in changes
    )


def undoing_run(
    history: History, number: int, identities: Identities, code: str
) -> tuple[Decision, tuple[Change, ...]]:
    """The rollback of a run of that number, and what takes it back: of the tables that it still holds.

    Raises:
        HeadraceError: UNDO_RUN_OVER, UNDO_LATER.
    """
    step = next(one for one in history if one.seq == number and one.state == "done")
    held = next((changes for one, changes in lasting(history, identities, code) if one is step), ())
    if not held:
        raise HeadraceError("UNDO_RUN_OVER", number=number, about=step.model, release=step.version)
    check_in_turn(history, step)
    return step, tuple(change_back(one, number) for one in held)


def undo_run(process: Rollbacks, at: At, number: int, identities: Identities, code: str) -> Decision:
    """Take back the rollback of a run: its tables are as they were before it.

    Raises:
        HeadraceError: UNDO_RUN_OVER, UNDO_LATER, VERSION_GONE.
    """
    step, changes = undoing_run(process.history(), number, identities, code)
    return process.make(at, "run undo", step.model, (step.predecessor or "", step.version), changes, "asked for")


def lift_run(process: Rollbacks, at: At, number: int, tables: Iterable[str]) -> Decision:
    """End the hold of a run's rollback on some of its tables; they keep what they have."""
    wanted = set(tables)
    step, changes = next(one for one in not_over(process.history()) if one[0].seq == number)
    lifted = [replace(one, to=None, commit=None, undoes=number) for one in changes if one.table in wanted]
    return process.make(at, "run lift", step.model, (step.predecessor or "", step.version), lifted, "run --force")


def check_in_turn(history: History, step: Decision) -> None:
    """Refuse to take back what a later rollback, of a group or of a run, went on from.

    Raises:
        HeadraceError: UNDO_LATER.
    """
    tables = _concerned(changes_of(step))
    groups = [(one, changes_of(one)) for steps in standing(history).values() for one in steps]
    for other, changes in sorted((*groups, *not_over(history)), key=lambda one: -one[0].seq):
        if other.seq > step.seq and tables & _concerned(changes):
            raise HeadraceError("UNDO_LATER", number=step.seq, group=step.model, later=other.seq)


def _concerned(changes: Iterable[Change]) -> set[str]:
    return {name for one in changes for name in (one.table, one.declared)}

"""A rollback of a feature group: an intent in the decision ledger, steps that may be repeated, the entry that closes it.

Readers go by closed entries alone. So whatever a crash leaves open is in effect nowhere but in what was touched already,
and the next command repeats the steps from the first to the last.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Protocol

from packaging.version import Version

from headrace.graph.holds import Hold, Restored
from headrace.ground.asset import At
from headrace.ground.errors import HeadraceError
from headrace.release.decisions import Decision, Kind, Rows, pending, read_decisions, record

KINDS = ("features", "undo", "lift")
History = Sequence[Decision]


@dataclass(frozen=True)
class Change:
    """What a decision about a group changes: the evidence of its entries.

    ``table`` holds the version that readers are given from then on, ``declared`` that which the contract says.
    ``identity`` and ``code`` are of the contract and of headrace as they were: other ones end the hold.
    ``to`` is the version of ``table`` whose content it gets again, None where it has it; ``before`` its latest by then;
    ``commit`` the version that gave it back. ``undoes``: the decision that this one undoes.
    """

    table: str
    declared: str
    identity: str
    code: str
    to: int | None = None
    before: int | None = None
    commit: int | None = None
    undoes: int | None = None


class Tables(Protocol):
    """What a rollback does to tables: ``cli.rollback`` by Delta, a dictionary in tests."""

    def restore(self, table: str, version: int, decision: int) -> int:
        """Give a table the content of an earlier version; the commit that did. Once a decision, however often asked."""
        ...


def change_of(step: Decision) -> Change:
    """What a step of a decision about a group says of itself."""
    told: Mapping[str, Any] = json.loads(step.evidence)
    return Change(**told)


def about_groups(history: Iterable[Decision]) -> tuple[Decision, ...]:
    """The steps that are about feature groups."""
    return tuple(step for step in history if step.kind in KINDS)


def standing(history: Iterable[Decision]) -> dict[str, tuple[Decision, ...]]:
    """The rollbacks of each group that nobody has undone or lifted, the last one at the end."""
    found: dict[str, tuple[Decision, ...]] = {}
    for step in (step for step in about_groups(history) if step.state == "done"):
        before = found.get(step.model, ())
        found[step.model] = {"features": (*before, step), "undo": before[:-1], "lift": ()}[step.kind]
    return found


def lasts(step: Decision, identity: str | None, code: str) -> bool:
    """Whether a rollback still holds: the contract says what it said then, and headrace is no newer."""
    change = change_of(step)
    return change.identity == identity and Version(code) <= Version(change.code)


def holds(history: Iterable[Decision], identities: Mapping[str, str], code: str) -> tuple[Hold, ...]:
    """The holds that last; ``identities`` are those of the groups' contracts as they are now."""
    found = []
    for group, steps in standing(history).items():
        if steps and lasts(steps[-1], identities.get(group), code):
            change = change_of(steps[-1])
            found.append(Hold(steps[-1].seq, group, int(steps[-1].version), change.table, change.declared))
    return tuple(found)


def restored(history: Iterable[Decision]) -> dict[str, tuple[Restored, ...]]:
    """Every table that a rollback ever concerned, with the commits that gave it back an earlier content."""
    found: dict[str, tuple[Restored, ...]] = {}
    for step in (step for step in about_groups(history) if step.state == "done"):
        change = change_of(step)
        found.setdefault(change.declared, ())
        again = found.get(change.table, ())
        if change.commit is not None and change.to is not None:
            again = (*again, Restored(change.commit, change.to, step.at))
        found[change.table] = again
    return found


@dataclass(frozen=True)
class Rollbacks:
    """The one way in which a rollback, its undoing or a lifted hold comes about.

    ``republish`` brings what is served online up to a step as if it were done; a second time it changes nothing.
    """

    ledger: Rows
    tables: Tables
    republish: Callable[[Decision], None]

    def history(self) -> tuple[Decision, ...]:
        """Every step about a group."""
        return about_groups(read_decisions(self.ledger))

    def make(self, at: At, kind: Kind, group: str, versions: tuple[str, str], change: Change, reason: str) -> Decision:
        """Decide it and carry it out. ``versions``: what readers are given from then on, and what they were.

        Raises:
            HeadraceError: VERSION_GONE where the table does not have what it is to get; then nothing was changed.
        """
        evidence = json.dumps(asdict(change), sort_keys=True)
        wanted = Decision(0, at.now, at.run_id, kind, group, *versions, "intent", reason, evidence)
        return self._carry_out(record(self.ledger, at, wanted), at)

    def finish(self, at: At) -> Decision | None:
        """Carry out what a crash left open; None where nothing was.

        Raises:
            HeadraceError: as ``make``.
        """
        intent = pending(self.history())
        return None if intent is None else self._carry_out(intent, at)

    def _carry_out(self, intent: Decision, at: At) -> Decision:
        change = change_of(intent)
        if change.to is not None:
            try:
                change = replace(change, commit=self.tables.restore(change.table, change.to, intent.seq))
            except HeadraceError as error:
                if error.code == "VERSION_GONE":
                    record(self.ledger, at, replace(intent, state="refused", reason=str(error).splitlines()[0]))
                raise
        done = replace(intent, state="done", evidence=json.dumps(asdict(change), sort_keys=True))
        self.republish(done)
        return record(self.ledger, at, done)

    def undo(self, at: At, number: int, identity: Callable[[str], str | None], code: str) -> Decision:
        """Take back rollback ``number``: table and readers are as they were before it.

        Raises:
            HeadraceError: UNDO_UNKNOWN, UNDO_MODEL, UNDO_OVER, UNDO_LATER.
        """
        step = undoable(read_decisions(self.ledger), number, identity, code)
        return self.make(at, "undo", step.model, (step.predecessor or "", step.version), undoing(step), "asked for")


def undoing(step: Decision) -> Change:
    """What takes a rollback back: its table gets what it had before, where it got something else."""
    change = change_of(step)
    was = change.before if change.commit is not None else None
    return replace(change, to=was, before=change.commit, commit=None, undoes=step.seq)


def undoable(history: History, number: int, identity: Callable[[str], str | None], code: str) -> Decision:
    """The rollback of that number, where it is the last of its group and still holds.

    Raises:
        HeadraceError: UNDO_UNKNOWN, UNDO_MODEL, UNDO_OVER, UNDO_LATER.
    """
    step = next((one for one in history if one.seq == number and one.state == "done"), None)
    known = [one for steps in standing(history).values() for one in steps]
    if step is not None and step.kind == "rollback":
        raise HeadraceError("UNDO_MODEL", number=number, model=step.model)
    if step is None or step.kind != "features":
        told = ", ".join(f"{one.seq} ({one.model})" for one in known) or "none"
        raise HeadraceError("UNDO_UNKNOWN", number=number, known=told)
    stack = standing(history)[step.model]
    if step not in stack or not lasts(step, identity(step.model), code):
        why = "it was undone or lifted" if step not in stack else "its group has a newer contract, or headrace is newer"
        raise HeadraceError("UNDO_OVER", number=number, group=step.model, why_not=why)
    if step is not stack[-1]:
        raise HeadraceError("UNDO_LATER", number=number, group=step.model, later=stack[-1].seq)
    return step

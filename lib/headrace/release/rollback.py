"""A rollback of tables: an intent in the decision ledger, steps that may be repeated, the entry that closes it.

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
RUN_KINDS = ("run", "run undo", "run lift")
History = Sequence[Decision]


@dataclass(frozen=True)
class Change:
    """What a decision changes about a table: the evidence of its entries, one for a group, one a table for a run.

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
    (change,) = changes_of(step)
    return change


def changes_of(step: Decision) -> tuple[Change, ...]:
    """What a step of a decision about a group, or about a run, says of itself, table by table."""
    told: Mapping[str, Any] | list[Mapping[str, Any]] = json.loads(step.evidence)
    return tuple(Change(**one) for one in (told if isinstance(told, list) else [told]))


def evidence_of(changes: Change | Sequence[Change]) -> str:
    """The changes as an entry keeps them."""
    told = asdict(changes) if isinstance(changes, Change) else [asdict(one) for one in changes]
    return json.dumps(told, sort_keys=True)


def about_groups(history: Iterable[Decision]) -> tuple[Decision, ...]:
    """The steps that are about feature groups."""
    return tuple(step for step in history if step.kind in KINDS)


def about_tables(history: Iterable[Decision]) -> tuple[Decision, ...]:
    """The steps that are about feature groups or whole runs."""
    return tuple(step for step in history if step.kind in (*KINDS, *RUN_KINDS))


def standing(history: Iterable[Decision]) -> dict[str, tuple[Decision, ...]]:
    """The rollbacks of each group that nobody has undone or lifted, the last one at the end."""
    found: dict[str, tuple[Decision, ...]] = {}
    for step in (step for step in about_groups(history) if step.state == "done"):
        before = found.get(step.model, ())
        found[step.model] = {"features": (*before, step), "undo": before[:-1], "lift": ()}[step.kind]
    return found


def lasts(step: Decision, identity: str | None, code: str) -> bool:
    """Whether a rollback still holds: the contract says what it said then, and headrace is no newer."""
    return change_lasts(change_of(step), identity, code)


def change_lasts(change: Change, identity: str | None, code: str) -> bool:
    """The same of a change."""
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
    done = (step for step in about_tables(history) if step.state == "done")
    for step, change in ((one, change) for one in done for change in changes_of(one)):
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
        """Every step about a group or a run."""
        return about_tables(read_decisions(self.ledger))

    def make(
        self, at: At, kind: Kind, about: str, versions: tuple[str, str], changes: Change | Sequence[Change], reason: str
    ) -> Decision:
        """Decide it and carry it out. ``versions``: what readers are given from then on, and what they were.

        Raises:
            HeadraceError: VERSION_GONE where a table does not have what it is to get; then nothing was changed.
        """
        wanted = Decision(0, at.now, at.run_id, kind, about, *versions, "intent", reason, evidence_of(changes))
        return self._carry_out(record(self.ledger, at, wanted), at)

    def finish(self, at: At) -> Decision | None:
        """Carry out what a crash left open; None where nothing was.

        Raises:
            HeadraceError: as ``make``.
        """
        intent = pending(self.history())
        return None if intent is None else self._carry_out(intent, at)

    def _carry_out(self, intent: Decision, at: At) -> Decision:
        made: list[Change] = []
        for change in changes_of(intent):
            try:
                commit = None if change.to is None else self.tables.restore(change.table, change.to, intent.seq)
            except HeadraceError as error:
                if error.code == "VERSION_GONE":
                    self._take_back(made, intent.seq)
                    record(self.ledger, at, replace(intent, state="refused", reason=str(error).splitlines()[0]))
                raise
            made.append(replace(change, commit=commit))
        told = made[0] if intent.kind in KINDS else made
        done = replace(intent, state="done", evidence=evidence_of(told))
        self.republish(done)
        return record(self.ledger, at, done)

    def _take_back(self, made: Iterable[Change], decision: int) -> None:
        """Give tables what they had before a decision that cannot be carried out whole."""
        for change in made:
            if change.commit is not None and change.before is not None:
                self.tables.restore(change.table, change.before, -decision)

    def undo(self, at: At, number: int, identity: Callable[[str], str | None], code: str) -> Decision:
        """Take back rollback ``number``: table and readers are as they were before it.

        Raises:
            HeadraceError: UNDO_UNKNOWN, UNDO_MODEL, UNDO_OVER, UNDO_LATER.
        """
        step = undoable(read_decisions(self.ledger), number, identity, code)
        return self.make(at, "undo", step.model, (step.predecessor or "", step.version), undoing(step), "asked for")


def undoing(step: Decision) -> Change:
    """What takes a rollback back: its table gets what it had before, where it got something else."""
    return change_back(change_of(step), step.seq)


def change_back(change: Change, number: int) -> Change:
    """The same of a change of decision ``number``."""
    was = change.before if change.commit is not None else None
    return replace(change, to=was, before=change.commit, commit=None, undoes=number)


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

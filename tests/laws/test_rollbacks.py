"""A rollback that is killed at any step, and its finishing killed at any step too, ends in one state or the other."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import rollback_world
from rollback_world import CODE, NOON, Killed, at

from headrace.ground.errors import HeadraceError
from headrace.release.decisions import Decision, read_decisions
from headrace.release.rollback import Change, change_of, holds, restored, standing, undoable

MEANS = {"t.g": "v2"}
BACK_IN_TIME = Change("features.g_v2", "features.g_v2", "v2", CODE, to=3, before=7)
BACK_TO_ONE = Change("features.g", "features.g_v2", "v2", CODE, before=4)


@dataclass
class World(rollback_world.World):
    """The world of one group. Online is what its readers are given."""

    online: Any = "2"

    def served(self, step: Decision) -> Any:
        return f"{step.version} at {change_of(step).to}"

    @property
    def readers(self) -> tuple[Any, ...]:
        """What readers are given: the holds by number, the contents, what is online."""
        found = holds(read_decisions(self), MEANS, CODE)
        return tuple(h.number for h in found), tuple(h.table for h in found), self.content("features.g_v2"), self.online


def roll_back(world: World, change: Change) -> None:
    world.process.make(at(), "features", "t.g", ("1" if change is BACK_TO_ONE else "2", "2"), change, "bad")


def undo(world: World, number: int = 1) -> None:
    world.process.undo(at(1), number, MEANS.get, CODE)


def whole(change: Change, undone: bool) -> tuple[World, World]:
    """The world before and after, where nobody kills."""
    before, after = World(), World()
    if undone:
        roll_back(before, change)
    roll_back(after, change)
    if undone:
        undo(after)
    return before, after


@pytest.mark.parametrize("undone", [False, True])
@pytest.mark.parametrize("change", [BACK_IN_TIME, BACK_TO_ONE])
def test_killed_at_every_step_and_at_every_step_of_finishing(change: Change, undone: bool) -> None:
    before, after = whole(change, undone)
    seen = set()
    for first, second in itertools.product(range(12), range(12)):
        world = World()
        if undone:
            roll_back(world, change)
        act = partial(undo, world) if undone else partial(roll_back, world, change)
        world.killed_twice(act, first, second)
        assert world.readers in (before.readers, after.readers), (first, second)
        assert len([step for step in world.process.history() if step.state == "done"]) <= 1 + undone
        seen.add(world.readers)
    assert seen == {before.readers, after.readers}, (
        "before the intent nothing was asked; after it all of it comes about"
    )


def test_readers_go_by_closed_entries_alone() -> None:
    world = World(left=2)
    with pytest.raises(Killed):
        roll_back(world, BACK_IN_TIME)
    assert (world.content("features.g_v2"), world.readers[0]) == (7, ()), "an intent, and nothing else yet"
    step = world.process.finish(at(1))
    assert step is not None
    assert (step.seq, step.state, change_of(step).commit) == (1, "done", 8)
    assert world.readers == ((1,), ("features.g_v2",), 3, "2 at 3")


def test_what_cannot_be_had_any_more_is_taken_back_by_an_entry() -> None:
    class Gone(World):
        def restore(self, table: str, version: int, decision: int) -> int:
            raise HeadraceError("VERSION_GONE", table=table, version=version, problem="vacuumed")

    world = Gone()
    with pytest.raises(HeadraceError, match="VERSION_GONE"):
        roll_back(world, BACK_IN_TIME)
    assert [(step.seq, step.state) for step in world.process.history()] == [(1, "intent"), (1, "refused")]
    assert world.process.finish(at(1)) is None
    assert world.readers == ((), (), 7, "2")


def test_rollbacks_are_taken_back_in_turn() -> None:
    world = World()
    roll_back(world, BACK_TO_ONE)
    roll_back(world, BACK_IN_TIME)
    for number, code in ((1, "UNDO_LATER"), (3, "UNDO_UNKNOWN")):
        with pytest.raises(HeadraceError, match=code):
            undo(world, number)
    undo(world, 2)
    assert world.readers[:3] == ((1,), ("features.g",), 7), "as it was before the second: the first holds"
    with pytest.raises(HeadraceError, match="UNDO_OVER"):
        undo(world, 2)
    undo(world, 1)
    assert world.readers[0] == ()
    assert standing(world.process.history()) == {"t.g": ()}
    assert [(one.version, one.to) for one in restored(world.process.history())["features.g_v2"]] == [(8, 3), (9, 7)]


def test_a_newer_contract_newer_code_and_force_end_a_hold() -> None:
    world = World()
    roll_back(world, BACK_TO_ONE)
    history = world.process.history()
    assert [hold.told for hold in holds(history, MEANS, CODE)] == ["t.g held by rollback 1"]
    assert holds(history, {"t.g": "v3"}, CODE) == ()
    assert holds(history, {}, CODE) == ()
    assert holds(history, MEANS, "0.2.0") == ()
    with pytest.raises(HeadraceError, match="UNDO_OVER"):
        undoable(history, 1, {"t.g": "v3"}.get, CODE)
    world.process.make(at(1), "lift", "t.g", ("2", "1"), Change("features.g_v2", "features.g_v2", "v2", CODE), "force")
    assert holds(world.process.history(), MEANS, CODE) == ()


def test_a_models_decision_is_told_from_a_groups() -> None:
    world = World()
    world.rows.append(
        {"seq": 1, "at": NOON, "run_id": "r", "kind": "rollback", "model": "lapse", "version": "1", "predecessor": "2",
         "state": "done", "reason": "", "evidence": "{}"}
    )  # fmt: skip
    with pytest.raises(HeadraceError, match="headrace rollback model lapse"):
        undo(world, 1)

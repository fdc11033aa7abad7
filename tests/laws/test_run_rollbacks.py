"""A rollback of a whole run that is killed at any step, and its finishing too, leaves all of its tables in one state or the other."""

from __future__ import annotations

import itertools
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import rollback_world
from rollback_world import CODE, NEVER, Killed, at

from headrace.ground.errors import HeadraceError
from headrace.release.decisions import Decision
from headrace.release.rollback import Change, changes_of, holds, restored
from headrace.release.whole_run import about_run, check_in_turn, lift_run, run_holds, undo_run

MAKES = {"features.a": "fa", "features.b": "fb", "scores.m": "fs"}
BACK = (
    Change("features.a", "features.a", "fa", CODE, to=3, before=7),
    Change("features.b", "features.b", "fb", CODE, before=7),  # it has that content
    Change("scores.m", "scores.m", "fs", CODE, to=5, before=7),
)


@dataclass
class World(rollback_world.World):
    """The world of a run's three tables."""

    online: Any = ()

    def served(self, step: Decision) -> Any:
        return self.contents

    @property
    def contents(self) -> tuple[int, ...]:
        return tuple(map(self.content, MAKES))

    @property
    def held(self) -> tuple[tuple[int, str, str], ...]:
        found = run_holds(self.process.history(), MAKES, CODE)
        return tuple((hold.number, hold.table, hold.release) for hold in found)

    @property
    def readers(self) -> tuple[Any, ...]:
        return self.held, self.contents, self.online


def roll_back(world: World) -> None:
    world.process.make(at(), "run", about_run("second"), ("first", "second"), BACK, "bad")


def undo(world: World, number: int = 1) -> None:
    undo_run(world.process, at(1), number, MAKES, CODE)


def test_all_tables_go_back_by_one_decision_and_come_again_by_another() -> None:
    world = World()
    roll_back(world)
    assert world.contents == (3, 7, 5)
    assert world.held == tuple((1, table, "first") for table in MAKES)
    assert holds(world.process.history(), {}, CODE) == (), "a group's holds are others"
    assert [(one["seq"], one["kind"], one["state"]) for one in world.rows] == [(1, "run", "intent"), (1, "run", "done")]
    found = restored(world.process.history())
    assert {table: [(one.version, one.to) for one in some] for table, some in found.items()} == {
        "features.a": [(8, 3)], "features.b": [], "scores.m": [(8, 5)],
    }  # fmt: skip
    undo(world)
    assert (world.held, world.contents, world.online) == ((), (7, 7, 7), (7, 7, 7))
    with pytest.raises(HeadraceError, match="UNDO_RUN_OVER"):
        undo(world)


@pytest.mark.parametrize("undone", [False, True])
def test_killed_at_every_step_and_at_every_step_of_finishing(undone: bool) -> None:
    before, after = World(), World()
    for world in (before, after):
        if undone:
            roll_back(world)
    undo(after) if undone else roll_back(after)
    seen = set()
    for first, second in itertools.product(range(14), range(14)):
        world = World()
        if undone:
            roll_back(world)
        world.killed_twice(partial(undo if undone else roll_back, world), first, second)
        assert world.readers in (before.readers, after.readers), (first, second)
        assert len([step for step in world.process.history() if step.state == "done"]) <= 1 + undone
        assert all(len(made) <= 1 + undone for made in world.commits.values()), "no table is restored twice"
        seen.add(world.readers)
    assert seen == {before.readers, after.readers}


def test_no_table_is_held_before_all_have_gone_back() -> None:
    world = World(left=4)  # intent, and the first table
    with pytest.raises(Killed):
        roll_back(world)
    assert (world.contents, world.held) == ((3, 7, 7), ())
    step = world.process.finish(at(1))
    assert step is not None
    assert [change.commit for change in changes_of(step)] == [8, None, 8]
    assert world.contents == (3, 7, 5)


def test_one_version_that_is_gone_leaves_all_as_they_were_wherever_it_is_killed() -> None:
    for first, second in itertools.product(range(14), range(14)):
        world = World(gone=frozenset({("scores.m", 5)}), left=first)
        with suppress(Killed, HeadraceError):
            roll_back(world)
        for left in (second, NEVER):
            world.left = left
            with suppress(Killed, HeadraceError):
                world.process.finish(at(2))
        world.left = NEVER
        assert world.process.finish(at(3)) is None
        assert (world.contents, world.held) == ((7, 7, 7), ()), (first, second)
        assert {step.state for step in world.process.history()} <= {"intent", "refused"}


def test_a_newer_maker_newer_code_and_force_end_the_hold_of_a_table() -> None:
    world = World()
    roll_back(world)
    history = world.process.history()
    newer = run_holds(history, MAKES | {"features.a": "other"}, CODE)
    assert [hold.table for hold in newer] == ["features.b", "scores.m"]
    assert run_holds(history, {}, CODE) == ()
    assert run_holds(history, MAKES, "0.2.0") == ()
    lift_run(world.process, at(1), 1, ["scores.m", "features.b"])
    assert [table for _, table, _ in world.held] == ["features.a"]
    assert world.contents == (3, 7, 5), "what was lifted keeps what it has until it is made anew"
    undo(world)
    assert world.contents == (7, 7, 5), "only what was still held is taken back"
    assert world.held == ()


def test_rollbacks_of_runs_and_of_features_are_taken_back_in_turn() -> None:
    world = World()
    roll_back(world)
    later = Change("features.a", "features.a", "fa", CODE, to=2, before=8)
    world.process.make(at(1), "features", "t.a", ("1", "1"), later, "worse")
    assert world.contents == (2, 7, 5)
    with pytest.raises(HeadraceError, match=r"UNDO_LATER.*rollback 1 of run second was followed by rollback 2"):
        undo(world)
    world.process.undo(at(2), 2, {"t.a": "fa"}.get, CODE)
    assert world.contents == (3, 7, 5)
    again = (Change("scores.m", "scores.m", "fs", CODE, to=1, before=8),)
    world.process.make(at(3), "run", about_run("first"), ("zeroth", "first"), again, "all bad")
    step = next(one for one in world.process.history() if (one.seq, one.state) == (1, "done"))
    with pytest.raises(HeadraceError, match="UNDO_LATER"):
        check_in_turn(world.process.history(), step)
    undo(world, 4)
    undo(world, 1)
    assert world.contents == (7, 7, 7)

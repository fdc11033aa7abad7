"""To what a group can be rolled back: what runs and earlier rollbacks wrote down, never what a killed run left."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta

from headrace.contracts.lock import Lock, Step
from headrace.graph.holds import Restored
from headrace.graph.ledger import Entry
from headrace.ground.interval import DAY, Interval
from headrace.release.decisions import Decision, Kind
from headrace.release.rollback import Change
from headrace.release.targets import State, at_time, at_version, has_it, states

NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)
STEPS = (
    Step(version=1, at=date(2026, 10, 1), why="first", fingerprint="a", table="features.g"),
    Step(version=2, at=date(2026, 11, 1), why="second", fingerprint="b", table="features.g_v2"),
)
LOCK = Lock(
    team="t", group="g", owner="o", version=2, scheme=1, fingerprint="b", history=STEPS, source_version=1, meaning={}
)


def entry(minute: int, **outputs: str) -> Entry:
    at = NOON + timedelta(minutes=minute)
    named = {f"features.{name}": version for name, version in outputs.items()}
    return Entry(at, "r", "build_features", Interval(NOON - DAY, NOON), "done", "s", outputs=named)


def decided(minute: int, kind: Kind, version: str, change: Change) -> Decision:
    at, told = NOON + timedelta(minutes=minute), json.dumps(asdict(change))
    return Decision(1, at, "r", kind, "t.g", version, "2", "done", "", told)


ENTRIES = [
    entry(0, g="0", other="0"),
    entry(0, g="0"),
    entry(1, g="3"),
    entry(5, g_v2="0"),
    entry(6, g_v2="2", g="none"),
]


def told(known: tuple[State, ...]) -> list[tuple[int, int, int]]:
    return [((state.at - NOON) // timedelta(minutes=1), state.version, state.number) for state in known]


def test_each_version_that_an_entry_names_is_a_state_once() -> None:
    known = states(LOCK, ENTRIES, ())
    assert told(known) == [(0, 1, 0), (1, 1, 3), (5, 2, 0), (6, 2, 2)]
    assert at_version(known, 1) == known[1]
    assert at_version(known, 3) is None
    assert at_time(known, NOON + timedelta(minutes=4)) == known[1], "what readers had then: the version before"
    assert at_time(known, NOON + timedelta(minutes=6)) == known[3]
    assert at_time(known, NOON - timedelta(minutes=1)) is None


def test_what_a_rollback_gave_readers_is_a_state_too() -> None:
    to_one = Change("features.g", "features.g_v2", "b", "0.1", before=4)
    in_time = Change("features.g_v2", "features.g_v2", "b", "0.1", to=0, before=2, commit=3)
    history = (
        decided(10, "features", "1", to_one), decided(11, "undo", "2", to_one), decided(12, "features", "2", in_time),
        decided(13, "lift", "2", in_time),
    )  # fmt: skip
    assert told(states(LOCK, ENTRIES, history))[4:] == [(10, 1, 4), (11, 2, 2), (12, 2, 3)]


def test_whether_a_table_still_has_it() -> None:
    state = State(NOON, 2, "features.g_v2", 3)
    harmless = frozenset({"OPTIMIZE"})

    def still(*commits: tuple[int, str], restored: tuple[Restored, ...] = ()) -> bool:
        return has_it(state, commits, restored, harmless)

    assert still((3, "WRITE"))
    assert still((5, "OPTIMIZE"), (4, "OPTIMIZE"), (3, "WRITE"))
    assert not still((5, "OPTIMIZE"), (4, "WRITE"), (3, "WRITE"))
    assert still((5, "RESTORE"), (4, "WRITE"), restored=(Restored(5, 3, NOON),))
    assert not still((5, "RESTORE"), (4, "WRITE"), restored=(Restored(5, 2, NOON),))


def test_what_a_rollback_of_a_run_left_of_a_groups_tables_is_a_state_too() -> None:
    parts = [
        Change("features.g_v2", "features.g_v2", "b", "0.1", to=0, before=2, commit=3),
        Change("scores.m", "scores.m", "f", "0.1", to=1, before=4, commit=5),
        Change("features.g", "features.g", "a", "0.1", before=3),
    ]
    evidence = json.dumps([asdict(part) for part in parts])
    decision = Decision(1, NOON + timedelta(minutes=20), "r", "run", "run x", "w", "x", "done", "", evidence)
    known = states(LOCK, ENTRIES, (decision,))
    assert told(known)[4:] == [(20, 2, 3)], "what was not written is told by an entry"
    restored = (Restored(3, 0, decision.at),)
    assert has_it(known[2], [(3, "RESTORE"), (2, "WRITE"), (0, "WRITE")], restored, frozenset())

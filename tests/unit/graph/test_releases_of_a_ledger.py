"""Which versions belong together, from literal entries of the ledger. No Spark."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta

import pytest
from graph_fakes import START, day, entry

from headrace.graph.holds import Restored
from headrace.graph.ledger import Entry
from headrace.graph.releases import Difference, Release, before, differences, find_release, releases
from headrace.ground.errors import HeadraceError


def done(run: str, minute: int, job: str, at_day: int = 0, state: str = "done", **outputs: str) -> Entry:
    named = {name.replace("__", "."): version for name, version in outputs.items()}
    return replace(entry(job, day(at_day), "s", state, minute), run_id=run, outputs=named)


def is_table(name: str) -> bool:
    return not name.startswith("champion.")


ENTRIES = (
    done("one", 1, "tile", t__a="0"),
    done("one", 2, "roll", f__b="0"),
    done("one", 3, "release", champion__m="1"),
    done("two", 10, "tile", 1, t__a="1"),
    done("two", 11, "roll", 1, state="failed"),
    done("three", 20, "gate", state="refused"),
    done("four", 30, "roll", 1, f__b="2"),
)


def told(known: tuple[Release, ...]) -> list[tuple[str, dict[str, int]]]:
    return [(one.id, dict(one.tables)) for one in known]


def test_a_run_that_left_something_pins_all_tables() -> None:
    known = releases(ENTRIES, {}, is_table)
    assert told(known) == [
        ("one", {"t.a": 0, "f.b": 0}),
        ("two", {"t.a": 1, "f.b": 0}),
        ("four", {"t.a": 1, "f.b": 2}),
    ], "what was refused left nothing"
    one, two, four = known
    assert (one.made, two.made, four.made) == (("t.a", "f.b"), ("t.a",), ("f.b",))
    assert (one.failed, two.failed) == ((), ("roll",))
    assert [dict(release.others) for release in known] == [{"champion.m": "1"}] * 3
    assert two.at == ENTRIES[4].at
    assert (before(two, known), before(one, known)) == (one, None)


def test_parts_of_a_table_are_one_table() -> None:
    entries = (replace(done("one", 1, "in"), outputs={"raw.q[shop]": "3", "raw.q[web]": "4"}),)
    assert told(releases(entries, {}, is_table)) == [("one", {"raw.q": 4})]


def test_a_rollback_between_two_runs_is_in_the_later_one() -> None:
    restored = {"f.b": (Restored(1, 0, START + timedelta(minutes=5)), Restored(3, 0, START + timedelta(minutes=40)))}
    assert told(releases(ENTRIES, restored, is_table))[1] == ("two", {"t.a": 1, "f.b": 1})
    assert told(releases(ENTRIES, restored, is_table))[-1] == ("four", {"t.a": 1, "f.b": 2})
    later = (*ENTRIES, done("five", 50, "tile", 2, t__a="2"))
    assert told(releases(later, restored, is_table))[-1] == ("five", {"t.a": 2, "f.b": 3})


def test_a_table_that_was_made_anew_begins_again() -> None:
    entries = (done("one", 1, "tile", t__a="17"), done("two", 2, "tile", t__a="0"))
    assert told(releases(entries, {}, is_table)) == [("one", {"t.a": 17}), ("two", {"t.a": 0})]


def test_a_run_id_that_was_used_again_is_one_release() -> None:
    entries = (done("one", 1, "tile", t__a="0"), done("two", 2, "roll", f__b="0"), done("one", 3, "tile", t__a="1"))
    assert told(releases(entries, {}, is_table)) == [("two", {"t.a": 0, "f.b": 0}), ("one", {"t.a": 1, "f.b": 0})]


def test_what_two_releases_have_otherwise() -> None:
    one, two, four = releases(ENTRIES, {}, is_table)
    assert differences(one, four, ENTRIES) == (
        Difference("f.b", "0", "2", (("roll", 1),)),
        Difference("t.a", "0", "1", (("tile", 1),)),
    )
    assert differences(four, two, ENTRIES) == (Difference("f.b", "2", "0", (("roll", 1),)),)
    assert differences(two, two, ENTRIES) == ()
    new = (*ENTRIES, done("five", 50, "score", s__c="0"))
    assert differences(four, releases(new, {}, is_table)[-1], new) == (Difference("s.c", None, "0", (("score", 1),)),)


def test_an_unknown_release_gives_the_nearest() -> None:
    known = releases(ENTRIES, {}, is_table)
    assert find_release("two", known).id == "two"
    with pytest.raises(HeadraceError, match=r"RELEASE_UNKNOWN.*Did you mean 'three'|Did you mean 'four'"):
        find_release("fours", known)
    assert releases((), {}, is_table) == ()


def naive(entries: list[Entry], restored: dict[str, tuple[Restored, ...]], run: str) -> dict[str, int]:
    """As of the end of a run, the newest version of each table by time, whoever left it."""
    end = max(one.at for one in entries if one.run_id == run)
    left = [(one.at, 1, name, int(v)) for one in entries for name, v in one.outputs.items() if one.at <= end]
    left += [(one.at, 0, name, one.version) for name, some in restored.items() for one in some if one.at <= end]
    return {name: version for _, _, name, version in sorted(left)}


@pytest.mark.parametrize("seed", range(20))
def test_random_ledgers_have_the_releases_of_the_plain_definition(seed: int) -> None:
    chance = random.Random(seed)
    entries, version = [], {"t.a": 0, "t.b": 0, "t.c": 0}
    restored: dict[str, tuple[Restored, ...]] = {}
    for minute in range(1, 40):
        name = chance.choice(sorted(version))
        version[name] += 1
        if chance.random() < 0.2:
            again = Restored(version[name], 0, START + timedelta(minutes=minute))
            restored[name] = (*restored.get(name, ()), again)
            continue
        one = entry("job", day(minute), "s", "done", minute)
        entries.append(replace(one, run_id=f"run-{minute // 5}", outputs={name: str(version[name])}))
    known = releases(entries, restored, is_table)
    assert [release.id for release in known] == list(dict.fromkeys(one.run_id for one in entries))
    for release in known:
        assert dict(release.tables) == naive(entries, restored, release.id)

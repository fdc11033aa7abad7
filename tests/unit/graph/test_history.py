"""What a history was made without: only where it was made of another fingerprint, before a contract that is there now."""

from __future__ import annotations

from typing import Any

import pytest
from graph_fakes import START, day, entry, job, ledger_of

from headrace.graph.history import made_without
from headrace.graph.job import Job
from headrace.graph.ledger import Ledger
from headrace.graph.origin import Origin
from headrace.graph.view import View, view
from headrace.ground.interval import Interval

ONE, BOTH = {"group t.one": 1}, {"group t.one": 1, "group t.two": 1}


def tiles(fingerprint: str, contracts: dict[str, int]) -> Job:
    return job("tiles", fingerprint=fingerprint, contracts=contracts)


FEATURES = job("features", "tiles", history=("tiles",))


def made(fingerprint: str, contracts: dict[str, int], *days: int, minute: int = 0) -> list[Any]:
    """The entries of so many days of tiles."""
    origin = Origin(fingerprint, contracts)
    return [entry("tiles", day(number), f"{fingerprint}{number}", minute=minute, origin=origin) for number in days]


def seen(maker: Job, ledger: Ledger, asked: Interval) -> View:
    return view((maker, FEATURES), ledger, lambda *_: None, asked, START)


def test_a_group_is_missing_from_a_history_until_all_of_it_was_made_anew() -> None:
    now, last = tiles("both", BOTH), day(3)
    ledger = ledger_of(*made("one", ONE, 0, 1, 2), *made("both", BOTH, 3))
    assert made_without(FEATURES, last, seen(now, ledger, last)) == {"group t.two"}
    ledger.append(made("both", BOTH, 0, 1, minute=1))
    assert made_without(FEATURES, day(1), seen(now, ledger, day(1))) == frozenset(), "all before that day has it"
    assert made_without(FEATURES, last, seen(now, ledger, last)) == {"group t.two"}
    ledger.append(made("both", BOTH, 2, minute=2))
    assert made_without(FEATURES, last, seen(now, ledger, last)) == frozenset()


@pytest.mark.parametrize(
    ("before", "after", "missing"),
    [
        (("same", ONE), ("same", BOTH), set()),  # what is new needs no state that was not there
        (("both", BOTH), ("one", ONE), set()),  # a group is gone
        (("one", ONE), ("two", {"group t.one": 2}), {"group t.one"}),  # a version with another state
        (("", {}), ("one", ONE), set()),  # restored from the histories of tables, which do not tell
    ],
)
def test_what_counts_is_a_contract_that_came_with_another_fingerprint(
    before: tuple[str, dict[str, int]], after: tuple[str, dict[str, int]], missing: set[str]
) -> None:
    ledger = ledger_of(*made(*before, 0, 1))
    assert made_without(FEATURES, day(1), seen(tiles(*after), ledger, day(1))) == missing


def test_a_job_without_a_history_and_a_history_from_outside_are_made_without_nothing() -> None:
    ledger = ledger_of(*made("one", ONE, 0))
    now = tiles("both", BOTH)
    daily = job("daily", "tiles")
    assert made_without(daily, day(0), view((now, daily), ledger, lambda *_: None, day(0), START)) == frozenset()
    assert made_without(FEATURES, day(0), view((FEATURES,), ledger, lambda *_: None, day(0), START)) == frozenset()

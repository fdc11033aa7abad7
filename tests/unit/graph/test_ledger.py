"""The ledger knows what was settled, and reads back what it wrote."""

from __future__ import annotations

from dataclasses import replace

from graph_fakes import START, Memory, day, entry, ledger_of

from headrace.graph.ledger import Ledger
from headrace.graph.origin import Origin


def test_what_is_written_is_read_back():
    memory = Memory()
    written = replace(
        entry("a", day(0), "s"),
        seconds=1.5,
        rows_in=3,
        rows_out=2,
        intervals=4,
        outputs={"t.a": "7"},
        note="never done",
        origin=Origin("f", {"source shop": 3}, {"zone": "version 2", "later": None}),
    )
    Ledger(memory).append([written])
    assert Ledger(memory).entries == [written]
    assert memory.rows[0]["outputs"] == '{"t.a": "7"}'


def test_entries_from_before_it_was_kept_are_read_as_of_unknown_origin():
    memory = Memory()
    Ledger(memory).append([entry("a", day(0), "s")])
    for row in memory.rows:
        del row["origin"]
    assert Ledger(memory).entries == [entry("a", day(0), "s")]
    assert Ledger(memory).entries[0].origin is None


def test_times_without_a_zone_are_the_machines_as_spark_returns_them():
    memory = Memory()
    Ledger(memory).append([entry("a", day(0), "s")])
    for row in memory.rows:
        row.update({key: row[key].astimezone().replace(tzinfo=None) for key in ("at", "start", "end")})
    assert Ledger(memory).entries == [entry("a", day(0), "s")]
    assert Ledger(memory).entries[0].interval.start == START


def test_entries_are_known_in_the_order_of_time_whatever_that_of_the_rows():
    memory = Memory()
    Ledger(memory).append([entry("a", day(0), "new", minute=2), entry("a", day(0), "old", minute=1)])
    assert Ledger(memory).settled("a")[day(0)].stamp == "new"


def test_a_failure_settles_nothing_and_undoes_nothing():
    ledger = ledger_of(
        entry("a", day(0), "s"), entry("a", day(0), "", "failed", 1), entry("a", day(1), "", "failed", 1)
    )
    assert ledger.settled("a") == {day(0): entry("a", day(0), "s")}


def test_a_refusal_is_settled_but_left_no_output():
    ledger = ledger_of(entry("a", day(0), "s", "refused"), entry("a", day(1), "s"))
    assert set(ledger.settled("a")) == {day(0), day(1)}
    assert set(ledger.done("a")) == {day(1)}


def test_what_was_published_stays_so_though_the_same_interval_was_refused_since():
    ledger = ledger_of(
        entry("a", day(0), "s"), entry("a", day(0), "t", "refused", 1), entry("b", day(0), "t", "refused")
    )
    assert (ledger.published("a"), ledger.published("b"), ledger.published("c")) == (True, False, False)
    assert ledger.done("a") == {}


def test_an_unknown_job_has_settled_nothing():
    assert ledger_of().settled("a") == {}
    assert ledger_of().done("a") == {}

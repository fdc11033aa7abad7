"""What a rollback holds, in a plan: readers are given what was restored, and nobody makes it anew."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from graph_fakes import START, Memory, day, job, ledger_of, table

from headrace.graph.holds import Hold, Holding, Restored, content
from headrace.graph.job import Latest
from headrace.graph.ledger import Entry, Ledger
from headrace.graph.plan import not_ready, survey
from headrace.graph.view import View, view
from headrace.ground.interval import Interval

FEATURES = replace(job("features"), outputs=(table("old"), table("other")))
NEW = replace(FEATURES, outputs=(table("new"), table("other")), fingerprint="v2")
SCORE = replace(job("score", "new"), every=Latest())
HELD = replace(job("score"), inputs={"new": table("old")}, every=Latest())
"""What ``score`` reads once a rollback gives it the table of version 1."""
HOLD = Hold(7, "t.visits", 1, "t.old", "t.new")


def seen(graph, ledger: Ledger, days: int, holding: Holding | None = None) -> View:
    held = (holding or Holding()).after(ledger.entries)
    return view(graph, ledger, lambda asset, interval: None, day(0, days), START, holding=held)


def run(graph, ledger: Ledger, days: int, minute: int, holding: Holding | None = None) -> list[tuple[str, str, str]]:
    """Do what is due, a commit an output that is not held; what was done, and why."""
    steps = survey(graph, seen(graph, ledger, days, holding), 400).steps
    for step in steps:
        made = [one.name for one in step.job.outputs if holding is None or holding.of_output(one) is None]
        at = START + timedelta(minutes=minute)
        ledger.append(
            Entry(at, "r", step.job.name, due.interval, "done", due.stamp or "", outputs={n: str(minute) for n in made})
            for due in step.dues
        )
    return [(step.job.name, step.interval.label(), step.why) for step in steps]


def history() -> Ledger:
    """Three days by version 1, then all anew by version 2, in a table of its own."""
    ledger = ledger_of()
    run((FEATURES,), ledger, 3, minute=1)
    run((NEW, SCORE), ledger, 3, minute=2)
    return ledger


def test_a_pointer_gives_readers_the_earlier_stamps_and_leaves_the_table_out_of_later_commits() -> None:
    ledger, holding = history(), Holding((HOLD,), {"t.old": (), "t.new": ()})
    assert run((NEW, HELD), ledger, 3, 3, holding) == [
        ("score", "2017-01-03..2017-01-04", "code, contract or input changed")
    ]
    assert run((NEW, HELD), ledger, 3, 4, holding) == [], "held, and the scores are of what is held"
    found = survey((NEW, HELD), seen((NEW, HELD), ledger, 4, holding), 400)
    assert [step.why for step in found.steps] == ["new interval, t.visits held by rollback 7"]
    (missing,) = found.not_ready["score"]
    assert "UPSTREAM_HELD: score needs features for 2017-01-04..2017-01-05: t.visits held by rollback 7" in not_ready(
        "score", missing
    )
    assert "headrace rollback undo 7" in not_ready("score", missing)
    run((NEW, HELD), ledger, 4, 5, holding)
    over = Holding((), {"t.old": (), "t.new": ()})
    assert run((NEW, SCORE), ledger, 4, 6, over) == [
        ("features", "2017-01-04..2017-01-05", "t.new was rolled back"),
        ("score", "2017-01-04..2017-01-05", "new interval"),
    ]
    assert run((NEW, SCORE), ledger, 4, 7, over) == []


def test_a_restored_table_has_the_stamps_of_what_it_was_given_and_is_made_anew_only_when_the_hold_is_over() -> None:
    ledger = ledger_of()
    run((NEW,), ledger, 2, minute=1)
    restated = replace(NEW, inputs={"late": table("late")})
    late = replace(job("late"), fingerprint="a file that should not be")
    run((late, restated), ledger, 2, minute=2)
    hold, again = replace(HOLD, table="t.new"), {"t.new": (Restored(3, 1, START + timedelta(minutes=3)),)}
    assert run((late, restated), ledger, 2, 4, Holding((hold,), again)) == []
    assert run((late, restated), ledger, 2, 5, Holding((), again)) == [
        ("features", "2017-01-01..2017-01-03", "t.new was rolled back")
    ]
    assert run((late, restated), ledger, 2, 6, Holding((), again)) == []


def test_the_content_of_a_version_is_replayed_through_restores_of_restores() -> None:
    def entry(number: int, interval: Interval, stamp: str) -> Entry:
        at = START + timedelta(minutes=number)
        return Entry(at, "r", "features", interval, "done", stamp, outputs={"t.new": str(number)})

    def restored(number: int, to: int) -> Restored:
        return Restored(number, to, START + timedelta(minutes=number))

    entries = [entry(1, day(0), "a"), entry(2, day(1), "b"), entry(3, day(0), "bad"), entry(6, day(2), "c")]
    again = [restored(4, 2), restored(5, 3), restored(7, 4)]
    assert content("t.new", entries, again, 3) == {day(0): "bad", day(1): "b"}
    assert content("t.new", entries, again, 4) == {day(0): "a", day(1): "b"}
    assert content("t.new", entries, again, 6) == {day(0): "bad", day(1): "b", day(2): "c"}
    assert content("t.new", entries, again) == {day(0): "a", day(1): "b"}
    nothing = replace(entry(8, day(3), "d"), outputs={"t.new": "7"})
    assert content("t.new", [*entries, nothing], again)[day(3)] == "d", "an interval without rows makes no commit"


def test_the_ledger_keeps_a_held_output_out_of_what_a_table_has() -> None:
    ledger = Ledger(Memory())
    run((NEW,), ledger, 1, 1)
    run((NEW,), ledger, 2, 2, Holding((replace(HOLD, table="t.new"),), {"t.new": ()}))
    assert set(content("t.new", ledger.entries, ())) == {day(0)}
    assert set(content("t.other", ledger.entries, ())) == {day(0), day(1)}


def test_a_job_whose_outputs_are_all_held_is_not_run_and_is_made_good_afterwards() -> None:
    """A rollback of a run holds a table by table: ``low`` and what is made of it got back what they had after the first minute."""
    low, high = job("low"), job("high", "low")
    graph, ledger = (low, high), ledger_of()
    assert [name for name, _, _ in run(graph, ledger, 2, 1)] == ["low", "high"]
    worse = (replace(low, fingerprint="bad"), high)
    assert [name for name, _, _ in run(worse, ledger, 2, 2)] == ["low", "high"]
    again = {name: (Restored(3, 1, START + timedelta(minutes=3)),) for name in ("t.low", "t.high")}
    holds = tuple(Hold(8, name, 0, name, name, release="first") for name in again)
    assert run(worse, ledger, 3, 4, Holding(holds, again)) == [], "neither what is behind nor the third day"
    assert Holding(holds, again).version_read("t.low") is None, "no version of a contract is meant"
    lifted = Holding((), again)
    assert [(name, label) for name, label, _ in run(worse, ledger, 3, 5, lifted)] == [
        ("low", "2017-01-01..2017-01-04"),
        ("high", "2017-01-01..2017-01-04"),
    ]
    assert run(worse, ledger, 3, 6, lifted) == []

"""What the histories of tables prove, and what they do not."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from graph_fakes import START, day, entry, job, ledger_of, table
from test_plan import GRAPH, seen, settle

from headrace.graph.job import Each
from headrace.graph.ledger import RESTORED
from headrace.graph.origin import Origin
from headrace.graph.plan import plan
from headrace.graph.proof import History, Unproven, identity, lost, proven
from headrace.graph.view import view
from headrace.ground.interval import DAY, Interval
from headrace.tables.log import Commit

TWO = replace(job("ingest", contracts={"source shop": 3}, fingerprint="f"), outputs=(table("events"), table("tally")))
FIRST, SECOND = "t.events", "t.tally"


def step_over(days, graph=(TWO,)):
    (step,) = plan(graph, seen(graph, ledger_of(), day(0, days)), 400)
    return step


def commit(version, output, step, minute=1, rows=None, **more):
    """A commit of one output, a minute number after the start; the step began half a minute before the first."""
    note = identity(step, {"zone": "7"}, step.job.outputs) | {"output": output, "run_id": "run-1"}
    note |= {"began": (START + timedelta(seconds=30)).isoformat()} | more
    return Commit(version, START + timedelta(minutes=minute), "WRITE", note, rows)


def histories(events, tally):
    return (History(FIRST, tuple(events)), History(SECOND, tuple(tally)))


def test_a_step_over_two_days_is_two_entries_as_a_run_writes_them_down():
    step = step_over(2)
    stamps = list(step.stamps.values())
    found = proven(histories([commit(4, FIRST, step, rows=20)], [commit(9, SECOND, step, 2, rows=2)]))
    one = replace(
        entry("ingest", day(0), stamps[0], minute=2, origin=Origin("f", {"source shop": 3}, {"zone": None})),
        seconds=90.0, rows_out=22, intervals=2, outputs={FIRST: "4", SECOND: "9"}, note=RESTORED,
    )  # fmt: skip
    assert found.entries == (one, replace(one, interval=day(1), stamp=stamps[1]))
    assert found.unproven == ()
    assert json.loads(commit(4, FIRST, step).note["outputs"]) == [FIRST, SECOND]


def test_a_step_that_was_killed_between_two_commits_is_not_done():
    step = step_over(1)
    found = proven(histories([commit(4, FIRST, step)], []))
    assert (found.entries, found.unproven) == ((), (Unproven("ingest", step.interval.label(), SECOND),))


def test_an_output_in_which_nothing_replaced_nothing_is_proven_by_the_one_after_it():
    step = step_over(1)
    (found,) = proven(histories([], [commit(9, SECOND, step)])).entries
    assert found.outputs == {SECOND: "9"}


def test_of_two_attempts_each_needs_its_own_commits():
    """The first attempt failed before the second commit; the second one did both."""
    step = step_over(1)
    again = (START + timedelta(minutes=5)).isoformat()
    first = commit(1, FIRST, step)
    second = [commit(2, FIRST, step, 6, began=again), commit(0, SECOND, step, 7, began=again)]
    found = proven(histories([first, second[0]], [second[1]]))
    assert [one.outputs for one in found.entries] == [{FIRST: "2", SECOND: "0"}]
    assert [one.output for one in found.unproven] == [SECOND]


def test_a_log_that_was_cleaned_since_is_no_evidence_against_a_step():
    step = step_over(1)
    later = Commit(30, START + timedelta(days=40), "WRITE")
    (found,) = proven(histories([commit(4, FIRST, step)], [later])).entries
    assert found.outputs == {FIRST: "4"}
    whole = Commit(0, START, "WRITE")
    assert proven(histories([commit(4, FIRST, step)], [later, whole])).entries == (), "nothing was cleaned"


def test_commits_of_before_stamps_were_kept_and_of_others_prove_nothing():
    step = step_over(1)
    old = commit(4, FIRST, step)
    old = replace(old, note={name: said for name, said in old.note.items() if name != "stamps"})
    others = Commit(5, START, "OPTIMIZE")
    assert proven(histories([old, others], [])) == proven(())


def test_a_part_of_a_table_is_known_by_its_name():
    parts = tuple(replace(table("q"), part=("source", name)) for name in ("x", "y"))
    one = replace(TWO, outputs=parts)
    step = step_over(1, (one,))
    both = [commit(1, "t.q[x]", step), commit(2, "t.q[y]", step)]
    (found,) = proven([History("t.q", tuple(both))]).entries
    assert found.outputs == {"t.q[x]": "1", "t.q[y]": "2"}
    assert [one.output for one in proven([History("t.q", (both[0],))]).unproven] == ["t.q[y]"]


def test_only_what_a_ledger_lacks_is_lost_and_with_it_restored_nothing_is_due():
    done = settle(GRAPH, day(0, 3))
    commits = {}
    for number, step in enumerate(plan(GRAPH, seen(GRAPH, ledger_of(), day(0, 3)), 400)):
        output = step.job.outputs[0].name
        commits[output] = [commit(0, output, step, number + 1)]
    found = proven(History(name, tuple(made)) for name, made in commits.items())
    assert plan(GRAPH, seen(GRAPH, ledger_of(*lost(found, ())), day(0, 3)), 400) == ()
    assert lost(found, done.entries) == ()
    part = [one for one in done.entries if one.job != "tiles"]
    assert {one.job for one in lost(found, part)} == {"tiles"}


def test_intervals_that_are_not_equally_long_come_back_as_they_were():
    """Three days of London about the change of clocks: 24, 23 and 24 hours."""
    local = replace(TWO, every=Each(DAY, "Europe/London"))
    start = datetime(2017, 3, 25, tzinfo=UTC)
    asked = Interval(start, start + 3 * DAY)
    (step,) = plan((local,), view((local,), ledger_of(), lambda *_: None, asked, start), 400)
    note = identity(step, {}, local.outputs)
    assert note["cuts"] == "2017-03-26,2017-03-26T23:00:00+00:00"
    found = proven(histories([commit(4, FIRST, step)], [commit(9, SECOND, step, 2)]))
    assert [one.interval for one in found.entries] == list(local.every.cut(asked))
    assert {one.interval: one.stamp for one in found.entries} == step.stamps
    done = ledger_of(*found.entries)
    assert plan((local,), view((local,), done, lambda *_: None, asked, start), 400) == (), "with it nothing is due"
    assert "cuts" not in identity(step_over(3), {}, TWO.outputs), "equal days need none, as before"

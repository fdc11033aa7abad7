"""Write, audit, publish in a run without Spark: what becomes of a job whose rows are refused, and of those around it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from fake_run import Commits, doing, fake_run
from graph_fakes import START, day, entry, job, ledger_of

from headrace.contracts.expectation import rows_at_least
from headrace.graph import publish as publishing
from headrace.graph.job import At, Job, Receipt
from headrace.graph.plan import due
from headrace.graph.view import view
from headrace.ground.interval import Interval
from headrace.profile.audit import Audit, Broken
from headrace.tables.spec import Table

EXPECTS = (rows_at_least(2),)


@dataclass
class Stage:
    """In place of ``Staging``: rows are a number, and what is done to them is written down."""

    store: Commits
    job: str
    interval: Interval
    log: list[str] = field(default_factory=lambda: LOG)

    def clear(self, tables: tuple[Table, ...]) -> None:
        self.log.append("clear " + " ".join(table.name for table in tables))

    def write(self, table: Table, value: int, at: At, identity: Any) -> int:
        assert identity["output"] == table.name
        self.log.append(f"stage {table.name}")
        return value

    def publish(self, table: Table, at: At, identity: Any) -> Receipt:
        self.log.append(f"publish {table.name}")
        return self.store.commit(table, None, at, identity)

    def refuse(self, table: Table, why: str) -> None:
        self.log.append(f"refuse {table.name}: {why}")

    def path(self, table: Table) -> str:
        return f"staged/{table.name}"


LOG: list[str] = []


@pytest.fixture(autouse=True)
def _staged(monkeypatch: pytest.MonkeyPatch) -> None:
    LOG.clear()
    monkeypatch.setattr(publishing, "Staging", Stage)
    monkeypatch.setattr(publishing, "audit", judged)


def judged(rows: int, expectations: Any, table: str) -> Audit:
    (expectation,) = expectations
    return Audit(rows, () if rows >= expectation.low else (Broken(expectation, rows),))


def making(name: str, rows: int, *reads: str, beside: int | None = None) -> Job:
    """A job that makes so many rows of a table that expects two; ``beside``: of another one too."""
    tables = [Table(f"t.{one}", one, expects=EXPECTS) for one in (name, *([f"{name}2"] if beside is not None else []))]
    made = dict(zip(tables, (rows, beside), strict=False))
    inputs = {read: Table(f"t.{read}", read) for read in reads}

    def run(inputs: Any, at: At, project: Any) -> Any:
        """Makes them."""
        return made

    return Job(name, run, inputs=inputs, outputs=tuple(tables))


def test_rows_as_expected_are_staged_judged_and_published() -> None:
    faked = fake_run(making("a", 2), days=1)
    assert faked.go() == 0
    assert LOG == ["clear t.a", "stage t.a", "publish t.a", "clear t.a"]
    assert [one.state for one in faked.ledger.entries] == ["done"]


def test_what_expects_nothing_is_committed_as_ever() -> None:
    faked = fake_run(doing("a", lambda at: 0), days=1)
    assert faked.go() == 0
    assert (LOG, faked.commits.made) == ([], [("t.a", day(0))])


def test_refused_rows_publish_nothing_of_their_step_skip_what_is_below_and_leave_siblings_alone() -> None:
    bad, below = making("a", 1, beside=5), doing("b", lambda at: 0, "a")
    further, sibling = doing("c", lambda at: 0, "b"), doing("d", lambda at: 0)
    faked = fake_run(bad, below, further, sibling, days=1)
    assert faked.go() == 3
    assert {name: result.state for name, result in faked.run.results.items()} == {
        "a": "refused", "b": "skipped", "c": "skipped", "d": "done",
    }  # fmt: skip
    assert faked.commits.made == [("t.d", day(0))]
    assert LOG == [
        "clear t.a t.a2",
        "stage t.a",
        "stage t.a2",
        "refuse t.a: expected at least 2 rows; seen 1 rows",
        "refuse t.a2: held back with t.a",
    ]
    said = str(faked.run.results["a"].error)
    assert said.startswith(
        "ROWS_REFUSED: a, 2017-01-01..2017-01-02: rows are held back. t.a: expected at least 2 rows; seen 1 rows\n"
    )
    assert "headrace table staged (those of t.a lie at staged/t.a," in said
    (refused,) = (one for one in faked.ledger.entries if one.state == "refused")
    assert (refused.withheld, refused.stamp, refused.outputs) == (True, "", {})
    assert refused.note == said.partition("\n")[0]


def test_descendants_are_skipped_although_something_was_published_before() -> None:
    """Unlike after a refused candidate: rows of this interval are missing, and a champion's successor is not."""
    rows = [2]
    first = doing("b", lambda at: 0, "a")
    changing = making("a", 0)
    tables = changing.outputs

    def run(inputs: Any, at: At, project: Any) -> Any:
        """As many as there are now."""
        return {tables[0]: rows[0]}

    faked = fake_run(Job("a", run, inputs={}, outputs=tables), first, days=1)
    assert faked.go() == 0
    rows[0] = 1
    faked.run.look = _forced(faked)
    faked.run.results.clear()
    assert faked.go() == 3
    assert faked.run.results["b"].state == "skipped"


def _forced(faked: Any) -> Any:
    jobs, ledger = faked.run.jobs, faked.ledger
    return lambda: view(jobs, ledger, lambda *_: None, day(0), START, forced=("a",))


def test_the_next_run_tries_again_and_says_why_until_the_interval_is_settled() -> None:
    ledger, a = ledger_of(), job("a")

    def look() -> Any:
        return view((a,), ledger, lambda *_: None, day(0), START)

    (fresh,), _ = due(a, look())
    ledger.append([entry("a", day(0), "", "refused")])
    (again,), missing = due(a, look())
    assert (again.why, missing) == ("its rows were refused in run run-1", ())
    ledger.append([entry("a", day(0), fresh.stamp or "", minute=1)])
    assert due(a, look()) == ((), ())
    assert ledger.withheld("a") == {}


def test_where_what_is_published_is_what_is_asked_for_again_nothing_is_due() -> None:
    """A contract was changed, its rows refused, and the change taken back."""
    ledger, a, changed = ledger_of(), job("a", fingerprint="one"), job("a", fingerprint="two")
    (fresh,), _ = due(a, _day(ledger, a))
    ledger.append([entry("a", day(0), fresh.stamp or "", origin=fresh.origin)])
    (tried,), _ = due(changed, _day(ledger, changed))
    ledger.append([entry("a", day(0), "", "refused", minute=1, origin=tried.origin)])
    assert due(changed, _day(ledger, changed))[0][0].why == "its rows were refused in run run-1"
    assert due(a, _day(ledger, a)) == ((), ())


def _day(ledger: Any, *jobs: Job, forced: tuple[str, ...] = ()) -> Any:
    return view(jobs, ledger, lambda *_: None, day(0), START, forced=forced)


def test_what_was_asked_for_anew_and_refused_is_owed_until_it_is_published() -> None:
    """Of the same contracts and inputs: code alone had changed, and a stamp does not tell that."""
    rows, below = [2], doing("b", lambda at: 0, "a")
    changing = making("a", 0)

    def run(inputs: Any, at: At, project: Any) -> Any:
        """As many as the code of now makes."""
        return {changing.outputs[0]: rows[0]}

    faked = fake_run(Job("a", run, inputs={}, outputs=changing.outputs), below, days=1)
    jobs, ledger = faked.run.jobs, faked.ledger
    assert faked.go() == 0
    rows[0] = 1
    for forced in (("a",), ()):
        faked.run.look = lambda forced=forced: _day(ledger, *jobs, forced=forced)
        faked.run.results.clear()
        assert faked.go() == 3, "asked for, and again by itself"
        assert [one.why for one in due(jobs[0], _day(ledger, *jobs))[0]] == [
            f"its rows were refused in run {faked.run.run_id}"
        ]
    assert set(ledger.done("a")) == {day(0)}, "what was published before still counts for what is below"
    rows[0] = 3
    faked.run.results.clear()
    assert faked.go() == 0
    assert due(jobs[0], _day(ledger, *jobs)) == ((), ())
    assert ledger.withheld("a") == {}


def test_a_second_change_that_is_refused_too_does_not_let_the_first_be_forgotten() -> None:
    ledger, a, changed = ledger_of(), job("a", fingerprint="one"), job("a", fingerprint="two")
    (fresh,), _ = due(a, _day(ledger, a))
    (tried,), _ = due(changed, _day(ledger, changed))
    ledger.append([entry("a", day(0), fresh.stamp or "", origin=fresh.origin)])
    for minute, origin in ((1, fresh.origin), (2, tried.origin)):
        ledger.append([entry("a", day(0), "", "refused", minute=minute, origin=origin)])
    assert [one.why for one in due(a, _day(ledger, a))[0]] == ["its rows were refused in run run-1"]


def test_a_refused_gate_settles_as_ever() -> None:
    ledger = ledger_of(entry("a", day(0), "stamp", "refused"))
    assert set(ledger.settled("a")) == {day(0)}
    assert ledger.withheld("a") == {}

"""The ledger: append-only steps, from which it can be read who was champion when."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from headrace.ground.asset import At
from headrace.ground.interval import Interval
from headrace.release.decisions import (
    DECISIONS,
    SCHEMA,
    Decision,
    champion_as_of,
    changes,
    pending,
    read_decisions,
    record,
    record_verdict,
)

NOON = datetime(2017, 10, 2, 12, tzinfo=UTC)


class ListedRows:
    """The ledger's port over a list."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def read_rows(self, table: Any) -> list[dict[str, Any]]:
        assert table is DECISIONS
        return [dict(row) for row in reversed(self.rows)]  # a table has no order

    def append_rows(self, table: Any, rows: list[dict[str, Any]], schema: str) -> None:
        assert table is DECISIONS
        assert [column.split()[0] for column in schema.split(", ")] == list(rows[0])
        self.rows += rows


def at(hours: int, run_id: str = "r") -> At:
    return At(Interval(NOON - timedelta(days=1), NOON), run_id, NOON + timedelta(hours=hours), 7)


def step(kind: str, version: str, state: str, before: str | None = None, seq: int = 0, model: str = "m") -> Decision:
    return Decision(seq, NOON, "", kind, model, version, before, state, "because", "{}")  # type: ignore[arg-type]


def test_a_step_is_stamped_by_at_and_numbered() -> None:
    rows = ListedRows()
    intent = record(rows, at(1, "r1"), step("promote", "1", "intent"))
    done = record(rows, at(2, "r2"), step("promote", "1", "done", seq=intent.seq))
    later = record(rows, at(3), step("promote", "2", "intent", "1"))
    assert [(s.seq, s.state, s.run_id) for s in read_decisions(rows)] == [
        (1, "intent", "r1"), (1, "done", "r2"), (2, "intent", "r")
    ]  # fmt: skip
    assert (done.at, later.at) == (NOON + timedelta(hours=2), NOON + timedelta(hours=3))
    assert SCHEMA.startswith("seq BIGINT, at TIMESTAMP, run_id STRING")


def test_who_was_champion_when() -> None:
    rows = ListedRows()
    for hour, version in ((1, "1"), (5, "2"), (9, "1")):
        intent = record(rows, at(hour), step("promote", version, "intent"))
        record(rows, at(hour), step("promote", version, "done", seq=intent.seq))
    record(rows, at(10), step("promote", "3", "intent"))
    record(rows, at(0), step("promote", "8", "done", model="another"))
    history = read_decisions(rows, "m")
    seen = [champion_as_of(history, NOON + timedelta(hours=hour)) for hour in (0, 1, 4, 5, 11)]
    assert seen == [None, "1", "1", "2", "1"]
    assert [change.version for change in changes(history)] == ["1", "2", "1"]
    left_open = pending(history)
    assert left_open is not None
    assert left_open.version == "3"


def test_a_verdict_is_recorded_once_a_run_and_changes_no_champion() -> None:
    rows = ListedRows()
    once, again = (record_verdict(rows, at(1), "m", "1", False, "too poor", '{"auc":0.6}') for _ in range(2))
    assert once == again
    assert (once.state, len(rows.rows)) == ("refused", 1)
    assert record_verdict(rows, at(2, "other"), "m", "1", True, "good", "{}").state == "done"
    assert changes(read_decisions(rows)) == ()

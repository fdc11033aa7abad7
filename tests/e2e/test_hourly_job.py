"""Jobs of hours: late hours before early ones, in chunks, stopped and gone on with; each hour is there, and once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import hours
import pytest

from headrace.graph.ledger import LEDGER
from headrace.tables.log import actions_of
from headrace.tables.store import Store

pytestmark = [pytest.mark.spark, pytest.mark.e2e]


def test_a_backfill_in_chunks_goes_on_where_it_stopped_and_leaves_no_hour_out(
    spark: Any, tmp_path: Path, capsys: Any
) -> None:
    """Later hours are committed first: a writer that numbered its transactions by interval would lose the earlier ones."""
    from headrace.cli import main

    root = hours.make_project(tmp_path / "hours")
    store = Store(spark, root / "home/warehouse")

    def run(*words: str) -> int:
        return main(["run", "--project", str(root), *words])

    assert run("hours", "--from", "2024-03-02T16:00", "--run-id", "late") == 0
    (root / "stop").write_text("2024-03-01T16", encoding="utf-8")
    assert run("--run-id", "stopped") == 1
    (root / "stop").unlink()
    assert run("--run-id", "goes-on") == 0

    done = [row for row in store.read_rows(LEDGER) if row["state"] == "done" and row["job"] == "hours"]
    counted = {run: sum(row["run_id"] == run for row in done) for run in ("late", "stopped", "goes-on")}
    assert counted == {"late": 8, "stopped": 16, "goes-on": 24}
    assert max(row["intervals"] for row in done) == 8, "engine.most_intervals"
    rows = store.load(hours_table("hours")).selectExpr("unix_timestamp(hour) / 3600 AS hour", "number").collect()
    assert sorted((row["hour"], row["number"]) for row in rows) == [(n, n) for n in range(474792, 474792 + 48)]
    halves = store.load(hours_table("halves")).selectExpr("CAST(over AS STRING) AS over", "hours").collect()
    ends = ("2024-03-01 12:00:00", "2024-03-02 00:00:00", "2024-03-02 12:00:00", "2024-03-03 00:00:00")
    assert sorted(tuple(row) for row in halves) == [(over, 12) for over in ends]
    days = store.load(hours_table("days")).selectExpr("CAST(day AS STRING) AS day", "hours").collect()
    assert sorted(tuple(row) for row in days) == [("2024-03-01", 24), ("2024-03-02", 24)]
    local = store.load(hours_table("local")).selectExpr("CAST(begun AS STRING) AS begun", "hours").collect()
    assert [tuple(row) for row in local] == [("2024-03-01 18:30:00", 24)], (
        "the one day of Kolkata that lies in the span"
    )
    assert transactions(root) == [], "no commit carries a transaction of which Delta would skip a lower version"

    capsys.readouterr()
    assert run("--run-id", "nothing") == 0
    assert "Everything is up to date" in capsys.readouterr().out
    assert run("hours", "--from", "2024-03-01T05:00", "--to", "2024-03-01T07:00", "--full-refresh") == 0
    assert store.load(hours_table("hours")).count() == 48, "two hours were replaced, and no other"


def hours_table(name: str) -> Any:
    from headrace.tables.spec import Table

    return Table(f"own.{name}", name)


def transactions(root: Path) -> list[Any]:
    """Delta's ``txn`` actions in the logs of all tables."""
    logs = sorted((root / "home/warehouse").glob("*/*/_delta_log/*.json"))
    assert len(logs) > 10
    return [action for log in logs for action in actions_of(log) if "txn" in action]

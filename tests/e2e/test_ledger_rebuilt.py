"""The ledger of a small project is deleted, and restored from the histories of its tables.

Short form: tests/unit/graph/test_proof.py.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny

pytestmark = [pytest.mark.spark, pytest.mark.e2e, pytest.mark.dear]


def test_a_lost_ledger_is_restored_and_nothing_is_due_but_what_was(
    spark: Any, call: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    root = tiny.make_project(tmp_path / "tiny", days=4)
    words = ("--set", "span.to=2024-03-05", "--project", str(root))
    assert call("run", "--to", "2024-03-04", *words)[0] == 0
    assert call("run", *words)[0] == 0
    ledger = spark.read.format("delta").load(str(root / "home/warehouse/ops/ledger")).collect()
    before = tiny.hashes(spark, root)
    assert {row["origin"] is not None for row in ledger} == {True}

    shutil.rmtree(root / "home/warehouse/ops/ledger")
    status, said = call("ledger", "rebuild", "--dry-run", *words)
    assert (status, "12 entries would be restored." in said) == (0, True), said
    assert "never done" in call("plan", *words)[1], "nothing was written"
    status, said = call("ledger", "rebuild", *words)
    assert (status, "12 entries were restored." in said) == (0, True), said
    assert "The ledger has all that the tables prove." in call("ledger", "rebuild", *words)[1]
    status, said = call("run", *words)
    assert (status, "Everything is up to date" in said) == (0, True), said
    assert tiny.hashes(spark, root) == before

    again = spark.read.format("delta").load(str(root / "home/warehouse/ops/ledger")).collect()
    said_of = [
        {(row["run_id"], row["job"], row["start"], row["stamp"], row["rows_out"], row["intervals"]) for row in rows}
        for rows in (ledger, again)
    ]
    assert said_of[0] == said_of[1]
    outputs = {(row["job"], row["start"]): json.loads(row["outputs"]) for row in again}
    for row in ledger:
        kept = outputs[row["job"], row["start"]]
        assert kept.items() <= json.loads(row["outputs"]).items(), "an output with no commit of its own is left out"

    shutil.rmtree(root / "home/warehouse/tiles/visits")
    (root / "home/landing/visits/2024-03-03/late.json").write_text(tiny.visit(500, 2, 1) + "\n", encoding="utf-8")
    status, said = call("plan", "--json", "--slots", "4", *words)
    assert status == 0, said
    told, _ = json.JSONDecoder().raw_decode(said)
    steps = {(step["job"], step["from"]): step for step in told["plan"]["steps"]}
    assert {step["why"] for (name, _), step in steps.items() if name == "ingest_events"} == {
        "late data of visits for these days"
    }
    (tiles,) = [step for (name, _), step in steps.items() if name == "build_tiles"]
    assert tiles["why"] == "output missing: tiles.visits, ingest_events will be made anew"
    assert tiles["reads"] == {"raw.events_visits": "to be made"}
    assert tiles["seconds"] > 0
    assert [one["slots"] for one in told["plan"]["makespans"]] == [2, 4]
    assert told["jobs"][0]["name"] == "ingest_events"
    assert call("run", *words)[0] == 0
    assert "everything is up to date" in call("plan", *words)[1]

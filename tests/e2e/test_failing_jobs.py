"""A job that Spark fails is a failed job of its run: siblings go on, what is below is skipped, the ledger is true, no trace."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import tiny

from headrace.graph.ledger import LEDGER
from headrace.tables.store import Store

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
GRAPH = '''\
"""A graph of the tiny project, with a job whose Python workers die."""

import os

from headrace.graph.job import Job, Once
from headrace.jobs import build_features, build_tiles, ingest_events
from headrace.tables.spec import Table

DEAD, BELOW, BESIDE = (Table(f"own.{name}", name) for name in ("dead", "below", "beside"))


def die(batches):
    os._exit(1)
    yield


def dead(inputs, at, project):
    """Its workers die."""
    return at.spark.range(1).mapInPandas(die, "id long")


def copied(inputs, at, project):
    """Copies its input."""
    return inputs.rows


def fine(inputs, at, project):
    """Depends on nothing."""
    return at.spark.range(3).toDF("id")


def graph(project):
    once = Once(project.span)
    own = (
        Job("dead", dead, inputs={}, outputs=(DEAD,), every=once),
        Job("below", copied, inputs={"rows": DEAD}, outputs=(BELOW,), every=once),
        Job("beside", fine, inputs={}, outputs=(BESIDE,), every=once),
    )
    return (*own, *(part.job(project) for part in (ingest_events, build_tiles, build_features)))
'''
TOO_GREAT = """\
  - name: most
    meaning: m
    aggregate: max
    expression: cast(paid as int) * 2147483647
    windows: [3d]
"""


def test_a_died_worker_and_an_overflow_in_a_formula_fail_their_jobs_and_nothing_else(
    spark: Any, call: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    root = tiny.make_project(tmp_path, days=0)
    tiny.land(root, tiny.START + timedelta(days=1), "a", [tiny.visit(n, 1, n, paid="4711.25") for n in range(3)])
    (root / "tiny_graph.py").write_text(GRAPH, encoding="utf-8")
    contract = root / "conf/contracts/features/visiting.yaml"
    contract.write_text(contract.read_text(encoding="utf-8") + TOO_GREAT, encoding="utf-8")
    tiny.agree(root)
    status, said = call("run", "--project", str(root), "--run-id", "r")
    assert status == 1, said
    line = contract.read_text(encoding="utf-8").splitlines().index("    expression: cast(paid as int) * 2147483647") + 1
    failed = f"FORMULA_FAILED: feature t.visiting.most.expression ({contract}:{line}): a value does not fit"
    assert f"build_tiles: {failed} (ARITHMETIC_OVERFLOW), in CAST(`paid` AS INT) * 2147483647" in said
    assert "dead: tried again after WORKER_DIED: a Python worker of Spark died: " in said
    assert "dead: WORKER_DIED: a Python worker of Spark died: SparkException: Python worker exited unexpectedly" in said
    assert "Traceback" not in said
    assert "\tat " not in said
    assert "4711" not in said, "no value of a row"
    ledger = Store(spark, root / "home/warehouse").read_rows(LEDGER)
    states = {row["job"]: row["state"] for row in ledger}
    assert states == {"dead": "failed", "build_tiles": "failed", "beside": "done", "ingest_events": "done"}
    notes = {row["job"]: row["note"] for row in ledger if row["state"] == "failed"}
    assert notes["build_tiles"].startswith(failed)
    assert all("\tat " not in note for note in notes.values())
    failed_after = {row["job"]: row["seconds"] for row in ledger if row["state"] == "failed"}
    assert all(seconds > 0 for seconds in failed_after.values())
    page = root / "home/reports/runs/r.html"
    assert f"Timeline: {page}" in said
    assert "<td>FORMULA_FAILED</td>" in page.read_text(encoding="utf-8")
    status, shown = call("status", "r", "--project", str(root))
    lines = {text.split()[0]: text for text in shown.splitlines() if ".." in text and "+" in text}
    assert (status, "failed" in lines["dead"], "█" in lines["build_tiles"]) == (0, True, True), shown
    for skipped, above in (("below", "dead"), ("build_features", "build_tiles")):
        assert any(text.split()[:2] == [skipped, "skipped"] and f"{above} failed" in text for text in said.splitlines())

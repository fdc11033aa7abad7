"""Semantics 18: values of personal columns, keys among them, stand in tables and nowhere else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from agreed import agree
from tiny_training import PLANTED

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
Call = Callable[..., tuple[int, str]]


def repeats(text: str | bytes) -> list[str]:
    """Which of the planted values stand in a text."""
    found = text if isinstance(text, bytes) else text.encode()
    return [value for value in PLANTED if value.encode() in found]


def files(folder: Path) -> Iterator[Path]:
    """All files but those of tables' rows and of the landing zone."""
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        rows = inside[0] in ("landing", "warehouse") and "_delta_log" not in inside
        if path.is_file() and not rows:
            yield path


def test_what_a_run_leaves_beside_its_tables_holds_none(spark: Any, call: Call, trained: Any, tmp_path: Path) -> None:
    """Delta's logs with their statistics, MLflow's database and files, reports, notes of any kind."""
    assert repeats(trained.said) == []
    looked = list(files(trained.root / "home"))
    kinds = {path.relative_to(trained.root / "home").parts[0] for path in looked}
    assert {"warehouse", "mlflow", "reports"} <= kinds
    assert any(path.name == "model.json" for path in looked)
    assert {str(path): found for path in looked if (found := repeats(path.read_bytes()))} == {}
    ledger = spark.read.format("delta").load(str(trained.root / "home/warehouse/ops/ledger")).toJSON().collect()
    decisions = spark.read.format("delta").load(str(trained.root / "home/warehouse/ops/decisions")).toJSON().collect()
    profile = spark.read.format("delta").load(str(trained.root / "home/warehouse/monitor/profile")).toJSON().collect()
    for rows in (ledger, decisions, profile):
        assert rows
        assert repeats("\n".join(rows)) == []


def test_what_commands_print_holds_none_but_where_raw_text_is_asked_for(
    call: Call, trained: Any, tmp_path: Path
) -> None:
    project = ("--project", str(trained.root))
    page = tmp_path / "catalog.html"
    said = [
        call(*words, *project)
        for words in (
            ("catalog", "--output", str(page)), ("status",), ("plan", "--full-refresh"), ("quarantine", "show", "--rows", "9"),
            ("table", "show", "raw.events_visits"), ("feature", "list"), ("feature", "show", "paid"), ("training-set", "list"),
            ("quarantine", "replay", "--rule", "has_mail", "--dry-run"),
        )
    ]  # fmt: skip
    assert [status for status, _ in said] == [0] * len(said), said
    assert repeats("\n".join(text for _, text in said) + page.read_text(encoding="utf-8")) == []
    status, told = call("quarantine", "show", "--raw", "--rows", "9", *project)
    assert (status, repeats(told)) == (0, list(PLANTED)), "the rows are there, and are shown where they are asked for"


@pytest.mark.parametrize("more", [[], ["--verbose"]])
def test_an_error_over_rows_repeats_no_value(
    spark: Any, capfd: pytest.CaptureFixture[str], trained: Any, copy: Path, more: list[str]
) -> None:
    """A rule that cannot be computed on what landed is named; Spark's message quotes the value, in the JVM's log too."""
    from headrace.cli import main

    path = copy / "conf/contracts/events/visits.yaml"
    text = path.read_text(encoding="utf-8")
    assert "mail like '%@%'" in text
    path.write_text(text.replace("mail like '%@%'", "cast(name as bigint) > 0"), encoding="utf-8")
    agree(copy)
    status = main([*more, "run", "ingest_events", "--project", str(copy)])
    captured = capfd.readouterr()
    assert status == 1
    line = text.partition("mail like '%@%'")[0].count("\n") + 1
    rule = f"rule visits.has_mail ({path}:{line})"
    assert rule in captured.out
    assert ("The value (hidden) of the type" in captured.out + captured.err) == bool(more)
    assert repeats(captured.out + captured.err) == []
    assert {str(path) for path in files(copy / "home") if repeats(path.read_bytes())} == set()
    ledger = spark.read.format("delta").load(str(copy / "home/warehouse/ops/ledger")).where("state = 'failed'")
    (note,) = (row["note"] for row in ledger.collect())
    assert note.startswith(f"FORMULA_FAILED: {rule}")
    assert repeats(note) == []

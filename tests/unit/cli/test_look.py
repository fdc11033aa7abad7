"""The commands that look, on a project that never ran: they answer in words, and start no Spark."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
from calling import Command, command, refuse_sessions
from whole_project import copy_project


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("demo"), {})


@pytest.fixture
def call(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command on the project: (exit status, what it said). Opening a session is an error."""
    refuse_sessions(monkeypatch)
    return command(capsys, "--project", str(folder))


def test_tables_are_listed_before_they_are_made(call: Command) -> None:
    status, said = call("table", "list")
    assert status == 0
    for table in ("raw.events_shop_events", "features.customer_activity", "scores.lapse_risk", "ops.ledger"):
        assert re.search(rf"^{re.escape(table)} .* never ", said, flags=re.MULTILINE), table
    assert "Nothing was run yet. Next: headrace run --env local" in said


def test_a_table_is_shown_with_columns_sensitivity_and_readers(call: Command) -> None:
    status, said = call("table", "show", "raw.events_shop_events")
    assert status == 0
    assert re.search(r"household_id +bigint +– +personal +Who did it\.", said)
    assert re.search(r"value +decimal\(10,2\) +USD +internal +Money paid", said)
    assert re.search(r"event_key +string +– +key +internal +What makes the event one", said)
    assert re.search(r"written by +ingest_events", said)
    assert re.search(r"read by +jobs build_tiles, build_training_set, monitor", said)
    assert re.search(r"partitions +event_date", said)
    assert "never: nothing has made it yet; headrace run +ingest_events --env local" in said


def test_a_table_of_headraces_own_is_told_before_it_is_made(call: Command) -> None:
    status, said = call("table", "show", "ops.ledger")
    assert status == 0
    assert re.search(r"seconds +double +s +internal +How long the step took\.", said)
    assert re.search(r"read by +command plan, run and status", said)
    said = call("table", "show", "training.lapse_risk")[1]
    assert re.search(r"spend_28d +decimal\(19,2\) +USD +internal +Money spent", said)
    assert "active_days_7d" not in said, "only what the model takes is in it"


def test_a_history_that_does_not_exist_is_said(call: Command) -> None:
    status, said = call("table", "history", "scores.lapse_risk")
    assert (status, "scores.lapse_risk was never made" in said) == (0, True)


@pytest.mark.parametrize("table", ["scores.lapse_risk", "ops.ledger"])
def test_a_hash_of_what_was_never_made_says_what_to_run(call: Command, table: str) -> None:
    status, said = call("table", "hash", table)
    assert status == 4
    assert "TABLE_MISSING" in said
    assert "headrace run" in said


@pytest.mark.parametrize("command", ["show", "history", "hash"])
def test_a_wrong_table_gets_the_nearest(call: Command, command: str) -> None:
    status, said = call("table", command, "raw.quarantin")
    assert status == 2
    assert "Did you mean 'raw.quarantine'?" in said


def test_features_are_listed_and_filtered(call: Command) -> None:
    status, said = call("feature", "list", "--source", "households")
    assert status == 0
    assert re.search(r"^household_profile\.age +all +Age band .*\[personal\].* never", said, flags=re.MULTILINE)
    assert "customer_activity" not in said
    assert "2 of 21 features" in said
    assert "2 of 21 features" in call("feature", "list", "--owner", "data-platform@example.com")[1]
    assert "21 of 21 features" in call("feature", "list", "--entity", "household_id")[1]


def test_a_wrong_filter_gets_the_nearest(call: Command) -> None:
    status, said = call("feature", "list", "--source", "housholds")
    assert status == 2
    assert "Did you mean 'households'?" in said


def test_a_feature_is_shown_with_its_computation_and_its_lines(call: Command) -> None:
    status, said = call("feature", "show", "spend_28d")
    assert status == 0
    assert "INTERVAL '28' DAY" in said, "the column that was asked for"
    assert 'headrace.open().features("customer_activity").select("household_id", "as_of", "spend_7d"' in said
    assert "features/customer_activity`" in said
    assert "model lapse_risk (spend_7d, spend_28d, spend_90d)" in said
    assert "version 3, fingerprint" in said
    assert re.search(r"3 +since 2026-11-25, holds +First entry\. +the first that was agreed", said)
    assert "conf/contracts/features/customer_activity.yaml:" in said
    assert call("feature", "show", "customer_activity.spend")[1] == call("feature", "show", "spend")[1]
    assert call("feature", "show", "growth.customer_activity.spend")[1] == call("feature", "show", "spend")[1]
    assert "INTERVAL '90' DAY" in call("feature", "show", "customer_activity.spend_90d")[1]
    status, said = call("feature", "show", "spnd")
    assert (status, "Did you mean 'spend'?" in said) == (2, True)


def test_the_page_is_written_where_it_is_asked_for(call: Command, folder: Path, tmp_path: Path) -> None:
    page = tmp_path / "sub" / "catalog.html"
    status, said = call("catalog", "--output", str(page))
    assert status == 0
    assert str(page) in said
    assert "21 features, 1 label, 1 model, 2 sources, 20 tables" in said
    assert "customer_activity.spend" in page.read_text(encoding="utf-8")
    assert call("catalog")[0] == 0
    assert (folder / ".headrace/local/reports/catalog.html").is_file()
    status, said = call("catalog", "--output", "/dev/null/catalog.html")
    assert (status, "PAGE_UNWRITABLE" in said) == (2, True)


def test_looking_makes_no_warehouse(call: Command, folder: Path) -> None:
    call("table", "list")
    call("feature", "list")
    assert not (folder / ".headrace/local/warehouse").exists()


def test_status_before_any_run(call: Command) -> None:
    status, said = call("status")
    assert (status, "Nothing was run yet. Next: headrace run --env local" in said) == (0, True)


def test_help_imports_no_spark() -> None:
    code = "import sys; from headrace.cli.app import app; print('pyspark' in sys.modules)"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert ran.stdout.strip() == "False"

"""For how long versions and refused text are kept: on every table, whoever made or altered it, and gone afterwards."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tiny_training

from headrace.tables.log import TableLog
from headrace.tables.retention import FILES, LOG

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
Call = Callable[..., tuple[int, str]]
STATISTICS = ("delta.dataSkippingStatsColumns", "delta.dataSkippingNumIndexedCols")


def logs(root: Path) -> dict[str, TableLog]:
    """The log of every table below a root."""
    return {
        ".".join(folder.parent.relative_to(root).parts): TableLog(folder.parent)
        for folder in sorted(root.glob("*/*/_delta_log"))
    }


def test_every_table_is_brought_up_to_the_retention_and_written_once_for_it(spark: Any, call: Call, copy: Path) -> None:
    warehouse = copy / "home/warehouse"
    events = warehouse / "raw/events_visits"
    spark.sql(
        f"ALTER TABLE delta.`{events}` SET TBLPROPERTIES ('{FILES}' = 'interval 1 days', '{STATISTICS[0]}' = 'who')"
    )
    longer = ("run", "ingest_events", "--set", "retention.tables=120d", "--project", str(copy))
    for _ in range(2):
        status, said = call(*longer)
        assert (status, "Everything is up to date" in said) == (0, True), said
    found = logs(warehouse)
    assert {"raw.events_visits", "raw.quarantine", "features.visiting", "training.going", "ops.ledger"} <= set(found)
    for table, log in found.items():
        told = log.properties() or {}
        files = {"raw.quarantine": "interval 7 days", "carried.visits": "interval 1 days"}
        kept = {"raw.quarantine": "interval 90 days", "carried.visits": "interval 7 days"}
        kept["training.going"] = "interval 3650 days"
        wanted = (files.get(table, "interval 120 days"), kept.get(table, "interval 120 days"))
        assert (told[FILES], told[LOG]) == wanted, table
        altered = [commit for commit in log.commits() if commit.operation == "SET TBLPROPERTIES"]
        assert len(altered) == {"raw.events_visits": 2, "raw.quarantine": 0, "carried.visits": 0}.get(table, 1), table
        columns = told.get(STATISTICS[0], "").split(",")
        assert not {"who", "name", "mail", "raw"} & set(columns), table


def test_refused_text_lies_apart_and_goes_when_its_time_is_over(spark: Any, call: Call, copy: Path) -> None:
    project = ("--set", "storage.quarantine=apart", "--project", str(copy))
    status, said = call("run", "ingest_events", "--full-refresh", *project)
    assert status == 0, said
    assert list(logs(copy / "apart")) == ["raw.quarantine"]
    status, said = call("quarantine", "show", *project)
    assert (status, "conflicting_duplicate" in said) == (0, True), said
    status, said = call("table", "show", "raw.quarantine", *project)
    assert str(copy / "apart/raw/quarantine") in said
    refused = 4
    for days, gone in (("9999d", 0), ("30d", refused)):
        words = ("quarantine", "purge", "--set", f"retention.quarantine={days}", *project)
        status, said = call(*words, "--dry-run")
        assert (status, f"{gone} rows landed before " in said) == (0, True), said
        status, said = call(*words)
        assert (status, f"{gone} rows that landed before " in said) == (0, True), said
        left = spark.read.format("delta").load(str(copy / "apart/raw/quarantine"))
        assert left.count() == refused - gone
        assert tiny_training.PLANTED[0] in str(left.toJSON().collect()) or not left.count()


def test_the_jvms_own_log_hides_what_a_message_quotes(spark: Any) -> None:
    """The layout that conf/ gives Spark, asked for a line about a failed task."""
    root = Path(__file__).resolve().parents[2]
    lines = (root / "conf/log4j2.properties").read_text(encoding="utf-8").splitlines()
    pattern = next(line.partition(" = ")[2] for line in lines if line.startswith("appender.stderr.layout.pattern"))
    log4j = spark.sparkContext._jvm.org.apache.logging.log4j
    layout = (
        log4j.core.layout.PatternLayout.newBuilder()
        .withPattern(pattern.replace("\\\\", "\\"))
        .withAlwaysWriteExceptions(False)
        .build()
    )
    said = "Exception in task 0.0: [CAST_INVALID_INPUT] The value 'Nameof1' cannot be cast"
    cause = spark.sparkContext._jvm.java.lang.RuntimeException(said)
    event = (
        log4j.core.impl.Log4jLogEvent.newBuilder()
        .setLoggerName("org.apache.spark.executor.Executor")
        .setLevel(log4j.Level.ERROR)
        .setMessage(log4j.message.SimpleMessage(said))
        .setThrown(cause)
        .build()
    )
    line = layout.toSerializable(event)
    assert "ERROR Executor: Exception in task 0.0: [CAST_INVALID_INPUT] The value (hidden) cannot be cast" in line
    assert "Nameof1" not in line
    assert "java.lang.RuntimeException" in line, "the exception is told too"

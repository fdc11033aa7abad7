"""What people look at after the whole graph ran: fresh, true to the tables, and without anybody's values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from whole_project import copy_project

from headrace.cli.choice import Choice
from headrace.cli.entries import open_catalog

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
Call = Callable[..., tuple[int, str]]


def test_the_catalog_counts_what_the_tables_hold(spark: Any, whole: Any, tmp_path: Path) -> None:
    project, catalog = open_catalog(Choice(whole.root, "local"))
    _, before = open_catalog(Choice(copy_project(tmp_path, {}), "local"))
    assert catalog.entry("table", "ops.maintenance").freshness is None, "nothing had to be tended yet"
    for entry in (entry for entry in catalog.of("table") if entry.name != "ops.maintenance"):
        frame = spark.read.format("delta").load(str(project.warehouse.joinpath(*entry.name.split("."))))
        assert entry.freshness is not None, entry.name
        assert entry.freshness.rows == frame.count(), entry.name
        assert [(column.name, column.type) for column in entry.columns] == frame.dtypes, entry.name
        assert not entry.freshness.outdated, entry.name
        assert all(column.meaning for column in entry.columns), entry.name
        declared = before.entry("table", entry.name).columns
        found = [
            replace(column, type=one.type and column.type) for column, one in zip(entry.columns, declared, strict=True)
        ]
        assert found == list(declared), (
            "before a run the dictionary says the same; only types of states are told by the table"
        )


def test_features_and_the_model_are_as_fresh_as_their_tables(whole: Any) -> None:
    _, catalog = open_catalog(Choice(whole.root, "local"))
    assert {entry.done_until for entry in catalog.of("feature")} == {"2018-01-02"}
    model = catalog.entry("model", "lapse_risk")
    assert (model.done_until, dict(model.facts)["Scored by"]) == ("2018-01-02", "version 1")
    for entry in catalog.of("feature"):
        types = {column.name: column.type for column in catalog.entry("table", entry.table).columns}
        assert all(types[column.name] == column.type for column in entry.columns), entry.name


def test_the_page_is_fresh_and_shows_no_value(spark: Any, whole: Any, call: Call, tmp_path: Path) -> None:
    page = tmp_path / "catalog.html"
    status, said = call("catalog", "--project", str(whole.root), "--output", str(page))
    assert (status, str(page) in said, "Nothing was run" in said) == (0, True, False)
    text = page.read_text(encoding="utf-8")
    assert "done until 2018-01-02" in text
    events = spark.read.format("delta").load(str(whole.root / ".headrace/local/warehouse/raw/events_households"))
    told = {value for row in events.select("age", "income").distinct().collect() for value in row if value}
    shop = spark.read.format("delta").load(str(whole.root / ".headrace/local/warehouse/raw/events_shop_events"))
    ids = {str(row[0]) for row in shop.select("event_id").limit(200).collect()}
    assert len(told) > 4
    assert len(ids) == 200
    assert [value for value in told | ids if re.search(rf"(?<![\w-]){re.escape(value)}(?![\w-])", text)] == []


def test_the_lines_that_read_a_feature_read_it(spark: Any, trained: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What page and terminal tell people to paste: from the project's folder, in Python and in SQL, the same rows."""
    import headrace

    monkeypatch.chdir(trained.root)
    monkeypatch.delenv("HEADRACE_PROJECT", raising=False)
    _, catalog = open_catalog(Choice(trained.root, "local"))
    features = catalog.of("feature")
    assert [entry.name for entry in features] == ["visiting.visits", "visiting.paid"]
    for entry in (*features, catalog.entry("table", "features.visiting"), catalog.entry("model", "going")):
        by_python = eval(entry.python, {"headrace": headrace})
        by_sql = spark.sql(entry.sql)
        assert by_python.columns == by_sql.columns, entry.name
        assert by_python.count() > 0
        assert by_python.exceptAll(by_sql).isEmpty(), entry.name
        assert {column.name for column in entry.columns} <= {*by_sql.columns} or entry.kind == "model", entry.name


def test_history_and_status_name_the_run(whole: Any, call: Call) -> None:
    project = ("--project", str(whole.root))
    run = re.findall(r"headrace run (\S+):", whole.said)[0]
    status, said = call("table", "history", "features.customer_activity", "--rows", "1", *project)
    assert status == 0
    assert re.search(
        rf"^ +0 .* WRITE +build_features +2017-01-01\.\.2018-01-02 +{run} +[\d,]+", said, flags=re.MULTILINE
    )
    status, said = call("status", *project)
    assert status == 0
    assert f"The last run that did something: {run}" in said
    assert re.search(r"^Done until: 2018-01-02 \(\d+ tables\), 2018-01-01 \(2 tables\)$", said, flags=re.MULTILINE)
    assert "Due now: nothing; everything is up to date." in said

"""The sample whose values are compared, and the command that compares them, on tables of two teams."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import tiny
from agreed import agree
from groups import group, source, total

from headrace.cli import main
from headrace.features import alike
from headrace.features.groups import features_table
from headrace.graph.project import load_project
from headrace.tables.store import Store

pytestmark = pytest.mark.spark
NOON = datetime(2024, 3, 5, tzinfo=UTC)
OTHERS = """team: {team}
group: visiting
version: 1
owner: {team}@example.com
purpose: p
entity: [who]
source: visits
features:
  - {{name: {name}, meaning: m, aggregate: {aggregate}, expression: paid, windows: [30d]}}
  - {{name: secret_{name}, meaning: s, aggregate: {aggregate}, expression: paid, windows: [3d], sensitivity: personal}}
"""


def test_the_sample_is_the_latest_snapshot_of_the_same_few_entities_without_keys(spark, monkeypatch):
    monkeypatch.setattr(alike, "MOST_ENTITIES", 20)
    rows = [(f"k{n}", NOON - timedelta(days=age), n + 1000 * age, "text") for n in range(60) for age in (0, 1)]
    others = [(f"k{n}", NOON, float(n)) for n in range(30, 90)]
    tables = {
        "a.g": spark.createDataFrame(rows, "who string, as_of timestamp, x bigint, t string"),
        "b.g": spark.createDataFrame(others, "who string, as_of timestamp, y double"),
    }
    found = alike.sample(tables, {"a.g": ["x", "t"], "b.g": ["y"]}, ("who",))
    assert list(found.columns) == ["a.g.x", "b.g.y"]
    keys = spark.createDataFrame([(f"k{n}", n) for n in range(90)], "who string, n int")
    least = keys.selectExpr("n", "xxhash64(who) AS h").orderBy("h").limit(20).collect()
    expected = [(float(row.n) if row.n < 60 else None, float(row.n) if row.n >= 30 else None) for row in least]
    got = [tuple(None if value != value else value for value in row) for row in found.to_numpy().tolist()]
    assert sorted(got, key=repr) == sorted(expected, key=repr)


def test_personal_columns_are_not_looked_at():
    mixed = group("a", total("x"), total("y", "28d", sensitivity="personal"))
    assert alike.shareable(mixed, source()) == ("x_7d",)


def test_the_command_finds_what_no_tree_tells(spark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tiny.make_project(tmp_path, days=0)
    for team, name, aggregate in (("growth", "spend", "sum"), ("sales", "level", "max"), ("mail", "never", "min")):
        text = OTHERS.format(team=team, name=name, aggregate=aggregate)
        (tmp_path / f"conf/contracts/features/{team}.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "conf/contracts/features/visiting.yaml").unlink()
    agree(tmp_path)
    project = load_project(tmp_path, "local")
    store = Store(spark, project.tables_at)
    values = {
        "growth.visiting": ("spend_30d", lambda n: n * 1.0),
        "sales.visiting": ("level_30d", lambda n: n**2 * 10.0),
    }
    for name, (column, value) in values.items():
        rows = [(n, NOON, NOON.date(), value(n), 1.0) for n in range(150)]
        schema = f"who bigint, as_of timestamp, as_of_month date, {column} double, secret_{column[:-4]}_3d double"
        store.replace(features_table(project.groups[name]), spark.createDataFrame(rows, schema), None, {})
    assert main(["contract", "check", "--values", "--project", str(tmp_path)]) == 0
    said = capsys.readouterr().out
    assert (
        ": sales.visiting.level_30d has the values of spend_30d of growth.visiting.spend (team growth, owner "
        "growth@example.com): Spearman's correlation 1.000 over 150 entities. Look at both"
    ) in said
    assert "Sharing saves column level_30d of features.sales__visiting (150 rows, " in said
    assert "tiles.visits holds its states once already (greatest_" in said  # secret_level needs it too
    assert "note: no values of mail.visiting: headrace run makes their tables" in said
    assert said.count("has the values of") == 1

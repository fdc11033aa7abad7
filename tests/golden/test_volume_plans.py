"""What makes ingest, tiles and features dear or cheap stands in their physical plans: shuffles, sorts, aggregates."""

from __future__ import annotations

import re
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from pyspark.sql import functions as F

from headrace.events.deduplicate import decide_few, decide_outcomes, disputed_keys, identify
from headrace.features.midnights import Midnights
from headrace.features.rollup import roll_up
from headrace.features.tiles import build_tiles
from headrace.graph.project import load_project

pytestmark = pytest.mark.spark

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def project():
    return load_project(ROOT, "bench")


@pytest.fixture(scope="module")
def identified(spark, project):
    contract = project.sources["visits"]
    columns = ", ".join(f"{name} {column.type}" for name, column in contract.columns.items())
    checked = spark.createDataFrame([], f"raw string, file string, landed_on date, broken string, {columns}")
    return identify(checked, contract)


@pytest.fixture(scope="module")
def events(identified):
    return identified.withColumn("event_date", F.to_date("event_time")).drop("raw", "file", "broken", "key_hash")


def operators(frame):
    """How often each operator stands in the plan as it is before it runs."""
    plan = frame._jdf.queryExecution().executedPlan().toString()
    return Counter(re.findall(r"(?m)^[ :+*()\d-]*([A-Z]\w+)", plan))


def test_a_row_whose_key_nothing_else_has_is_neither_shuffled_nor_sorted(spark, identified, project):
    contract = project.sources["visits"]
    disputed = spark.range(5).toDF("key_hash")
    sole, rest = decide_few(identified, contract, None, disputed)
    found = operators(sole)
    assert found["BroadcastHashJoin"] == 1
    assert not {"Exchange", "Sort", "Window", "SortMergeJoin"} & set(found)
    assert operators(rest)["Window"] == 1
    assert operators(disputed_keys(identified, None))["Exchange"] == 1


def test_where_all_rows_are_compared_they_are_shuffled_and_sorted_once(identified, project):
    found = operators(decide_outcomes(identified, project.sources["visits"], None))
    assert (found["Exchange"], found["Sort"], found["Window"]) == (1, 1, 1)


def test_tiles_and_changes_are_hashed_and_not_sorted(events, project):
    contract, group = project.sources["visits"], project.groups["activity"]
    tiles = build_tiles(events, project.groups.values(), contract)
    found = operators(tiles)
    assert (found["HashAggregate"], found["Exchange"], found["Sort"]) == (2, 1, 1), "the sort is that of the layout"
    rolled = roll_up(tiles.persist(), group, contract, Midnights(date(2024, 3, 11), 10, 3))
    assert not {"ObjectHashAggregate", "SortAggregate"} & {*found, *operators(rolled)}

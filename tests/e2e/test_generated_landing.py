"""Generated events come from the executors: the same rows in any number of tasks, and in the landing zone by day."""

from __future__ import annotations

import pytest
from agreed import agree
from whole_project import copy_project

from headrace.ground.interval import Interval, parse_instant
from headrace.jobs.demo.synthetic import landing
from headrace.jobs.demo.synthetic.settings import read_settings
from headrace.jobs.demo.synthetic.visits import visits
from headrace.tables.hash import table_hash

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("generated")]

SPAN = Interval(parse_instant("2024-03-01"), parse_instant("2024-03-31"))
SETTINGS = {"source": "visits", "events": 70_000, "users": 4_000, "seed": 3}


def test_the_rows_are_the_same_in_1_2_and_7_tasks(spark):
    """70,000 events are five chunks, so that tasks get none, one or several of them."""
    made = visits(read_settings(SETTINGS), SPAN)
    hashes = {parts: table_hash(landing.generate(spark, made, parts)) for parts in (1, 2, 7)}
    assert len(set(hashes.values())) == 1, hashes
    counts = landing.count(spark, made, 7)
    assert counts == landing.count(spark, made, 1)
    assert hashes[1].startswith(f"{counts['events'] + counts['duplicates']}-")
    other = visits(read_settings(SETTINGS | {"seed": 4}), SPAN)
    assert table_hash(landing.generate(spark, other, 2)) != hashes[2]


def test_it_lands_by_day_once_and_never_over_another(spark, call, tmp_path):
    project = copy_project(tmp_path, {"bench/events/visits.yaml": ("format: parquet", "format: json")})
    agree(project, "bench")
    home = [f"--set=home={tmp_path.name}", "--project", str(project)]
    few = ["--set", "settings.generate.events=3000", "--set", "settings.generate.users=100"]
    status, said = call("run", "generate_events", "--env", "bench", *few, *home)
    assert status == 0, said
    zone = tmp_path / tmp_path.name / "landing/visits"
    assert sorted(day.name for day in zone.iterdir() if day.is_dir()) == [
        piece.start.date().isoformat() for piece in SPAN.cut(parse_instant("2024-03-02") - SPAN.start)
    ]
    made = visits(read_settings({"source": "visits", "seed": 1, "events": 3000, "users": 100}), SPAN)
    lines = spark.read.json(str(zone / "*/part-*"))
    assert lines.count() == 3000 + landing.count(spark, made, 1)["duplicates"]
    assert "up to date" in call("run", "generate_events", "--env", "bench", *few, *home)[1]
    few[1] = "settings.generate.events=3001"
    status, said = call("run", "generate_events", "--env", "bench", *few, *home)
    assert status != 0
    assert "LANDING_OTHER" in said

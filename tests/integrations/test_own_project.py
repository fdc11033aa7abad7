"""A company's own project: headrace from its wheel in an empty environment, a table that is there, a feature, a job of a third package."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import sysconfig
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from own_wheel import build_wheel

from headrace.cli.sample import BROKEN, made_up_days

pytestmark = [pytest.mark.spark, pytest.mark.e2e, pytest.mark.slow]
SHARE = Path(sys.prefix) / "share/headrace"
TABLE = "event_id string, event_type string, event_time string, customer_id string, channel string, value double, arrived date"
FEATURE = """\
  - name: app_spend
    meaning: Money spent in the app.
    unit: EUR
    aggregate: sum
    expression: value
    where: event_type = 'order' AND channel = 'app'
    scale: 2
    windows: [28d]
    when_empty: 0
"""
WEEKEND_JOBS = {
    "pyproject.toml": """\
[build-system]
requires = ["setuptools"]
build-backend = "setuptools.build_meta"

[project]
name = "weekend-jobs"
version = "1.0"
dependencies = ["headrace"]
""",
    "weekend_jobs/__init__.py": '"""Jobs about weekends, for any headrace project with orders."""\n',
    "weekend_jobs/weekend_orders.py": '''\
"""How many orders of each day of arrival happened on a weekend."""

from headrace.events.quarantine import events_table
from headrace.graph.job import Job
from headrace.tables.spec import Table
from pyspark.sql import functions as F

WEEKEND = Table("reports.weekend_orders", "Orders, and those of weekends.", replaced_by="landed_on")


def is_weekend(day):
    """Runs in a Python worker, which has to import this package."""
    return day.weekday() >= 5


def run(inputs, at, project):
    """Counts orders and weekend orders by day of arrival."""
    orders = inputs.events.where(WEEKEND.predicate(at.interval)).where("event_type = 'order'")
    weekend = F.udf(is_weekend, "boolean")("event_date")
    counts = (F.count("*").alias("orders"), F.count_if(weekend).alias("weekend_orders"))
    return orders.groupBy("landed_on").agg(*counts)


def job(project):
    """The node: a day of arrival at a time."""
    return Job("weekend_orders", run, inputs={"events": events_table(project.sources["orders"])}, outputs=(WEEKEND,))
''',
}


@dataclass(frozen=True)
class Shop:
    """The project after its run, and what the commands said."""

    root: Path
    python: Path
    package: Path
    before: dict[str, str]
    ran: subprocess.CompletedProcess[str]
    tested: subprocess.CompletedProcess[str]


def events() -> list[tuple[object, ...]]:
    """The sample's events as the rows of a table that somebody keeps: with the day on which each came into it."""
    rows = [(day, json.loads(line)) for day, lines in made_up_days().items() for line in lines if line not in BROKEN]
    names = ("event_id", "event_type", "event_time", "customer_id", "channel", "value")
    return [(*(event.get(name) for name in names), day) for day, event in rows]


def contents(folder: Path) -> dict[str, str]:
    """The hash of every file of a package, without what Python compiles."""
    paths = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def clean(bin_folder: Path) -> dict[str, str]:
    """Of this process's environment what a shell has in which nothing of headrace was set."""
    ours = ("SPARK", "PYSPARK", "PYTHON", "VIRTUAL_ENV", "JAVA_HOME", "PYTEST")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"PATH": f"{bin_folder}{os.pathsep}/usr/bin{os.pathsep}/bin"}


def environment(folder: Path) -> Path:
    """An environment whose own packages are headrace and weekend_jobs alone, from wheels; its Python.

    What both need is seen through a path file, which does not carry over this environment's editable headrace.
    Delta's jars and Java are found where a set-up without network puts them.
    """
    wheels = [build_wheel(folder), weekend_wheel(folder)]
    home = folder / "env"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True, timeout=300)
    python = home / "bin/python"
    site = next(home.glob("lib/python*/site-packages"))
    (site / "others.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    (home / "share").mkdir(exist_ok=True)
    (home / "share/headrace").symlink_to(SHARE)
    pip = [
        sys.executable,
        "-m",
        "pip",
        "--python",
        str(python),
        "install",
        "-q",
        "--no-deps",
        "--no-index",
        "--ignore-installed",
    ]
    subprocess.run([*pip, *map(str, wheels)], check=True, capture_output=True, timeout=600)
    return python


def weekend_wheel(folder: Path) -> Path:
    """The third package's wheel."""
    source = folder / "weekend"
    for name, text in WEEKEND_JOBS.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(text)
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(source)]
    subprocess.run(command, check=True, capture_output=True, timeout=600)
    (wheel,) = folder.glob("weekend_jobs-*.whl")
    return wheel


def edit(path: Path, *changes: tuple[str, str]) -> None:
    """Replace texts that are there."""
    text = path.read_text()
    for old, new in changes:
        assert old in text, (path, old)
        text = text.replace(old, new)
    path.write_text(text)


@pytest.fixture(scope="module")
def shop(spark, tmp_path_factory) -> Shop:
    """Made by `headrace init`, pointed at a table, given a feature and another package's job; run, and tested."""
    folder = tmp_path_factory.mktemp("own")
    python = environment(folder)
    env = clean(python.parent)

    def call(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
        return subprocess.run(words, cwd=cwd, env=env, capture_output=True, text=True, timeout=1500, check=False)

    package = Path(
        call(str(python), "-c", "import headrace; print(headrace.__file__)", cwd=folder).stdout.strip()
    ).parent
    before = contents(package)
    made = call(str(python.parent / "headrace"), "init", "shop", cwd=folder)
    assert made.returncode == 0, made.stderr
    root = folder / "shop"
    spark.createDataFrame(events(), TABLE).selectExpr(
        "* EXCEPT (event_time, value)", "CAST(event_time AS TIMESTAMP)", "CAST(value AS DECIMAL(10,2))"
    ).coalesce(1).write.format("delta").save(str(root / "lake/orders"))
    contracts = root / "conf/contracts"
    table = "table: {format: delta, path: lake/orders, arrived: arrived}"
    edit(contracts / "events/orders.yaml", ("landing: {format: json, folder: orders}", table))
    features = contracts / "features/customer_activity.yaml"
    features.write_text(features.read_text() + FEATURE)
    edit(contracts / "models/lapse_risk.yaml", ("[logistic, xgboost], trials: 4", "[logistic], trials: 2"))
    edit(
        root / "jobs/graph.py",
        ("from jobs import count_active\n", "from jobs import count_active\nfrom weekend_jobs import weekend_orders\n"),
        (
            "        count_active.job(project),\n",
            "        count_active.job(project),\n        weekend_orders.job(project),\n",
        ),
    )
    why = ("--why", "Orders come from the lake's table; money spent in the app.")
    bumped = call(str(python.parent / "headrace"), "contract", "bump", "customer_activity", *why, cwd=root)
    assert bumped.returncode == 0, bumped.stderr
    ran = call("make", "run", cwd=root)
    return Shop(root, python, package, before, ran, call("make", "test", cwd=root))


def rows(spark, shop, name):
    return spark.read.format("delta").load(str(shop.root / ".headrace/local/warehouse" / name.replace(".", "/")))


def test_headrace_is_that_of_the_wheel_and_nothing_of_it_was_touched(shop):
    assert shop.package.is_relative_to(shop.python.parents[1])
    assert {"jobs/graph.py", "cli/template/Makefile.j2", "conf/base.yaml"} <= set(shop.before)
    assert contents(shop.package) == shop.before


def test_the_whole_graph_runs_with_the_projects_and_the_third_packages_jobs(shop):
    assert shop.ran.returncode == 0, shop.ran.stdout + shop.ran.stderr
    done = {words[0] for words in map(str.split, shop.ran.stdout.splitlines()) if words[1:2] == ["done"]}
    assert done == {
        "ingest_events", "build_tiles", "build_features", "count_active", "weekend_orders", "build_training_set",
        "train_model", "validate_model", "release_model", "score_users", "monitor", "maintain",
    }  # fmt: skip
    assert "lapse_risk: champion is version 1, test AUC" in shop.ran.stdout


def test_the_projects_own_tests_pass(shop):
    assert shop.tested.returncode == 0, shop.tested.stdout + shop.tested.stderr
    assert "Ran 1 test" in shop.tested.stderr
    assert "No fault found" in shop.tested.stdout


def test_the_events_are_those_of_the_table(spark, shop):
    stored = {row["event_id"] for row in rows(spark, shop, "raw.events_orders").select("event_id").collect()}
    assert stored == {event[0] for event in events()}


def test_the_new_feature_is_what_a_plain_sum_gives(spark, shop):
    """Every customer at three snapshots: app orders of the 28 days before that had arrived by then."""
    known = [
        (event[3], datetime.fromisoformat(event[2]), event[6], Decimal(str(event[5])))
        for event in events()
        if event[1] == "order" and event[4] == "app"
    ]
    table = rows(spark, shop, "features.customer_activity_v2").selectExpr("customer_id", "as_of", "app_spend_28d")
    for day in (date(2026, 1, 19), date(2026, 2, 16), date(2026, 3, 9)):
        as_of = datetime(day.year, day.month, day.day, tzinfo=UTC)
        expected: dict[str, Decimal] = defaultdict(Decimal)
        for customer, at, arrived, value in known:
            if as_of - timedelta(days=28) <= at < as_of and arrived < day:
                expected[customer] += value
        found = {r[0]: r[2] for r in table.where(f"as_of = TIMESTAMP '{day} 00:00:00Z'").collect()}
        assert len(expected) > 50
        assert {customer: value for customer, value in found.items() if value} == expected
        assert set(expected) <= set(found)


def test_the_third_packages_table_is_what_counting_gives(spark, shop):
    expected: dict[date, list[int]] = defaultdict(lambda: [0, 0])
    for event in events():
        if event[1] == "order":
            expected[event[6]][0] += 1
            expected[event[6]][1] += date.fromisoformat(event[2][:10]).weekday() >= 5
    found = {
        r["landed_on"]: [r["orders"], r["weekend_orders"]]
        for r in rows(spark, shop, "reports.weekend_orders").collect()
    }
    assert found == expected
    assert sum(weekend for _, weekend in expected.values()) > 0


def test_the_projects_own_table_counts_who_ordered(spark, shop):
    activity = rows(spark, shop, "features.customer_activity_v2").where("orders_28d > 0").groupBy("as_of").count()
    assert sorted(rows(spark, shop, "reports.active_customers").collect()) == sorted(activity.collect())

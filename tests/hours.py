"""A project of hours: jobs count each hour, each half day from that, each day, each day of Kolkata; they stop where they are told."""

from __future__ import annotations

from pathlib import Path

FILES = {
    "headrace.yaml": 'name: hours\nheadrace: ">=0.1"\nconf: conf\ngraph: hours_graph:graph\n',
    "conf/base.yaml": (
        "home: home\nspan: {from: 2024-03-01, to: 2024-03-03}\nengine: {most_intervals: 8}\n"
        "spark:\n  settings:\n    spark.sql.shuffle.partitions: '2'\n    spark.databricks.delta.snapshotPartitions: '2'\n"
    ),
    "conf/local.yaml": "seed: 1\n",
    "hours_graph.py": '''\
"""Hours, half days of them, days of those, and days of a zone that is half an hour beside the hour."""

from datetime import timedelta

from pyspark.sql import functions as F

from headrace.graph.job import Each, Job
from headrace.ground.errors import HeadraceError
from headrace.tables.spec import Table

HOURS = Table("own.hours", "An hour, and its number in the year.", replaced_by="hour", stamped="within")
HALVES = Table("own.halves", "Half a day, and the hours in it.", replaced_by="over", stamped="end")
DAYS = Table("own.days", "A day, and the hours in it.", replaced_by="day")
ZONE = "Asia/Kolkata"
LOCAL = Table("own.local", "When a day begins there, and the hours that begin in it.", replaced_by="begun", stamped="within")


def hours(inputs, at, project):
    """A row an hour."""
    stop = project.root / "stop"
    if stop.exists() and at.interval.label().startswith(stop.read_text(encoding="utf-8")):
        raise HeadraceError("JOB_TIMEOUT", job="hours", limit="what stop says")
    first = int(at.start.timestamp()) // 3600
    count = int(at.end.timestamp()) // 3600 - first
    at_hour = F.timestamp_seconds((F.col("id") + first) * 3600)
    return at.spark.range(0, count, 1, 1).select(at_hour.alias("hour"), (F.col("id") + first).alias("number"))


def halves(inputs, at, project):
    """Counts the hours of each half day."""
    over = F.timestamp_seconds((F.floor(F.unix_timestamp("hour") / 43200) + 1) * 43200)
    return inputs.hours.where(HOURS.predicate(at.interval)).groupBy(over.alias("over")).agg(F.count("*").alias("hours"))


def days(inputs, at, project):
    """Sums up the half days of each day."""
    day = F.to_date(F.col("over") - F.expr("INTERVAL 1 MICROSECOND"))
    return inputs.halves.where(HALVES.predicate(at.interval)).groupBy(day.alias("day")).agg(F.sum("hours").alias("hours"))


def local(inputs, at, project):
    """Counts the hours that begin in each day of Kolkata."""
    begun = F.to_utc_timestamp(F.date_trunc("day", F.from_utc_timestamp("hour", ZONE)), ZONE)
    return inputs.hours.where(HOURS.predicate(at.interval)).groupBy(begun.alias("begun")).agg(F.count("*").alias("hours"))


def graph(project):
    return (
        Job("hours", hours, inputs={}, outputs=(HOURS,), every=Each(timedelta(hours=1))),
        Job("halves", halves, inputs={"hours": HOURS}, outputs=(HALVES,), every=Each(timedelta(hours=12))),
        Job("days", days, inputs={"halves": HALVES}, outputs=(DAYS,)),
        Job("local", local, inputs={"hours": HOURS}, outputs=(LOCAL,), every=Each(timedelta(days=1), ZONE)),
    )
''',
}


def make_project(folder: Path) -> Path:
    """The project, in a folder."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder

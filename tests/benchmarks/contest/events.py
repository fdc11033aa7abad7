"""The graph of the contest's project: synthetic events straight into the events table, then tiles and features."""

from __future__ import annotations

from datetime import date, timedelta

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.events.quarantine import events_of, events_table
from headrace.graph.job import Asset, At, Inputs, Job, Once
from headrace.graph.project import Project
from headrace.ground.interval import DAY
from headrace.jobs import build_features, build_tiles
from headrace.jobs.demo.synthetic.landing import EVENTS_A_PART, generate
from headrace.jobs.demo.synthetic.settings import read_settings
from headrace.jobs.demo.synthetic.visits import visits

SOURCE = "visits"
LATE_ONE_IN = 300
"""Of the three days before the last one, one event in so many arrives on the last: 1 % of a day's rows."""


def run(inputs: Inputs, at: At, project: Project) -> dict[Asset, DataFrame]:
    """All events of the span as an ingest would leave them, with late ones on the last day."""
    del inputs  # nothing comes before it
    settings = read_settings(project.settings["generate"])
    contract = project.sources[SOURCE]
    parts = max(2, -(-settings.events // EVENTS_A_PART))
    lines = generate(at.spark, visits(settings, project.span), parts)
    content = [name for name in contract.columns if name != contract.roles.available_at]
    decided = lines.select(
        *contract.columns,
        F.to_date("event_time").alias("event_date"),
        F.col("event_id").alias("event_key"),
        F.xxhash64(*(part for name in content for part in (F.col(name), F.col(name).isNull()))).alias("row_hash"),
        F.lit("event").alias("outcome"),
        "landed_on",
    )
    last = (project.span.end - DAY).date()
    return {events_table(contract): events_of(decided.withColumn("landed_on", _delayed(last)), contract)}


def _delayed(last: date) -> Column:
    days = F.col("event_date").between(F.lit(last - timedelta(days=3)), F.lit(last - timedelta(days=1)))
    drawn = F.pmod(F.xxhash64("event_id"), F.lit(LATE_ONE_IN)) == 0
    return F.when(days & drawn, F.lit(last)).otherwise(F.col("landed_on"))


def graph(project: Project) -> tuple[Job, ...]:
    """Three jobs; the first is done once."""
    contract = project.sources[SOURCE]
    made = Job("make_events", run, inputs={}, outputs=(events_table(contract),), every=Once(project.span))
    return (made, build_tiles.job(project), build_features.job(project))

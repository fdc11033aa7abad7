"""Ties of window_features over a table of events: decided as its feature tables decide them, and as rule 7 says."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from instant_oracle import Rules, value_at
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.features.midnights import Midnights
from headrace.features.rollup import roll_up, window_features
from headrace.features.tiles import build_tiles
from headrace.tables.hash import table_hash

pytestmark = pytest.mark.spark

SOURCE = EventContract.model_validate(
    {
        "source": "acts", "version": 1, "owner": "a@example.com", "purpose": "Acts that tie.", "landing": {"folder": "acts"},
        "roles": {"entity": ["who"], "event_time": "event_time", "sequence": "number"}, "lateness": "5d",
        "columns": {
            "who": {"type": "bigint", "meaning": "w"}, "event_time": {"type": "timestamp", "meaning": "t"},
            "number": {"type": "int", "meaning": "n"}, "kind": {"type": "string", "meaning": "k"},
            "item": {"type": "string", "meaning": "i"}, "amount": {"type": "decimal(10,2)", "meaning": "a"},
        },
    }
)  # fmt: skip
FEATURES = [
    {"name": "n", "aggregate": "count"},
    {"name": "total", "aggregate": "sum", "expression": "amount", "scale": 2},
    {"name": "first_item", "aggregate": "first", "expression": "item"},
    {"name": "last_item", "aggregate": "last", "expression": "item"},
    {"name": "last_amount", "aggregate": "last", "expression": "amount", "where": "kind = 'a'"},
    {"name": "latest", "aggregate": "last_k", "expression": "amount", "k": 3},
]
GROUP = FeatureGroup.model_validate(
    {
        "team": "t", "group": "g", "version": 1, "owner": "a@example.com", "purpose": "What ties.",
        "entity": ["who"], "source": "acts",
        "features": [{**feature, "windows": ["60h", "all"], "meaning": "m"} for feature in FEATURES],
    }
)  # fmt: skip
START = datetime(2024, 2, 26, tzinfo=UTC)
MIDNIGHTS = Midnights(date(2024, 2, 27), 1, 14)
SCHEMA = (
    "who bigint, event_time timestamp, number int, kind string, item string, amount decimal(10,2), "
    "event_date date, landed_on date, event_key string, row_hash bigint"
)


def tied_events(draw, count):
    """Two instants a day, two landing days, three sequences: most events tie with others, in time and beyond."""
    for ordinal in range(count):
        at = START + timedelta(days=draw.randrange(8), hours=draw.choice([9, 12]))
        yield {
            "who": draw.randrange(3), "event_time": at, "number": draw.choice([None, 1, 2]), "kind": draw.choice("ab"),
            "item": f"item {ordinal}", "amount": draw.choice([None, Decimal(ordinal)]), "event_date": at.date(),
            "landed_on": at.date() + timedelta(days=draw.choice([0, 0, 2])), "event_key": str(ordinal),
            "row_hash": draw.randrange(-(2**63), 2**63),
        }  # fmt: skip


def as_known(event):
    """The event as the oracle reads it: known from the end of its landing day."""
    landed = datetime.combine(event["landed_on"], datetime.min.time(), UTC)
    return event | {"landed_on": landed + timedelta(days=1), "sequence": event["number"]}


def test_rules_4_and_7_ties_are_those_of_the_feature_tables_and_of_the_definition(spark):
    draw = random.Random(7)
    told = list(tied_events(draw, 240))
    events = spark.createDataFrame([tuple(event.values()) for event in told], SCHEMA)
    table = roll_up(build_tiles(events, [GROUP], SOURCE), GROUP, SOURCE, MIDNIGHTS).localCheckpoint()
    between = [
        (draw.randrange(3), START + timedelta(days=draw.randrange(13), minutes=draw.randrange(1440)))
        for _ in range(150)
    ]
    asked = table.select("who", "as_of").union(spark.createDataFrame(between, "who bigint, as_of timestamp"))
    made = window_features(
        events.withColumn("known", F.date_add("landed_on", 1).cast("timestamp")),
        asked,
        by="who",
        event_time="event_time",
        query_time="as_of",
        available_at="known",
        sequence="number",
        row_hash="row_hash",
        features=GROUP.features,
    ).localCheckpoint()
    midnight = F.col("as_of") == F.date_trunc("day", "as_of")
    assert table.count() == made.where(midnight).count() == 3 * 14
    assert table_hash(made.where(midnight)) == table_hash(table), "hash for hash at midnights"
    mine = {who: [as_known(event) for event in told if event["who"] == who] for who in range(3)}
    ties = 0
    for row in made.collect():
        at = row["as_of"].astimezone(UTC)
        for feature in GROUP.features:
            for window in feature.windows:
                expected = value_at(feature, window, mine[row["who"]], at, Rules())
                assert row[f"{feature.name}_{window}"] == expected, (feature.name, window, row["who"], row["as_of"])
        latest = [event for event in mine[row["who"]] if Rules().holds(event, "all", at)]
        newest = max((event["event_time"] for event in latest), default=None)
        ties += sum(event["event_time"] == newest for event in latest) > 1
    assert ties > 100, "most rows had a tie to decide"

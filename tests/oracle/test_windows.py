"""Tiles and roll-up against the naive definition, on random events with late arrivals, ties and nulls."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from window_oracle import value_of

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.features.rollup import Midnights, roll_up
from headrace.features.tiles import build_tiles

pytestmark = pytest.mark.spark

SOURCE = EventContract.model_validate(
    {
        "source": "acts", "version": 1, "owner": "a@example.com", "purpose": "Random acts.", "landing": {"folder": "acts"},
        "roles": {"entity": ["shop", "who"], "event_time": "event_time"}, "lateness": "5d",
        "columns": {
            "shop": {"type": "string", "meaning": "s"}, "who": {"type": "bigint", "meaning": "w"},
            "event_time": {"type": "timestamp", "meaning": "t"}, "kind": {"type": "string", "meaning": "k"},
            "item": {"type": "string", "meaning": "i"}, "amount": {"type": "decimal(10,2)", "meaning": "a"},
        },
    }
)  # fmt: skip
WINDOWS = ["1d", "3d", "1w", "all"]
FEATURES = [
    {"name": "n", "aggregate": "count"}, {"name": "n_a", "aggregate": "count", "where": "kind = 'a'"},
    {"name": "n_item", "aggregate": "count", "expression": "item"},
    {"name": "total", "aggregate": "sum", "expression": "amount", "scale": 2},
    {"name": "total_a", "aggregate": "sum", "expression": "amount", "scale": 1, "where": "kind = 'a'", "when_empty": 0},
    {"name": "mean", "aggregate": "mean", "expression": "amount", "scale": 2},
    {"name": "var", "aggregate": "variance", "expression": "amount", "scale": 2},
    {"name": "least", "aggregate": "min", "expression": "amount"}, {"name": "most", "aggregate": "max", "expression": "amount"},
    {"name": "first_item", "aggregate": "first", "expression": "item"}, {"name": "last_item", "aggregate": "last", "expression": "item"},
    {"name": "last_amount", "aggregate": "last", "expression": "amount", "where": "kind = 'a'"},
    {"name": "latest", "aggregate": "last_k", "expression": "amount", "k": 3},
    {"name": "items", "aggregate": "count_distinct", "expression": "item"},
    {"name": "items_a", "aggregate": "count_distinct", "expression": "item", "where": "kind = 'a'"},
    {"name": "days", "aggregate": "active_days"}, {"name": "since", "aggregate": "time_since_last"},
    {"name": "since_a", "aggregate": "time_since_last", "where": "kind = 'a'"},
    {"name": "sittings", "aggregate": "sessions", "gap": "1s"}, {"name": "visits", "aggregate": "sessions", "gap": "24h"},
    {"name": "visit_length", "aggregate": "sessions", "gap": "24h", "measure": "mean_duration"},
    {"name": "stays_a", "aggregate": "sessions", "gap": "2d", "where": "kind = 'a'", "measure": "mean_duration"},
]  # fmt: skip
GROUP = FeatureGroup.model_validate(
    {
        "team": "t", "group": "g", "version": 1, "owner": "a@example.com", "purpose": "All aggregates.",
        "entity": ["shop", "who"], "source": "acts",
        "features": [{**feature, "windows": WINDOWS, "meaning": "m"} for feature in FEATURES],
    }
)  # fmt: skip
START = datetime(2024, 2, 20, tzinfo=UTC)


def random_events(seed: int, count: int) -> list[dict]:
    draw = random.Random(seed)
    events = []
    for number in range(count):
        seconds = draw.choice([0, 1, 86399, draw.randrange(86400)])  # midnights and their neighbours on purpose
        at = START + timedelta(days=draw.randrange(20), seconds=seconds)
        landed = at.date() + timedelta(days=draw.choice([0, 0, 0, 0, 1, 2, 4]))
        events.append(
            {
                "shop": draw.choice(["x", "y"]), "who": draw.randrange(3), "event_time": at, "kind": draw.choice("ab"),
                "item": draw.choice(["p", "q", "r", "", None]),
                "amount": draw.choice([None, Decimal("0.00"), Decimal(draw.randrange(-500, 5000)).scaleb(-2)]),
                "event_date": at.date(), "landed_on": landed, "event_key": str(number), "row_hash": draw.randrange(10**6),
            }
        )  # fmt: skip
    return events


SCHEMA = (
    "shop string, who bigint, event_time timestamp, kind string, item string, amount decimal(10,2), "
    "event_date date, landed_on date, event_key string, row_hash bigint"
)


def frame_of(spark, events):
    return spark.createDataFrame([tuple(event.values()) for event in events], SCHEMA)


@pytest.mark.parametrize(
    ("seed", "step", "first"), [(1, 1, date(2024, 2, 21)), (2, 3, date(2024, 2, 26)), (3, 1, date(2024, 3, 14))]
)
def test_every_aggregate_equals_its_definition(spark, seed, step, first):
    """Rules 1, 2, 3, 4, 7, 8, 11, 12."""
    events = random_events(seed, 160)
    at = Midnights(first, step, 8)
    rows = roll_up(build_tiles(frame_of(spark, events), [GROUP], SOURCE), GROUP, SOURCE, at).collect()
    seen = {(row["shop"], row["who"], row["as_of"].date()): row for row in rows}
    entities = {(event["shop"], event["who"]) for event in events}
    compared = 0
    for shop, who in entities:
        mine = [event for event in events if (event["shop"], event["who"]) == (shop, who)]
        for index in range(at.count):
            day = first + timedelta(days=index * step)
            as_of = datetime(day.year, day.month, day.day, tzinfo=UTC)
            known = [e for e in mine if e["event_time"] < as_of and e["landed_on"] < day]
            assert ((shop, who, day) in seen) == bool(known), (
                "an entity has a row as soon as it is known, and not before"
            )
            for feature in GROUP.features if known else ():
                for window in feature.windows:
                    found = seen[shop, who, day][f"{feature.name}_{window}"]
                    expected = value_of(feature, window, mine, as_of)
                    assert found == expected, (feature.name, window, shop, who, day)
                    compared += 1
    assert compared > 2000


def test_late_events_only_add_cells(spark):
    """Rule 4: what was published stays; only snapshots after the arrival see a late event."""
    events = random_events(4, 120)
    at = Midnights(date(2024, 2, 24), 1, 14)
    cut = date(2024, 3, 3)
    early = [event for event in events if event["landed_on"] < cut]

    def rows(of):
        rolled = roll_up(build_tiles(frame_of(spark, of), [GROUP], SOURCE), GROUP, SOURCE, at)
        return {tuple(map(str, row)) for row in rolled.collect() if row["as_of"].date() <= cut}

    assert rows(early) == rows(events)


def test_the_order_and_partitioning_of_events_change_no_byte(spark):
    """Rule 12 and 19."""
    from headrace.tables.hash import table_hash

    events = random_events(5, 150)
    shuffled = random.Random(9).sample(events, len(events))
    at = Midnights(date(2024, 2, 24), 1, 14)
    one = roll_up(build_tiles(frame_of(spark, events), [GROUP], SOURCE), GROUP, SOURCE, at)
    other = roll_up(build_tiles(frame_of(spark, shuffled).repartition(7), [GROUP], SOURCE), GROUP, SOURCE, at)
    assert table_hash(one) == table_hash(other)

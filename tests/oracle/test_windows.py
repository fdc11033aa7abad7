"""Tiles and roll-up against the naive definition, on random events with late arrivals, ties and nulls."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from window_oracle import value_of

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.features.midnights import Midnights
from headrace.features.rollup import roll_up
from headrace.features.tiles import build_tiles

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("generated")]

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
WINDOWS = ["6h", "60h", "1w", "all"]
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
    {"name": "median", "aggregate": "quantile", "expression": "amount", "edges": [0, 5, 10.5, 20], "q": 0.5},
    {"name": "high", "aggregate": "quantile", "expression": "amount", "edges": [2, 4], "q": 0.07, "where": "kind = 'a'"},
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
        # midnights, edges of the windows of hours, and their neighbours on purpose
        seconds = draw.choice([0, 1, 43199, 43200, 64800, 86399, draw.randrange(86400)])
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


DAILY, EVERY_THIRD = Midnights(date(2024, 2, 21), 1, 30), Midnights(date(2024, 3, 5), 3, 8)
"""All midnights from the first event on to windows that are empty again; some of them, from the middle of the events on."""
CUT = date(2024, 3, 3)
CASES = {case: random_events(seed, 150) for seed, case in enumerate(("plain", "whole", "ordered", "apart", "other"), 1)}
CASES["early"] = [event for event in CASES["whole"] if event["landed_on"] < CUT]
SHUFFLED = random.Random(9).sample(CASES["ordered"], len(CASES["ordered"]))


def cased(case, events):
    """The events with the case in their entity's key: cases share a frame, since Spark's time goes into compiling plans."""
    return [{**event, "shop": f"{case}/{event['shop']}"} for event in events]


def rolled(spark, at, *cases):
    """The roll-up of the cases, computed once; the shuffled one comes in other partitions than the rest."""
    frame = frame_of(spark, [event for case in cases for event in cased(case, CASES[case])])
    both = frame.unionByName(frame_of(spark, cased("shuffled", SHUFFLED)).repartition(7))
    return roll_up(build_tiles(both, [GROUP], SOURCE), GROUP, SOURCE, at).localCheckpoint()


@pytest.fixture(scope="module")
def daily(spark):
    return rolled(spark, DAILY, "plain", "whole", "early", "ordered")


@pytest.fixture(scope="module")
def every_third(spark):
    return rolled(spark, EVERY_THIRD, "apart", "other")


def of_case(frame, case):
    """The rows of a case, under its events' own names."""
    return frame.where(f"shop LIKE '{case}/%'").selectExpr("substring_index(shop, '/', -1) AS shop", "* EXCEPT (shop)")


@pytest.mark.parametrize(
    ("frame", "at", "case"),
    [("daily", DAILY, "plain"), ("every_third", EVERY_THIRD, "apart"), ("every_third", EVERY_THIRD, "other")],
)
def test_every_aggregate_equals_its_definition(request, frame, at, case):
    """Rules 1, 2, 3, 4, 7, 8, 11, 12."""
    rows, events = of_case(request.getfixturevalue(frame), case).collect(), CASES[case]
    seen = {(row["shop"], row["who"], row["as_of"].date()): row for row in rows}
    assert len(seen) == len(rows), "one row for an entity and midnight"
    entities = {(event["shop"], event["who"]) for event in events}
    compared = 0
    for shop, who in entities:
        mine = [event for event in events if (event["shop"], event["who"]) == (shop, who)]
        for index in range(at.count):
            day = at.first + timedelta(days=index * at.step)
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


def test_late_events_only_add_cells(daily):
    """Rule 4: what was published stays; only snapshots after the arrival see a late event."""

    def until(day, case):
        return {tuple(map(str, row)) for row in of_case(daily, case).collect() if row["as_of"].date() <= day}

    assert until(CUT, "early") == until(CUT, "whole")
    assert until(DAILY.last, "early") != until(DAILY.last, "whole"), "and there are late events"


def test_the_order_and_partitioning_of_events_change_no_byte(daily):
    """Rule 12 and 19."""
    from headrace.tables.hash import table_hash

    assert table_hash(of_case(daily, "ordered")) == table_hash(of_case(daily, "shuffled"))
    assert table_hash(of_case(daily, "ordered")) != table_hash(of_case(daily, "plain"))

"""Temporal groups in training sets at any instants, counted from events, against the naive definition and their tables."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import zone_oracle as naive
from instant_oracle import Rules
from window_oracle import value_over

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.contracts.labels import LabelContract
from headrace.contracts.models import ModelContract
from headrace.features.counted import Counted
from headrace.features.midnights import Midnights
from headrace.features.rollup import roll_up
from headrace.features.tiles import build_tiles
from headrace.ground.interval import DAY, parse_span
from headrace.scoring.score import join_groups
from headrace.tables.hash import table_hash
from headrace.training.dataset import build_training_set

pytestmark = pytest.mark.spark

BERLIN = "Europe/Berlin"
SOURCE = EventContract.model_validate(
    {
        "source": "acts", "version": 1, "owner": "a@example.com", "purpose": "Acts.", "landing": {"folder": "acts"},
        "roles": {"entity": ["shop", "who"], "event_time": "event_time", "available_at": "got", "sequence": "number"},
        "lateness": "5d",
        "columns": {
            "shop": {"type": "string", "meaning": "s"}, "who": {"type": "bigint", "meaning": "w"},
            "event_time": {"type": "timestamp", "meaning": "t"}, "got": {"type": "timestamp", "meaning": "g"},
            "number": {"type": "int", "meaning": "n"}, "kind": {"type": "string", "meaning": "k"},
            "item": {"type": "string", "meaning": "i"}, "amount": {"type": "decimal(10,2)", "meaning": "a"},
        },
    }
)  # fmt: skip
FEATURES = {
    "here": [
        {"name": "n", "aggregate": "count"},
        {"name": "paid", "aggregate": "sum", "expression": "amount", "scale": 2, "where": "kind = 'a'"},
        {"name": "newest", "aggregate": "last", "expression": "item"},
        {"name": "latest", "aggregate": "last_k", "expression": "item", "k": 2},
        {"name": "oldest", "aggregate": "first", "expression": "item"},
    ],
    "there": [
        {"name": "m", "aggregate": "count"}, {"name": "days", "aggregate": "active_days"},
        {"name": "kept", "aggregate": "last", "expression": "item", "when_empty": "-"},
    ],
    "whole": [{"name": "w", "aggregate": "count"}, {"name": "ago", "aggregate": "time_since_last"}],
}  # fmt: skip
WINDOWS = {"here": ["60h", "all"], "there": ["6h", "1d", "3d"], "whole": ["36h", "2d"]}


def group_of(name: str, zone: str, tail: str, *derived: dict[str, Any]) -> FeatureGroup:
    told = [{**feature, "windows": WINDOWS[name]} for feature in FEATURES[name]]
    return FeatureGroup.model_validate(
        {
            "team": "t", "group": name, "version": 1, "owner": "a@example.com", "purpose": "p", "entity": ["shop", "who"],
            "source": "acts", "accuracy": "temporal", "zone": zone, "tail": tail,
            "features": [{**feature, "meaning": "m"} for feature in (*told, *derived)],
        }
    )  # fmt: skip


GROUPS = {
    "here": group_of("here", "UTC", "exact", {"name": "each", "derive": "coalesce(paid_60h, 7) / (1 + n_60h)", "scale": 2}),
    "there": group_of("there", BERLIN, "exact"),
    "whole": group_of("whole", BERLIN, "day"),
}  # fmt: skip
MODEL = ModelContract.model_validate(
    {
        "model": "risk", "version": 1, "owner": "a@example.com", "purpose": "p", "label": "gone",
        "features": {name: list(group.columns) for name, group in GROUPS.items()}, "test_from": date(2024, 4, 4),
        "baseline": {"column": "n_60h"}, "gate": {"least_auc": 0.5},
    }
)  # fmt: skip
LABEL = LabelContract.model_validate(
    {
        "label": "gone", "version": 1, "owner": "a@example.com", "purpose": "p", "source": "acts",
        "eligible": {"within": "9d"}, "outcome": {"gap": "0d", "horizon": "1d", "positive": "absent"},
        "cutoffs": {"first": date(2024, 3, 28), "last": date(2024, 4, 4), "every": "1d"},
    }
)  # fmt: skip
START = datetime(2024, 3, 26, tzinfo=UTC)
SCHEMA = (
    "shop string, who bigint, event_time timestamp, got timestamp, number int, kind string, item string, "
    "amount decimal(10,2), event_date date, landed_on date, event_key string, row_hash bigint"
)
STRANGER = ("z", 9)


def random_events() -> list[dict[str, Any]]:
    """About the night of Berlin's 31 March 2024, which has 23 hours: many tie in time, in arrival and in sequence; some land late."""
    draw, found = random.Random(40), []
    for number in range(260):
        day = START + draw.randrange(9) * DAY
        at = day + draw.choice(
            [timedelta(hours=h) for h in (1, 9, 12, 22, 23)]
            + [draw.randrange(86_400_000_000) * timedelta(microseconds=1)]
        )
        landed = at.date() + draw.choice([0, 0, 0, 1, 2]) * DAY
        found.append(
            {
                "shop": draw.choice("xy"), "who": draw.randrange(2), "event_time": at,
                "got": draw.choice([at, at + timedelta(hours=1), at - timedelta(hours=1)]), "number": draw.choice([None, 1, 2]),
                "kind": draw.choice("ab"), "item": f"item {number}", "amount": draw.choice([None, Decimal(number)]),
                "event_date": at.date(), "landed_on": landed, "event_key": str(number),
                "row_hash": draw.randrange(-(2**63), 2**63),
            }
        )  # fmt: skip
    return found


EVENTS = random_events()


def known_from(event: dict[str, Any]) -> datetime:
    """A landing day is known once it is over."""
    return datetime.combine(event["landed_on"] + DAY, time(), UTC)


def seen(key: tuple[str, int], at: datetime) -> list[dict[str, Any]]:
    """What of an entity had happened and was known."""
    mine = [event for event in EVENTS if (event["shop"], event["who"]) == key]
    return [event for event in mine if event["event_time"] < at and known_from(event) <= at]


def begins_with_day(at: datetime, window: str, zone: str) -> datetime:
    """The midnight of the day in which the edge of a window lies; days are told by wall clocks."""
    if window.endswith("h"):
        edge = at - parse_span(window)
        return naive.midnight(naive.day_of(edge, zone), zone)
    return naive.midnight(naive.day_of(at, zone) - parse_span(window), zone)


def expected(name: str, key: tuple[str, int], at: datetime, *, now: bool = False) -> dict[str, Any]:
    """The definition of a group's columns at an instant; ``now``: as known since."""
    group, found = GROUPS[name], {}
    rules = Rules(zone=group.zone, known_then=False)
    mine = (
        [event for event in EVENTS if (event["shop"], event["who"]) == key and event["event_time"] < at]
        if now
        else seen(key, at)
    )
    for feature in group.features:
        for window in feature.windows:
            if group.tail == "exact":
                held = [event for event in mine if rules.holds(event, window, at)]
            else:
                held = [event for event in mine if event["event_time"] >= begins_with_day(at, window, group.zone)]
            days = {"event_date": lambda event: event["event_time"].astimezone(ZoneInfo(group.zone)).date()}
            ranked = [
                event
                | {"landed_on": event["got"], "sequence": event["number"], "event_date": days["event_date"](event)}
                for event in held
            ]
            value = value_over(feature, [e for e in ranked if feature.where is None or e["kind"] == "a"], at)
            found[f"{feature.name}_{window}"] = "-" if value is None and feature.when_empty == "-" else value
    if name == "here":
        paid = found["paid_60h"] if found["paid_60h"] is not None else Decimal(7)
        found["each"] = (paid / (1 + found["n_60h"])).quantize(Decimal("0.01"), "ROUND_HALF_UP")
    return found


def counted(events: Any) -> dict[str, Counted]:
    return {name: Counted(events, group, SOURCE) for name, group in GROUPS.items()}


@pytest.fixture(scope="module")
def events(spark: Any) -> Any:
    frame = spark.createDataFrame([tuple(event.values()) for event in EVENTS], SCHEMA)
    nobody = [(None, 1, *list(EVENTS[0].values())[2:])]
    return frame.union(spark.createDataFrame(nobody, SCHEMA)).localCheckpoint()


@pytest.fixture(scope="module")
def asked() -> list[tuple[str | None, int, datetime]]:
    """Instants of all kinds: any, midnights of both zones, edges of windows and one microsecond beside them."""
    draw, first = random.Random(41), datetime(2024, 3, 28, tzinfo=UTC)
    keys = [*((shop, who) for shop in "xy" for who in range(2)), STRANGER]
    found = {(*STRANGER, first), (*STRANGER, first + DAY / 2)}
    while len(found) < 110:
        edge = draw.choice(EVENTS)["event_time"] + draw.choice([timedelta(hours=h) for h in (0, 6, 24, 36, 60, 72)])
        midnight = naive.midnight(date(2024, 3, 28) + draw.randrange(1, 7) * DAY, draw.choice([BERLIN, "UTC"]))
        at = draw.choice(
            [
                edge,
                edge + timedelta(microseconds=1),
                midnight,
                first + draw.randrange(7 * 86_400) * timedelta(seconds=1),
            ]
        )
        if first <= at <= first + 7 * DAY:
            found.add((*draw.choice(keys), at))
    return sorted(found)


def test_rules_2_3_4_7_11_and_14_training_rows_at_any_instants_equal_their_definition(
    spark: Any, events: Any, asked: Any
) -> None:
    rows_asked = [*((*one, 1) for one in asked), (None, 1, START + 4 * DAY, 0)]
    labels = spark.createDataFrame(rows_asked, "shop string, who bigint, cutoff timestamp, label int")
    made = build_training_set(labels, counted(events), MODEL, LABEL, ("shop", "who"), groups=GROUPS)
    rows = {(row["shop"], row["who"], row["cutoff"].astimezone(UTC)): row for row in made.collect()}
    trained = [
        (shop, who, at)
        for shop, who, at, _ in rows_asked
        if at >= datetime(2024, 4, 4, tzinfo=UTC) or at <= datetime(2024, 4, 3, tzinfo=UTC)
    ]
    assert rows.keys() == set(trained), "those whose labels reach into the test are left out, nobody else"
    unseen = late = 0
    for (shop, who, at), row in rows.items():
        for name in GROUPS:
            found = {column: row[column] for column in GROUPS[name].columns}
            assert found == expected(name, (shop, who), at), (name, shop, who, at)
            as_of = row[f"{name}_as_of"]
            assert (as_of and as_of.astimezone(UTC)) == (at if seen((shop, who), at) else None), (name, shop, who, at)
            late += found != expected(name, (shop, who), at, now=True)
        unseen += row["here_as_of"] is None
    assert (unseen >= 3, late > 50) == (True, True)


def test_rule_3_where_the_instant_is_a_snapshot_both_ways_give_equal_values(spark: Any, events: Any) -> None:
    """Hash for hash, ties by the source's own arrival included; so do everybody's values at an instant for scores."""
    group, at = GROUPS["here"], Midnights(date(2024, 3, 27), 1, 9)
    table = roll_up(build_tiles(events, [group], SOURCE), group, SOURCE, at).localCheckpoint()
    keys = [(shop, who, datetime.combine(day, time(), UTC), 1) for shop, who in {*((e["shop"], e["who"]) for e in EVENTS), STRANGER}
            for day in LABEL.cutoffs.dates]  # fmt: skip
    labels = spark.createDataFrame(keys, "shop string, who bigint, cutoff timestamp, label int")
    model = MODEL.model_copy(update={"features": {"here": MODEL.features["here"]}})
    ways = [
        build_training_set(labels, {"here": rows}, model, LABEL, ("shop", "who"), groups=GROUPS)
        for rows in (table, Counted(events, group, SOURCE))
    ]
    assert ways[0].count() == 5 * 8
    assert table_hash(ways[0]) == table_hash(ways[1])
    as_of, columns = datetime(2024, 3, 30, tzinfo=UTC), {"here": group.columns}
    scored = [
        join_groups({"here": rows}, columns, ("shop", "who"), as_of, GROUPS)
        for rows in (table, Counted(events, group, SOURCE))
    ]
    assert scored[0].count() == 4
    assert table_hash(scored[0]) == table_hash(scored[1])

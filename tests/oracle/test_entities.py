"""Several entities over one source, of one key or of several, against the naive definition."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from test_windows import SOURCE, frame_of, random_events
from window_oracle import value_of

from headrace.contracts.features import FeatureGroup
from headrace.features.midnights import Midnights
from headrace.features.rollup import roll_up
from headrace.features.tiles import build_tiles
from headrace.features.tiling import Tiling, tiled_by, tiles_table, tilings

EVENTS = random_events(11, 120)
AT = Midnights(date(2024, 2, 25), 4, 5)
FEATURES = [
    {"name": "n", "aggregate": "count"},
    {"name": "total", "aggregate": "sum", "expression": "amount", "scale": 2, "when_empty": 0},
    {"name": "items", "aggregate": "count_distinct", "expression": "item"},
    {"name": "last_item", "aggregate": "last", "expression": "item"},
]


def group_of(*entity: str, zone: str = "UTC") -> FeatureGroup:
    return FeatureGroup.model_validate(
        {
            "team": "t", "group": "_".join(("of", *entity)), "version": 1, "owner": "a@example.com", "purpose": "p",
            "entity": list(entity), "source": "acts", "zone": zone,
            "features": [{**feature, "windows": ["30h", "1w"], "meaning": "m"} for feature in FEATURES],
        }
    )  # fmt: skip


GROUPS = [group_of("shop"), group_of("who", "shop"), group_of("item"), group_of("kind", "who"), group_of("who", "kind")]


def test_a_group_is_over_the_sources_tiles_where_those_hold_its_keys_and_else_over_its_own():
    assert [tiled_by(group, SOURCE).key for group in GROUPS] == [
        ("shop", "who"), ("shop", "who"), ("item",), ("kind", "who"), ("kind", "who"),
    ]  # fmt: skip
    cut = tilings(GROUPS, SOURCE)
    assert [[group.group for group in groups] for groups in cut.values()] == [
        ["of_shop", "of_who_shop"], ["of_item"], ["of_kind_who", "of_who_kind"],
    ]  # fmt: skip
    assert [tiles_table(SOURCE, key).name for key in cut] == [
        "tiles.acts",
        "tiles.acts_by_item",
        "tiles.acts_by_kind_who",
    ]
    assert tilings([], SOURCE) == {Tiling(("shop", "who")): ()}, "a source is tiled by its own entity in any case"


def test_groups_of_one_zone_share_its_tiles():
    berlin = [group_of("shop", zone="Europe/Berlin"), group_of("who", "shop", zone="Europe/Berlin")]
    cut = tilings([*GROUPS, *berlin, group_of("item", zone="Asia/Kolkata")], SOURCE)
    assert [tiles_table(SOURCE, tiling).name for tiling in cut][-2:] == [
        "tiles.acts_in_europe_berlin",
        "tiles.acts_by_item_in_asia_kolkata",
    ]
    assert cut[Tiling(("shop", "who"), "Europe/Berlin")] == tuple(berlin)


@pytest.mark.spark
def test_every_entity_equals_its_definition_and_a_null_key_is_nobody(spark: Any) -> None:
    """Rule 10: keys are columns, never joined texts; an event whose key is null is no entity's, and "" is a key."""
    events = frame_of(spark, EVENTS).localCheckpoint()
    made = None
    for group in (GROUPS[0], GROUPS[2], GROUPS[4]):
        tiles = build_tiles(events, tilings(GROUPS, SOURCE)[tiled_by(group, SOURCE)], SOURCE, tiled_by(group, SOURCE))
        rolled = roll_up(tiles, group, SOURCE, AT)
        tagged = rolled.selectExpr(f"'{group.group}' AS g", "*")
        made = tagged if made is None else made.unionByName(tagged, allowMissingColumns=True)
    seen = {(row["g"], *(row[key] for key in ("shop", "item", "who", "kind")), row["as_of"].date()): row
            for row in made.collect()}  # fmt: skip
    expected = 0
    for group in (GROUPS[0], GROUPS[2], GROUPS[4]):
        for key in {tuple(event[name] for name in group.entity) for event in EVENTS}:
            place = dict(zip(group.entity, key, strict=True))
            mine = [event for event in EVENTS if all(event[name] == value for name, value in place.items())]
            for number in range(AT.count):
                day = AT.first + timedelta(days=AT.step * number)
                as_of = datetime(day.year, day.month, day.day, tzinfo=UTC)
                row = seen.get((group.group, *(place.get(name) for name in ("shop", "item", "who", "kind")), day))
                known = any(event["event_time"] < as_of and event["landed_on"] < day for event in mine)
                assert (row is not None) == (known and None not in key), (group.group, key, day)
                for feature in group.features if row is not None else ():
                    for window in feature.windows:
                        value = value_of(feature, window, mine, as_of)
                        assert row[f"{feature.name}_{window}"] == value, (group.group, key, day, feature.name, window)
                        expected += 1
    assert expected > 300
    assert len(seen) * 8 == expected, "and nobody else has a row"

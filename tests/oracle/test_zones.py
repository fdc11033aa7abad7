"""Groups of a time zone: its days and midnights as columns, and tiles and roll-up, against the naive definition (rule 14)."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import reduce

import pytest
import zone_oracle as naive
from pyspark.sql import functions as F
from test_windows import FEATURES, SOURCE, frame_of

from headrace.contracts.features import FeatureGroup
from headrace.features.calendar import Calendar
from headrace.features.definition import definitions
from headrace.features.rollup import roll_up
from headrace.features.slots import group_slots
from headrace.features.snapshots import Snapshots
from headrace.features.tiles import build_tiles
from headrace.features.tiling import Tiling
from headrace.ground import zones
from headrace.ground.interval import DAY, HOUR, MICROSECOND, SECOND

CHANGES = {
    "Europe/Berlin": date(2024, 3, 31),  # 23 hours
    "America/New_York": date(2024, 11, 3),  # 25 hours
    "America/Sao_Paulo": date(2018, 11, 4),  # begins at 01:00
    "Asia/Beirut": date(2023, 3, 26),
    "Africa/Cairo": date(2024, 4, 26),
    "America/St_Johns": date(2010, 11, 7),  # begins, and a minute later it is the evening before, once more
    "Asia/Kolkata": date(2024, 5, 1),  # half an hour beside the hour
    "Australia/Lord_Howe": date(2024, 4, 7),  # 24.5 hours
    "Pacific/Apia": date(2011, 12, 30),  # left out
    "Atlantic/Azores": date(2024, 3, 31),  # two midnights in a day of UTC
    "America/Scoresbysund": date(2023, 10, 29),  # none
}
"""Zones, each with a day on which something is odd."""
COLUMNS = (
    "Europe/Berlin",
    "America/Sao_Paulo",
    "America/St_Johns",
    "Asia/Kolkata",
    "Australia/Lord_Howe",
    "Pacific/Apia",
)
ROLLED = ("America/St_Johns", "Pacific/Apia", "Europe/Berlin")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def instants(zone):
    """Around the midnights of the days about the odd one: the second, the half hours, and their neighbours."""
    for days in range(-3, 4):
        at = naive.midnight(CHANGES[zone] + days * DAY, zone)
        yield from (
            at + step for step in (-DAY / 48, -MICROSECOND, 0 * DAY, MICROSECOND, 90 * SECOND, DAY / 48, DAY / 2)
        )


@pytest.mark.spark
def test_rule_14_days_and_midnights_as_columns_are_those_of_the_clock(spark):
    found = [(zone, row) for zone in COLUMNS for row in computed(spark, zone)]
    assert len(found) == 49 * len(COLUMNS)
    for zone, row in found:
        at = row["at"].astimezone(UTC)
        day = naive.day_of(at, zone)
        assert row["day"] == day, (zone, at)
        assert row["begun"].astimezone(UTC) == naive.midnight(day, zone), (zone, at)
        after = row["next"]
        assert naive.midnight(after, zone) >= at > naive.midnight(after - DAY, zone), (zone, at)
        last = max(naive.midnight(day + n * DAY, zone) for n in range(3) if real(day + n * DAY, zone))
        assert row["leaves"].astimezone(UTC) in (last, naive.midnight(day + 2 * DAY, zone) - MICROSECOND), (zone, at)


@pytest.mark.parametrize("zone", CHANGES)
def test_rule_14_days_and_midnights_in_python_are_those_of_the_clock(zone):
    for at in instants(zone):
        day = naive.day_of(at, zone)
        assert (zones.day_of(at, zone), zones.midnight(day, zone)) == (day, naive.midnight(day, zone)), at


def computed(spark, zone):
    """Literals, which Spark's optimizer computes without a job."""
    calendar, at = Calendar(zone, snapshot=True), F.col("micros")
    values = ", ".join(f"({(moment - EPOCH) // MICROSECOND}L)" for moment in instants(zone))
    return (
        spark.sql(f"SELECT micros FROM VALUES {values} AS t(micros)")
        .select(
            F.timestamp_micros(at).alias("at"),
            calendar.day(at).alias("day"),
            F.timestamp_micros(calendar.as_of(at)).alias("begun"),
            calendar.day_from(at).alias("next"),
            F.timestamp_micros(calendar.leaves(at, "2d")).alias("leaves"),
        )
        .collect()
    )


def real(day, zone):
    return naive.midnight(day, zone) < naive.midnight(day + DAY, zone)


def test_a_zone_has_a_name_in_tables_that_no_other_has():
    import zoneinfo

    known = zoneinfo.available_timezones()
    assert len({zones.zone_in_names(zone) for zone in known}) == len(known)
    named = [zones.zone_in_names(zone) for zone in ("Europe/Berlin", "Etc/GMT+5", "America/Port-au-Prince")]
    assert named == ["europe_berlin", "etc_gmt_plus_5", "america_port_au_prince"]


def test_every_midnight_of_a_zone_is_owned_by_the_one_interval_of_utc_in_which_it_lies():
    for zone in CHANGES:
        start = datetime.combine(CHANGES[zone] - 20 * DAY, time(), UTC)
        for every, count in ((DAY, 40), (7 * DAY, 6)):
            whole = owned(Snapshots(start, every, count), zone)
            parts = [owned(Snapshots(start + k * every, every, 1), zone) for k in range(count)]
            assert whole == [at for part in parts for at in part], "a step of many intervals does what each alone does"
            for k, part in enumerate(parts):
                assert all(start + k * every < at <= start + (k + 1) * every for at in part)
            last = [naive.midnight(naive.day_of(start + k * every, zone), zone) for k in range(1, count + 1)]
            assert set(last) - set(whole) <= {last[0]}, "what is asked for at an interval's end is there"
            if every == DAY:
                first, end = naive.day_of(start, zone) + DAY, naive.day_of(start + count * DAY, zone)
                assert len(whole) == (end - first) // DAY + 1, "every midnight"
    counts = [len(owned(Snapshots(datetime(2024, 3, 31, tzinfo=UTC), DAY, 1), "Atlantic/Azores"))]
    counts.append(len(owned(Snapshots(datetime(2024, 10, 27, tzinfo=UTC), DAY, 1), "Atlantic/Azores")))
    assert counts == [2, 0]


def owned(snapshots, zone):
    days = [at.first + k * at.step * DAY for at in snapshots.midnights(zone) for k in range(at.count)]
    return [naive.midnight(day, zone) for day in days]


def group_in(zone, features, windows):
    changed = [{**feature, "windows": windows, "meaning": "m"} for feature in features]
    return FeatureGroup.model_validate(
        {
            "team": "t", "group": "g", "version": 1, "owner": "a@example.com", "purpose": "p", "zone": zone,
            "entity": ["shop", "who"], "source": "acts", "features": changed,
        }
    )  # fmt: skip


NAMES = {"n", "total", "most", "latest", "last_item", "days", "since", "visits"}
"""A feature of each way in which a roll-up merges states."""


def random_events(zone, seed, count):
    """On midnights of the zone and of UTC, and beside them; landed on their day of UTC and later."""
    draw, events = random.Random(seed), []
    for number in range(count):
        day = CHANGES[zone] + draw.randrange(-6, 7) * DAY
        midnight = naive.midnight(day, zone)
        edge = draw.choice([midnight, datetime.combine(day, time(), UTC), midnight - 24 * HOUR, midnight - 36 * HOUR])
        beside = draw.choice(
            [0 * DAY, MICROSECOND, -MICROSECOND, 90 * SECOND, DAY / 48, draw.randrange(86400) * SECOND]
        )
        at = edge + beside
        events.append(
            {
                "shop": draw.choice("xy"), "who": draw.randrange(2), "event_time": at, "kind": draw.choice("ab"),
                "item": draw.choice(["p", "q", "r", "", None]),
                "amount": draw.choice([None, Decimal(draw.randrange(-500, 5000)).scaleb(-2)]),
                "event_date": at.date(), "landed_on": at.date() + draw.choice([0, 0, 0, 1, 2]) * DAY,
                "event_key": str(number), "row_hash": draw.randrange(10**6),
            }
        )  # fmt: skip
    return events


@pytest.mark.parametrize("zone", [*CHANGES, "Etc/GMT+5", "Antarctica/Troll"])
def test_rules_2_and_14_hours_are_cut_into_so_many_parts_of_a_day_that_none_is_missing(zone):
    """What a slot takes to be held whole is, what it lets go has left; between the two each day has a part of its own."""
    for hours in (1, 6, 23, 24, 25, 36, 47, 48, 72):
        group = group_in(zone, [{"name": "n", "aggregate": "count"}], [f"{hours}h"])
        (slot,) = group_slots(group, SOURCE)
        ever, most = slot.atom.value == "1", slot.days + len(slot.parts)
        assert (slot.column, slot.length) == (f"{slot.atom.column}_{hours}h", hours * HOUR)
        for at in instants(zone) if zone in CHANGES else [EPOCH, EPOCH + 23 * HOUR]:
            day = naive.day_of(at, zone)
            later = [day + n * DAY for n in range(1, 8) if real(day + n * DAY, zone)]
            held = [(one - day) // DAY for one in later if at >= naive.midnight(one, zone) - hours * HOUR]
            assert not held or max(held) <= most, (hours, at)
            whole = [(one - day) // DAY for one in later if (one - day) // DAY <= slot.days]
            assert not ever or set(whole) <= set(held), (hours, at)
            assert ever or slot.days == 1


@pytest.mark.spark
@pytest.mark.parametrize("zone", ROLLED)
def test_rules_1_3_4_and_14_tiles_of_a_zone_equal_the_definition(spark, zone):
    """Every midnight of the zone, each once, over windows of its days and of hours; what landed too late is not in it."""
    group = group_in(zone, [feature for feature in FEATURES if feature["name"] in NAMES], ["1d", "3d", "24h", "36h"])
    events = random_events(zone, zone, 120)
    snapshots = Snapshots(datetime.combine(CHANGES[zone] - 7 * DAY, time(), UTC), DAY, 18)
    tiles = build_tiles(frame_of(spark, events), [group], SOURCE, Tiling(SOURCE.entity, zone))
    rolled = [roll_up(tiles, group, SOURCE, at) for at in snapshots.midnights(zone)]
    rows = reduce(lambda one, other: one.unionByName(other), rolled).collect()
    seen = {(row["shop"], row["who"], row["as_of"].astimezone(UTC)): row for row in rows}
    assert len(seen) == len(rows), "one row for an entity and midnight"
    days = [snapshots.start.date() + n * DAY for n in range(20)]
    days = [
        d for d in days if real(d, zone) and snapshots.start < naive.midnight(d, zone) <= snapshots.start + 18 * DAY
    ]
    compared = expected_rows = 0
    for shop, who in {(event["shop"], event["who"]) for event in events}:
        mine = [event for event in events if (event["shop"], event["who"]) == (shop, who)]
        for day in days:
            key = (shop, who, naive.midnight(day, zone))
            assert (key in seen) == bool(naive.known(mine, day, zone)), key
            expected_rows += key in seen
            for feature in group.features if key in seen else ():
                for window in feature.windows:
                    expected = naive.value_of(feature, window, mine, day, zone)
                    assert seen[key][f"{feature.name}_{window}"] == expected, (feature.name, window, key)
                    compared += 1
    assert_defined(spark, events, group, [row for row in rows if row["as_of"].date() == CHANGES[zone] + 2 * DAY])
    assert expected_rows == len(rows)
    assert compared > 900


def assert_defined(spark, events, group, rows):
    """The SQL that the catalog shows for each column gives the rows of one midnight."""
    frame_of(spark, events).createOrReplaceTempView("zone_events")
    columns = [
        sql.replace("raw.events_acts", "zone_events") for f in group.features for sql in definitions(f, group, SOURCE)
    ]
    lines = [sql.splitlines() for sql in columns]
    whole = "\n".join((lines[0][0], ", ".join(line[1] for line in lines), *lines[0][2:]))
    (as_of,) = {row["as_of"] for row in rows}
    found = spark.sql(whole.replace(":as_of", f"TIMESTAMP '{as_of.astimezone(UTC).isoformat()}'")).collect()
    told = {(row["shop"], row["who"]): row for row in found}
    assert told.keys() == {(row["shop"], row["who"]) for row in rows} != set()
    for row in rows:
        for name in group.columns:
            assert told[row["shop"], row["who"]][name] == row[name], (name, row["shop"], row["who"])

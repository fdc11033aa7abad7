"""Rule 16 with ``corrections: true``: what is known of an event is its latest version, and what was published stays.

Ingest, tiles, snapshots, values at instants, labels and the SQL of definitions against versions told one by one.
Short form of the dear one: test_what_is_known_of_an_event_is_its_latest_version, here.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from corrections_oracle import Line, Version, events_known, settle
from pyspark.sql import DataFrame
from window_oracle import value_over

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.contracts.labels import LabelContract
from headrace.events.ingest import decide, earlier_events
from headrace.events.quarantine import events_of, tally_of
from headrace.features.carried import afresh, onward, snapshot
from headrace.features.chain import chains_of
from headrace.features.counted import Counted
from headrace.features.definition import definitions
from headrace.features.midnights import Midnights
from headrace.features.rollup import roll_up
from headrace.features.tiles import build_tiles
from headrace.ground.interval import DAY, parse_span
from headrace.monitoring.observe import eligible_at
from headrace.tables.hash import table_hash
from headrace.training.dataset import build_labels

pytestmark = pytest.mark.spark

START, DAYS = date(2024, 3, 1), 8
NOBODY = 9
"""Whose only event was corrected to be somebody else's."""
SOURCE = EventContract.model_validate(
    {
        "source": "acts", "version": 1, "owner": "a@example.com", "purpose": "Acts.", "landing": {"folder": "acts"},
        "roles": {
            "entity": ["who"], "event_id": "id", "event_time": "event_time", "available_at": "got", "sequence": "number",
        },
        "lateness": "3d", "corrections": True,
        "columns": {
            "id": {"type": "string", "meaning": "i"}, "who": {"type": "bigint", "meaning": "w"},
            "event_time": {"type": "timestamp", "meaning": "t"}, "got": {"type": "timestamp", "meaning": "g"},
            "number": {"type": "int", "meaning": "n"}, "kind": {"type": "string", "meaning": "k"},
            "amount": {"type": "decimal(10,2)", "meaning": "a"},
        },
    }
)  # fmt: skip
COLUMNS = "id string, who bigint, event_time timestamp, got timestamp, number int, kind string, amount decimal(10,2)"
GROUP = FeatureGroup.model_validate(
    {
        "team": "t", "group": "g", "version": 1, "owner": "a@example.com", "purpose": "p", "entity": ["who"],
        "source": "acts",
        "features": [
            {"meaning": "m", **feature}
            for feature in (
                {"name": "n", "aggregate": "count", "windows": ["1d", "36h", "all"]},
                {"name": "paid", "aggregate": "sum", "expression": "amount", "scale": 2, "where": "kind = 'a'", "windows": ["2d", "all"]},
                {"name": "each", "aggregate": "mean", "expression": "amount", "scale": 2, "windows": ["3d"]},
                {"name": "spread", "aggregate": "variance", "expression": "amount", "scale": 2, "windows": ["3d", "all"]},
                {"name": "half", "aggregate": "quantile", "expression": "amount", "q": 0.5, "edges": [5, 20, 60], "windows": ["3d"]},
            )
        ],
    }
)  # fmt: skip


def random_lines(seed: int, count: int) -> list[Line]:
    """Few ids, so most come again: changed in whatever way, as a copy of any of their versions, twice on a day, too late."""
    chance, lines = random.Random(seed), []
    for number in range(count):
        name, landed = f"v{chance.randrange(count // 4)}", START + chance.randrange(DAYS) * DAY
        before = [line for line in lines if line.id == name]
        got = datetime.combine(landed, time(), UTC) + timedelta(seconds=chance.randrange(86_000), microseconds=number)
        got -= chance.choice((0, 0, 0, 1)) * DAY  # it claims an earlier day: then the sequence alone tells its place
        changed = Line(
            name, chance.randrange(6), got - chance.randrange(80) * timedelta(hours=1), got, number, chance.choice("ab"),
            chance.choice((None, Decimal(chance.randrange(9000)) / 100)), landed,
        )  # fmt: skip
        if before and chance.random() < 0.7:
            same = chance.choice(before)
            kept = Line(name, same.who, same.event_time, got, number, "a", changed.amount, landed)
            copied = Line(name, *same.content[:2], got, *same.content[2:], landed)
            changed = chance.choice((kept, kept, copied))
        lines.append(changed)
    morning = instant(START + DAY)
    gone = Line("gone", NOBODY, morning, morning + timedelta(hours=1), 1, "a", Decimal(7), START + DAY)
    return [*lines, gone, replace(gone, who=0, got=gone.got + 2 * DAY, landed_on=START + 3 * DAY)]


def landed(spark: Any, lines: Iterable[Line]) -> DataFrame:
    """The lines as ``parse`` reads them, each of a file of its day."""
    chance = random.Random(1)
    rows = [
        (
            str(index), f"{x.landed_on}/{chance.choice('ab')}.json", x.landed_on, None,
            x.id, x.who, x.event_time, x.got, x.number, x.kind, x.amount,
        )
        for index, x in enumerate(lines)
    ]  # fmt: skip
    return spark.createDataFrame(rows, f"raw string, file string, landed_on date, unread string, {COLUMNS}")


def ingested(spark: Any, lines: Sequence[Line], firsts: Sequence[int]) -> tuple[DataFrame, Counter[str]]:
    """The event table and the tally after ingests that begin on these days, each up to the next."""
    events: DataFrame | None = None
    tally: Counter[str] = Counter()
    bad = spark.createDataFrame([], "landed_on date, file string, rule string, detail string, raw string")
    for first, end in zip(firsts, (*firsts[1:], DAYS), strict=True):
        start = datetime.combine(START + first * DAY, time(), UTC)
        some = [line for line in lines if START + first * DAY <= line.landed_on < START + end * DAY]
        known = earlier_events(events, SOURCE, start) if events is not None else None
        decided = decide(landed(spark, some), SOURCE, known, lambda frame: frame.localCheckpoint())
        rows = events_of(decided, SOURCE).localCheckpoint()
        tally += Counter({row["outcome"]: row["rows"] for row in _tallied(tally_of(decided, bad, SOURCE))})
        events = rows if events is None else events.unionByName(rows).localCheckpoint()
    assert events is not None
    return events, tally


def _tallied(tally: DataFrame) -> list[Any]:
    return tally.groupBy("outcome").sum("rows").withColumnRenamed("sum(rows)", "rows").collect()


def expected(versions: Sequence[Version], who: int, known: date | None, at: datetime) -> dict[str, Any]:
    """The group's values of somebody by their definition."""
    mine = [event for event in events_known(versions, known) if event["who"] == who and event["event_time"] < at]
    return {
        f"{feature.name}_{window}": value_over(
            feature, [e for e in mine if window == "all" or e["event_time"] >= at - parse_span(window)], at
        )
        for feature in GROUP.features
        for window in feature.windows
    }


def same(row: Any, values: dict[str, Any]) -> None:
    for name, value in values.items():
        found = row[name]
        assert found == (pytest.approx(value) if isinstance(value, float) else value), (row, name, value)


def instant(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


class World:
    """Some lines, what is to become of them, and what ingest made of them day by day."""

    def __init__(self, spark: Any, seed: int, count: int, firsts: Sequence[int] = (0, 2, 3, 6)) -> None:
        self.lines = random_lines(seed, count)
        self.versions, self.tally = settle(self.lines)
        self.events, self.told = ingested(spark, self.lines, firsts)
        self.tiles = build_tiles(self.events, [GROUP], SOURCE).localCheckpoint()


def check_tables(spark: Any, world: World) -> None:
    """Outcomes; the same bytes however the days are split; every midnight known-then."""
    assert world.told == world.tally
    assert {"event", "correction", "duplicate", "too_late"} == set(world.told)
    chained = Counter(version.line.id for version in world.versions if version.until is not None)
    assert max(chained.values()) > 1, "some corrections are corrected"
    shuffled = random.Random(2).sample(world.lines, len(world.lines))
    assert table_hash(ingested(spark, shuffled, (0,))[0]) == table_hash(world.events)
    first, midnights = START + DAY, DAYS + 4
    rows = roll_up(world.tiles, GROUP, SOURCE, Midnights(first, 1, midnights)).collect()
    for row in rows:
        same(row, expected(world.versions, row["who"], row["as_of"].date(), row["as_of"].replace(tzinfo=UTC)))
    seen = {
        (version.line.who, day)
        for day in (first + n * DAY for n in range(midnights))
        for version in world.versions
        if max(version.line.landed_on, version.line.event_time.date()) < day
    }
    assert {(row["who"], row["as_of"].date()) for row in rows} == seen, "whom the source has named stays known"
    nobody = [(row["n_all"], row["paid_all"], row["each_3d"]) for row in rows if row["who"] == NOBODY]
    assert nobody == [(1, Decimal(7), 7.0)] * 2 + [(0, None, None)] * 9


def check_instants(spark: Any, world: World) -> None:
    """Between midnights, known-then and known-now, of events themselves."""
    chance = random.Random(3)
    first, last = instant(START + DAY), instant(START + (DAYS + 2) * DAY)
    asked = [
        (n % 6, first + chance.randrange((last - first) // DAY * 86_400) * timedelta(seconds=1)) for n in range(60)
    ]
    queries = spark.createDataFrame(asked, "who bigint, at timestamp")
    counted = Counted(world.events, GROUP, SOURCE)
    for rows, now in ((counted, False), (counted.known_now, True)):
        found = rows.at(queries, "at", first, last).collect()
        assert len(found) == len(asked)
        for row in found:
            at = row["at"].replace(tzinfo=UTC)
            same(row, expected(world.versions, row["who"], None if now else at.date(), at))


def check_carried(world: World) -> None:
    """A snapshot from the one before is the one of all tiles, while events are taken back."""
    (chain,) = chains_of([GROUP], SOURCE, DAY)
    days = [START + n * DAY for n in range(3, DAYS + 3)]
    kept = afresh(chain, world.tiles, days[0]).localCheckpoint()
    for before, day in pairwise(days):
        kept = onward(chain, kept, world.tiles, day, before).localCheckpoint()
        rolled = roll_up(world.tiles, GROUP, SOURCE, Midnights(day, 1, 1))
        assert table_hash(snapshot(chain, kept, GROUP, day)) == table_hash(rolled)


def check_labels(world: World) -> None:
    """Who is asked about and what came of it, as known at the cutoff and when the label was mature."""
    contract = LabelContract.model_validate(
        {
            "label": "back", "version": 1, "owner": "a@example.com", "purpose": "p", "source": "acts",
            "eligible": {"where": "kind = 'a'", "within": "2d"},
            "outcome": {"where": "kind = 'b'", "horizon": "1d", "positive": "present"},
            "cutoffs": {"first": START, "last": START + DAYS * DAY, "every": "1d"},
        }
    )  # fmt: skip
    found = build_labels(world.events, contract, SOURCE, known_until=instant(START + 40 * DAY)).collect()
    wanted = {}
    for at in contract.cutoffs.instants:
        asked = {
            e["who"]
            for e in events_known(world.versions, at.date())
            if e["kind"] == "a" and at - 2 * DAY <= e["event_time"] < at
        }
        over = (at + DAY + SOURCE.lateness).date()
        came = {
            e["who"]
            for e in events_known(world.versions, over)
            if e["kind"] == "b" and at <= e["event_time"] < at + DAY
        }
        wanted |= {(who, at.date()): int(who in came) for who in asked}
        eligible = eligible_at(world.events, contract, SOURCE, at).collect()
        assert sorted(row["who"] for row in eligible) == sorted(asked)
    assert {(row["who"], row["cutoff"].date()): row["label"] for row in found} == wanted
    assert len(found) == len(wanted)


def check_definitions(spark: Any, world: World) -> None:
    """The SQL that says what a feature is counts the versions that stood."""
    world.events.createOrReplaceTempView("corrected_events")
    for day in (START + 3 * DAY, START + 7 * DAY):
        for feature in GROUP.features:
            for column, sql in zip(feature.columns, definitions(feature, GROUP, SOURCE), strict=True):
                told = sql.replace("raw.events_acts", "corrected_events").replace(
                    ":as_of", f"TIMESTAMP '{day} 00:00:00Z'"
                )
                rows = spark.sql(told).collect()
                assert rows
                for row in rows:
                    same(row, {column: expected(world.versions, row["who"], day, instant(day))[column]})


@pytest.mark.dear
@pytest.mark.parametrize("seed", [11, 12, 13])
def test_whatever_reads_events_sees_their_latest_versions(spark: Any, seed: int) -> None:
    """Three worlds of 400 lines, all readers of events."""
    world = World(spark, seed, 400)
    check_tables(spark, world)
    check_instants(spark, world)
    check_carried(world)
    check_labels(world)
    check_definitions(spark, world)


def test_what_is_known_of_an_event_is_its_latest_version(spark: Any) -> None:
    """The short form of the dear one: a small world and its tables."""
    check_tables(spark, World(spark, 7, 90, (0, 4)))

"""A group of New York, one of UTC and a temporal one of New York in one model, over the night on which New York's clocks change.

Short form: tests/oracle/test_zones.py and tests/oracle/test_counted.py.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import tiny
import zone_oracle as naive
from agreed import agree
from instant_oracle import Rules, dated, value_at

from headrace.cli.workbench import open_workbench
from headrace.contracts.features import Feature, load_feature_group
from headrace.features.counted import Counted
from headrace.graph.project import load_project
from headrace.scoring.score import join_groups

pytestmark = [pytest.mark.spark, pytest.mark.e2e, pytest.mark.dear]
NEW_YORK = "America/New_York"
Call = Callable[..., tuple[int, str]]
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)
START, DAYS = date(2024, 3, 6), 10
CUTOFFS = [date(2024, 3, day) for day in range(8, 13)]
GROUP = (
    "team: t\ngroup: {name}\nversion: 1\nowner: a@example.com\npurpose: p.\nentity: [who]\nsource: visits\nzone: {zone}\n"
    "accuracy: {accuracy}\n"
    "features:\n"
    "  - {{name: {name}, meaning: n, aggregate: count, windows: [1d, 3d]}}\n"
    "  - {{name: {name}_days, meaning: d, aggregate: active_days, windows: [7d]}}\n"
    "  - {{name: {name}_paid, meaning: p, aggregate: sum, expression: paid, scale: 2, windows: [3d]}}\n"
    "  - {{name: {name}_last, meaning: p, aggregate: time_since_last, windows: [3d]}}\n"
)
ZONES = {"there": NEW_YORK, "here": "UTC", "then": NEW_YORK}
"""The groups. Of what is true at a cutoff, then tells the values of that very instant, there those of the midnight before."""
COLUMNS = {
    name: [f"{name}_1d", f"{name}_3d", f"{name}_days_7d", f"{name}_paid_3d", f"{name}_last_3d"] for name in ZONES
}
FILES = {
    "tiny_graph.py": (
        "from headrace.jobs import build_features, build_tiles, build_training_set, ingest_events\n\n\n"
        "def graph(project):\n"
        "    jobs = tuple(part.job(project) for part in (ingest_events, build_tiles, build_features))\n"
        "    return (*jobs, *build_training_set.jobs(project))\n"
    ),
    **{
        f"conf/contracts/features/{name}.yaml": GROUP.format(
            name=name, zone=zone, accuracy="temporal" if name == "then" else "snapshot"
        )
        for name, zone in ZONES.items()
    },
    "conf/contracts/labels/gone.yaml": (
        "{label: gone, version: 1, owner: a@example.com, purpose: p, source: visits, eligible: {within: 5d},\n"
        " outcome: {gap: 0d, horizon: 1d, positive: absent},\n"
        " cutoffs: {first: 2024-03-08, last: 2024-03-12, every: 1d}}\n"
    ),
    "conf/contracts/models/going.yaml": (
        "{model: going, version: 1, owner: a@example.com, purpose: p, label: gone, test_from: 2024-03-12,\n"
        f" features: {{there: {COLUMNS['there']}, here: {COLUMNS['here']}, then: {COLUMNS['then']}}},\n".replace(
            "'", ""
        )
        + " baseline: {column: here_3d, gain_lower_bound: -1.0},\n"
        " search: {families: [logistic], trials: 1, validation_cutoffs: 1},\n"
        " gate: {least_auc: 0.5, delta: 1.0, segment_delta: 1.0, parity_gap: 1.0}}\n"
    ),
}


def events() -> list[dict[str, Any]]:
    """On the midnights of both zones, beside them and anywhere; some land two days late. Some people come late in March."""
    draw, found = random.Random(5), []
    for number in range(220):
        who = draw.randrange(12)
        day = START + draw.randrange(0 if who < 8 else 3, DAYS - 2) * DAY
        edge = draw.choice([naive.midnight(day, NEW_YORK), datetime.combine(day, time(), UTC)])
        at = edge + draw.choice([0, 0, 1, -1, draw.randrange(80_000)]) * SECOND
        landed = at.date() + draw.choice([0, 0, 0, 2]) * DAY
        found.append(
            {"who": who, "event_time": at, "landed_on": landed, "paid": Decimal(number) / 4, "row_hash": number}
        )
    return [event for event in found if event["event_time"].date() >= START]


EVENTS = events()


def line(event: dict[str, Any]) -> str:
    got = max(event["event_time"], datetime.combine(event["landed_on"], time(), UTC))
    told = {"id": f"v{event['row_hash']}", "who": event["who"], "paid": float(event["paid"])}
    return json.dumps(told | {"at": event["event_time"].isoformat(), "got": got.isoformat()})


@pytest.fixture(scope="module")
def root(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, its events landed, its graph run up to the training set."""
    from headrace.cli import main

    root = tiny.make_project(tmp_path_factory.mktemp("zones"), days=0)
    (root / "conf/contracts/features/visiting.yaml").unlink()
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    base = root / "conf/base.yaml"
    base.write_text(base.read_text().replace("from: 2024-03-01, to: 2024-03-11", "from: 2024-03-06, to: 2024-03-16"))
    agree(root)
    for day in (START + n * DAY for n in range(DAYS)):
        tiny.land(root, day, "a", [line(event) for event in EVENTS if event["landed_on"] == day])
    assert main(["run", "--project", str(root)]) == 0
    return root


def table(spark: Any, root: Path, name: str) -> Any:
    return spark.read.format("delta").load(str(root / "home/warehouse" / name.replace(".", "/")))


def expected(root: Path, name: str, who: int, at: datetime, *, now: bool = False) -> dict[str, Any]:
    """A group's columns of somebody at an instant, by the definition; known ``now``, with all that landed since."""
    mine = [event | ({"landed_on": date.min} if now else {}) for event in EVENTS if event["who"] == who]
    return {
        f"{feature.name}_{window}": value(name, feature, window, mine, at)
        for feature in load_feature_group(root / f"conf/contracts/features/{name}.yaml").features
        for window in feature.windows
    }


def value(name: str, feature: Feature, window: str, events: list[dict[str, Any]], at: datetime) -> Any:
    """A value at an instant: of the midnight at or before it, or of the window that ends there."""
    zone = ZONES[name]
    if name != "then":
        return naive.value_of(feature, window, events, naive.day_of(at, zone), zone)
    rules = Rules(zone=zone)
    landed = [event | {"landed_on": over(event)} for event in events]
    return value_at(feature, window, [dated(event, rules) for event in landed], at, rules)


def over(event: dict[str, Any]) -> datetime:
    """The end of the day on which an event landed."""
    return datetime.combine(event["landed_on"] + DAY, time(), UTC)


def known(name: str, who: int, at: datetime) -> bool:
    """Whether a group knew somebody at the instant of its value."""
    mine = [event for event in EVENTS if event["who"] == who]
    if name == "then":
        return any(event["event_time"] < at and over(event) <= at for event in mine)
    return bool(naive.known(mine, naive.day_of(at, ZONES[name]), ZONES[name]))


@pytest.fixture(scope="module")
def rows(spark: Any, root: Path) -> list[Any]:
    return table(spark, root, "training.going").collect()


def test_rules_3_4_and_14_training_rows_of_two_zones_equal_their_definition(root: Path, rows: list[Any]) -> None:
    assert {row["cutoff"].astimezone(UTC).date() for row in rows} == set(CUTOFFS)
    unknown = other = between = 0
    for row in rows:
        cutoff, who = row["cutoff"].astimezone(UTC), row["who"]
        for name, zone in ZONES.items():
            midnight = naive.midnight(naive.day_of(cutoff, zone), zone)
            as_of = (cutoff if name == "then" else midnight) if known(name, who, cutoff) else None
            assert (row[f"{name}_as_of"] and row[f"{name}_as_of"].astimezone(UTC)) == as_of, (name, who, cutoff)
            found = {column: row[column] for column in COLUMNS[name]}
            assert found == expected(root, name, who, cutoff), (name, who, cutoff)
        unknown += row["there_as_of"] is None
        other += row["there_3d"] != row["here_3d"]
        between += row["there_3d"] != row["then_3d"]
    assert len(rows) > 40
    assert unknown > 0, "somebody is known at a midnight of UTC and was not yet at New York's before it"
    assert (other > 20, between > 20) == (True, True)


def test_leakage_counts_the_cells_that_known_now_has_otherwise(root: Path, rows: list[Any], call: Call) -> None:
    differ: Counter[str] = Counter()
    for row in rows:
        for name in ZONES:
            now = expected(root, name, row["who"], row["cutoff"].astimezone(UTC), now=True)
            differ.update(column for column in now if row[column] != now[column])
    _, listed = call("training-set", "list", "--project", str(root))
    (made,) = (line.split()[0] for line in listed.splitlines() if line.startswith("going-"))
    status, said = call("leakage", "--training-set", made, "--json", "--project", str(root))
    assert status == 0, said
    counted = {column["column"]: column["differ"] for column in json.loads(said)["columns"]}
    assert counted == {column: differ[column] for names in COLUMNS.values() for column in names}
    assert min(differ["there_3d"], differ["here_3d"], differ["then_3d"]) > 5


def test_what_is_scored_is_each_groups_midnight_at_or_before(spark: Any, root: Path) -> None:
    """The 16th: New York's midnight before it is of the 15th, at 04:00, an hour earlier by UTC than a week ago."""
    project = load_project(root, "local")
    groups = project.groups
    tables: dict[str, Any] = {name: table(spark, root, f"features.{name}") for name in ZONES}
    tables["then"] = Counted(table(spark, root, "raw.events_visits"), groups["then"], project.sources["visits"])
    at = datetime(2024, 3, 16, tzinfo=UTC)
    found = {row["who"]: row for row in join_groups(tables, COLUMNS, ["who"], at, groups).collect()}
    assert found.keys() == {event["who"] for event in EVENTS if any(known(name, event["who"], at) for name in ZONES)}
    for who, row in found.items():
        assert row["as_of"].astimezone(UTC) == at
        for name in ZONES:
            assert {column: row[column] for column in COLUMNS[name]} == expected(root, name, who, at)


def test_the_table_holds_every_midnight_of_its_zone_in_the_span_and_the_bench_finds_them_by_date(
    spark: Any, root: Path
) -> None:
    span = [START + n * DAY for n in range(DAYS)]
    midnights = {
        row[0].astimezone(UTC) for row in table(spark, root, "features.there").select("as_of").distinct().collect()
    }
    assert midnights == {naive.midnight(day, NEW_YORK) for day in span} - {naive.midnight(START, NEW_YORK)}
    rows = open_workbench(root).features("there", as_of="2024-03-11").select("as_of").distinct().collect()
    assert [row[0].astimezone(UTC) for row in rows] == [datetime(2024, 3, 11, 4, tzinfo=UTC)]


def test_rule_15_a_set_that_was_counted_from_events_comes_out_again_after_later_data(
    spark: Any, root: Path, call: Call
) -> None:
    """Last: it lands an event of a day that the cutoffs count."""
    project = ("--project", str(root))
    _, listed = call("training-set", "list", *project)
    (made,) = (line.split()[0] for line in listed.splitlines() if line.startswith("going-"))
    status, said = call("training-set", "show", made, *project)
    assert status == 0, said
    words = [word for line in said.splitlines() for word in line.split()[1:2]]
    tables = {word for word in words if word.startswith(("raw.", "features."))}
    assert tables == {"raw.events_visits", "features.there", "features.here"}, said
    late = {
        **EVENTS[0],
        "row_hash": 900,
        "event_time": datetime(2024, 3, 9, 12, tzinfo=UTC),
        "landed_on": START + 3 * DAY,
    }
    tiny.land(root, START + 3 * DAY, "later", [line(late)])
    was = table(spark, root, "raw.events_visits").count()
    status, said = call("run", "ingest_events", *project)
    assert status == 0, said
    assert table(spark, root, "raw.events_visits").count() == was + 1, "one that the cutoffs after it would count"
    status, said = call("training-set", "rebuild", made, *project)
    assert (status, f"{made}: the same again, " in said) == (0, True), said

"""Late, repeated and restarted: the tables are those of one load of everything, and what was published stays.

A feature of each kind that is carried on; that all of them are, over all windows, tests/oracle/test_carried.py holds.

Short form: test_landing.py::test_a_late_file_ends_in_the_tables_that_a_first_load_gives.
"""

from __future__ import annotations

import json
import random
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import tiny
from agreed import agree

from headrace.jobs import build_features

pytestmark = [pytest.mark.spark, pytest.mark.e2e, pytest.mark.dear]

EVENTS = tiny.FILES["conf/contracts/events/visits.yaml"] + "  shop: {type: string, meaning: s}\n"
BY_PERSON = """\
team: t
group: visiting
version: 1
owner: a@example.com
purpose: Visits.
entity: [who]
source: visits
accuracy: temporal
features:
  - {name: visits, meaning: n, aggregate: count, windows: [36h]}
  - {name: paid, meaning: p, aggregate: sum, expression: paid, scale: 2, windows: [3d, all]}
  - {name: shops, meaning: d, aggregate: count_distinct, expression: shop, bound: 10, windows: [36h]}
  - {name: last_shop, meaning: l, aggregate: last, expression: shop, windows: [36h]}
  - {name: least, meaning: m, aggregate: min, expression: paid, windows: [3d]}
  - {name: sittings, meaning: s, aggregate: sessions, gap: 3h, windows: [36h]}
  - {name: each, meaning: r, derive: paid_3d / visits_36h, scale: 2}
"""
BY_SHOP = """\
team: t
group: shops
version: 1
owner: a@example.com
purpose: Shops.
entity: [shop]
source: visits
features:
  - {name: people, meaning: p, aggregate: count_distinct, expression: who, windows: [3d]}
"""
TABLES = ("raw.events_visits", "tiles.visits", "tiles.visits_by_shop", "features.visiting", "features.shops")
DAYS = 6


def deliveries(seed: int) -> list[tuple[int, str]]:
    """(landing day, line) of random visits, up to three days late, every third one delivered once more, in random order."""
    draw = random.Random(seed)
    found = []
    for number in range(90):
        day = draw.randrange(DAYS)
        at = f"{tiny.START + timedelta(days=day)}T{draw.choice([0, 11, 12, 17, 18, 23]):02d}:{draw.choice([0, 59]):02d}:00Z"
        lands = min(day + draw.choice([0, 0, 0, 1, 2, 3]), DAYS - 1)
        got = at if lands == day else f"{tiny.START + timedelta(days=lands)}T00:00:00Z"
        told = {"id": f"v{number}", "who": draw.randrange(4), "at": at, "got": got}
        told |= {"paid": draw.randrange(1, 900) / 100, "shop": draw.choice(["", "a", "ب", None])}
        copies = [lands, *([draw.randrange(lands, DAYS)] if number % 3 == 0 else [])]
        found += [(copy, json.dumps(told)) for copy in copies if copy <= day + 3]
    return draw.sample(found, len(found))


def project_of(folder: Path, lines: list[tuple[int, str]], order: int) -> Path:
    project = tiny.make_project(folder, days=0)
    contracts = project / "conf/contracts"
    for name, text in (("events/visits", EVENTS), ("features/visiting", BY_PERSON), ("features/shops", BY_SHOP)):
        (contracts / f"{name}.yaml").write_text(text, encoding="utf-8")
    base = project / "conf/base.yaml"
    base.write_text(base.read_text().replace("2024-03-11", str(tiny.START + timedelta(days=DAYS))), encoding="utf-8")
    agree(project)
    shuffled = random.Random(order).sample(lines, len(lines))
    for day in range(DAYS):
        mine = [line for landed, line in shuffled if landed == day]
        half = len(mine) // 2
        for name, part in (("a", mine[:half]), ("b", mine[half:])):
            tiny.land(project, tiny.START + timedelta(days=day), name, part)
    return project


def published(spark, project: Path, until: str) -> dict[str, set[str]]:
    """Every row of a snapshot at or before ``until``, by table."""
    root = project / "home/warehouse/features"
    frames = {name: spark.read.format("delta").load(str(root / name)) for name in ("visiting", "shops")}
    return {name: {str(row) for row in frame.where(f"as_of <= '{until}'").collect()} for name, frame in frames.items()}


def kept(spark, project: Path) -> set[str]:
    """The midnights of which something is kept for the next."""
    rows = spark.read.format("delta").load(str(project / "home/warehouse/carried/visits")).select("as_of").distinct()
    return {f"{row['as_of']:%Y-%m-%d}" for row in rows.collect()}


def spent(lines: list[tuple[int, str]]) -> dict[int, Decimal]:
    """What each person paid in all, each visit once."""
    told = (json.loads(line) for _, line in lines)
    bills = {visit["id"]: (visit["who"], Decimal(str(visit["paid"]))) for visit in told}
    return {who: sum((paid for one, paid in bills.values() if one == who), Decimal(0)) for who, _ in bills.values()}


def test_days_that_come_one_by_one_and_twice_end_in_the_tables_of_one_load(spark, call, tmp_path, monkeypatch):
    """Rules 4, 12, 16 and 19: table hash for table hash; the order of lines and files, copies and a restart change nothing,
    and money agrees to the cent with Python's decimals. A day is carried on from the one before, and never made afresh."""
    lines = deliveries(seed=3)
    slow, whole = project_of(tmp_path / "slow", lines, order=1), project_of(tmp_path / "whole", lines, order=2)
    until = str(tiny.START + timedelta(days=3))
    status, said = call("run", "--project", str(slow), "--to", until)
    assert status == 0, said
    early = published(spark, slow, until)
    assert len(early["visiting"]) > 6
    assert call("run", "build_tiles", "--full-refresh", "--project", str(slow), "--to", until)[0] == 0
    with monkeypatch.context() as patched:
        patched.setattr(build_features, "afresh", lambda *_: pytest.fail("a day was made of all tiles"))
        status, said = call("run", "--project", str(slow), "--to", str(tiny.START + timedelta(days=4)))
        assert status == 0, said
    assert kept(spark, slow) == {str(tiny.START + timedelta(days=day)) for day in (3, 4)}
    assert call("run", "--project", str(slow))[0] == 0
    assert call("run", "--project", str(whole))[0] == 0
    assert tiny.hashes(spark, slow, TABLES) == tiny.hashes(spark, whole, TABLES)
    assert published(spark, slow, until) == early, "what was published stays"
    features = spark.read.format("delta").load(str(whole / "home/warehouse/features/visiting"))
    last = features.where(f"as_of = '{tiny.START + timedelta(days=DAYS)}'").collect()
    assert {row["who"]: row["paid_all"] for row in last} == spent(lines)

"""Rule 16: de-duplication against its plain definition, whether few keys are disputed or all rows are compared."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import tiny
import yaml
from copies_oracle import Line, outcomes
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.events.deduplicate import decide_few, decide_outcomes, disputed_keys, identify
from headrace.ground.document import Document, validate

pytestmark = pytest.mark.spark

SCHEMA = "raw string, file string, landed_on string, broken string, id string, who bigint, at string, got string, paid decimal(8,2)"


def random_lines(seed: int, count: int) -> list[Line]:
    """Lines of few ids, so that most are disputed; no two lines arrive at once, but for some that come whole again."""
    chance = random.Random(seed)
    lines: list[Line] = []
    for number in range(count):
        day = chance.choice(("2024-03-02", "2024-03-03"))
        received = f"{day}T{number // 3600:02d}:{number // 60 % 60:02d}:{number % 60:02d}Z"
        broken = chance.choice((None,) * 9 + ("unreadable:not a JSON object",))
        content, file = chance.choice((0, 0, 0, 1)), f"{day}/{chance.choice('ab')}.json"
        line = Line(number, f"v{chance.randrange(count // 2)}", content, day, received, file, broken)
        lines.append(line)
        if chance.random() < 0.05:
            lines.append(Line(count + number, line.id, line.content, day, received, file, broken))
    return lines


@pytest.fixture(scope="module")
def contract() -> EventContract:
    values = yaml.safe_load(tiny.FILES["conf/contracts/events/visits.yaml"])
    return validate(Document(Path("visits.yaml"), values, {}), EventContract)


def checked_rows(spark, lines):
    """What ``check_rows`` leaves of such lines: ``raw`` is the line's number."""
    values = [
        (str(x.number), x.file, x.landed_on, x.broken, x.id, 1, "2024-03-01T00:00:00Z", x.received_at, x.content)
        for x in lines
    ]
    texts = SCHEMA.replace("decimal(8,2)", "int")
    frame = spark.createDataFrame(values, texts).withColumn("paid", F.col("paid").cast("decimal(8,2)"))
    frame = frame.withColumn("landed_on", F.to_date("landed_on"))
    return frame.withColumns({name: F.col(name).cast("timestamp") for name in ("at", "got")})


def tally(frame):
    """(id, content, day, file) -> outcomes, sorted: what an outcome can be told by once ``raw`` is gone."""
    rows = frame.select("id", F.col("paid").cast("int").alias("paid"), "got", "file", "outcome").collect()
    return sorted((r["id"], r["paid"], str(r["got"]), r["file"], r["outcome"]) for r in rows)


@pytest.mark.parametrize("seed", [1, 2])
def test_both_ways_give_the_plain_definitions_outcomes(spark, contract, seed):
    lines = random_lines(seed, 400)
    landed_before = {f"v{number}": number % 2 for number in range(0, 60, 3)}
    identified = identify(checked_rows(spark, lines), contract).persist()
    for before in ({}, landed_before):
        expected = outcomes(lines, before)
        told = [(x.id, x.content, x.received_at.replace("T", " ")[:-1], x.file, expected[x.number]) for x in lines]
        known = known_rows(spark, contract, before) if before else None
        disputed = disputed_keys(identified, known)
        sole, rest = decide_few(identified, contract, known, disputed)
        assert tally(sole.unionByName(rest)) == sorted(told)
        assert tally(decide_outcomes(identified, contract, known)) == sorted(told)
        kinds = set(expected.values())
        assert kinds == {"event", "duplicate", "conflicting_duplicate", "unreadable"}
        assert 0 < rest.count() < len(lines), "some are disputed and some are not"
    identified.unpersist()


def known_rows(spark, contract, before):
    """``known_events`` of an event table that holds these ids."""
    lines = [Line(0, name, content, "2024-03-01", "2024-03-01T10:00:00Z", "f") for name, content in before.items()]
    held = identify(checked_rows(spark, lines), contract)
    return held.select("event_key", F.col("row_hash").alias("known_hash"))


def test_raw_text_is_kept_of_what_is_refused_alone(spark, contract):
    lines = random_lines(3, 100)
    identified = identify(checked_rows(spark, lines), contract)
    sole, rest = decide_few(identified, contract, None, disputed_keys(identified, None))
    rows = sole.unionByName(rest).select("outcome", "raw").collect()
    assert {row["outcome"] for row in rows if row["raw"] is None} == {"event", "duplicate"}
    assert {row["raw"] for row in rows if row["outcome"] == "unreadable"} == {str(x.number) for x in lines if x.broken}

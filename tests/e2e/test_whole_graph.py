"""The whole graph on 200 households: every line accounted for, the same bytes again, a report that a browser shows."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from headrace.jobs.demo import completejourney, faults

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
SEED = 2017
RULES = {
    "broken_json": "unreadable", "missing_household": "missing_value", "unknown_type": "unknown_type",
    "impossible_time": "impossible_time", "too_late": "too_late", "conflicting_duplicate": "conflicting_duplicate",
}  # fmt: skip


@pytest.fixture(scope="module")
def planted():
    """The events of the 200 households as the feed makes them, and the faults that were planted into them."""
    events = completejourney.shop_events(completejourney.choose_households(200, SEED))
    return events, faults.count_faults(events, SEED)


def table(spark, whole, name):
    return spark.read.format("delta").load(str(whole.root / ".headrace/local/warehouse" / name.replace(".", "/")))


def test_the_run_ends_well_and_says_what_was_done(whole):
    assert whole.status == 0, whole.said
    for job in ("land", "ingest_events", "build_tiles", "build_features", "build_training_set", "train_model",
                "validate_model", "release_model", "score_users", "monitor", "maintain"):  # fmt: skip
        assert job in whole.said
    assert "champion is version 1, test AUC" in whole.said
    assert "recency_90d alone" in whole.said
    assert "mlflow ui" in whole.said


def test_every_good_event_is_in_exactly_once(spark, whole, planted):
    events, counts = planted
    stored = table(spark, whole, "raw.events_shop_events")
    rows, ids, money = stored.selectExpr("count(*)", "count(DISTINCT event_id)", "sum(value)").collect()[0]
    assert rows == ids == counts["good"]
    kept = {row[0] for row in stored.select("event_id").collect()}
    cents = events.set_index("event_id")["value"].loc[sorted(kept)].fillna(0).sum()
    assert money == Decimal(int(cents)) / 100


def test_every_bad_line_is_in_quarantine_under_its_rule(spark, whole, planted):
    counts = planted[1]
    found = {
        row["rule"]: row["count"] for row in table(spark, whole, "raw.quarantine").groupBy("rule").count().collect()
    }
    assert found == {rule: counts[fault] for fault, rule in RULES.items() if counts[fault]}


def test_no_line_is_lost(spark, whole, planted):
    """Lines landed = events + duplicates + quarantined, by the tally and by the files themselves."""
    counts = planted[1]
    tally = table(spark, whole, "raw.tally").where("source = 'shop_events'")
    outcomes = {
        row["outcome"]: row["n"]
        for row in tally.groupBy("outcome").agg({"rows": "sum"}).withColumnRenamed("sum(rows)", "n").collect()
    }
    landed = spark.read.text(str(whole.root / ".headrace/local/landing/shop_events/*/*.gz")).count()
    assert sum(outcomes.values()) == landed
    assert outcomes["duplicate"] == counts["exact_duplicate"]
    assert outcomes["event"] == counts["good"]


def test_features_equal_a_plain_computation(spark, whole, planted):
    """Ten households at three midnights, from the events as stored, known-then by landing day."""
    events = table(spark, whole, "raw.events_shop_events").where("event_type = 'basket_end'").toPandas()
    events["t"] = events["event_time"].dt.tz_localize("UTC")
    activity = table(spark, whole, "features.customer_activity")
    for day in (date(2017, 3, 1), date(2017, 8, 14), date(2018, 1, 2)):
        as_of = datetime(day.year, day.month, day.day, tzinfo=UTC)
        rows = activity.where(f"as_of = TIMESTAMP '{day} 00:00:00Z'").orderBy("household_id").limit(10).collect()
        assert len(rows) == 10
        for row in rows:
            mine = events[
                (events["household_id"] == row["household_id"]) & (events["landed_on"] < day) & (events["t"] < as_of)
            ]
            week = mine[mine["t"] >= as_of - timedelta(days=7)]
            spend = sum(week["value"], Decimal(0))
            assert row["baskets_7d"] == len(week)
            assert row["spend_7d"] == spend
            score = math.log(1 + len(week)) + 0.1 * math.log(1 + max(float(spend), 0))
            assert float(row["user_activity_score"]) == pytest.approx(score, abs=1e-6)
            assert row["baskets_90d"] == (mine["t"] >= as_of - timedelta(days=90)).sum()


def test_nobody_is_missing_and_nothing_is_from_the_future(spark, whole):
    training = table(spark, whole, "training.lapse_risk")
    late = [name for name in training.columns if name.endswith("_as_of")]
    assert late
    assert training.where(" OR ".join(f"{name} > cutoff" for name in late)).count() == 0
    rows = training.groupBy("part").agg({"cutoff": "min", "label": "avg"}).toDF("part", "first", "share").collect()
    parts = {row["part"]: (row["first"], row["share"]) for row in rows}
    if not isinstance(parts["test"][0], datetime):
        parts = {part: (first, share) for part, (share, first) in parts.items()}
    assert parts["test"][0].date() == date(2017, 10, 2)
    assert all(0.15 < share < 0.4 for _, share in parts.values())
    last_train = training.where("part = 'train'").agg({"cutoff": "max"}).collect()[0][0]
    assert last_train.date() == date(2017, 9, 18)


def test_everybody_is_scored_with_version_and_fingerprints(spark, whole, planted):
    scores = table(spark, whole, "scores.lapse_risk")
    assert scores.count() == planted[0]["household_id"].nunique()
    assert scores.where("score IS NULL OR score < 0 OR score > 1").count() == 0
    assert scores.select("model", "model_version").distinct().count() == 1
    assert scores.where("feature_fingerprint IS NULL").count() == 0


def test_run_again_at_once_does_nothing(spark, whole, call):
    before = {p: p.stat().st_mtime_ns for p in (whole.root / ".headrace/local/warehouse").rglob("_delta_log/*.json")}
    status, said = call("run", "--project", str(whole.root))
    assert status == 0
    assert "Everything is up to date" in said
    after = {p: p.stat().st_mtime_ns for p in (whole.root / ".headrace/local/warehouse").rglob("_delta_log/*.json")}
    assert after == before


def test_what_a_user_looks_at(whole, call):
    project = ("--project", str(whole.root))
    status, said = call("plan", *project)
    assert (status, "Nothing is due" in said) == (0, True)
    status, said = call("status", *project)
    assert status == 0
    assert "champion is version 1" in said
    status, said = call("quarantine", "show", "--rule", "unreadable", *project)
    assert status == 0
    assert "household" not in said, "raw text stays out unless it is asked for"
    status, said = call("quarantine", "replay", "--rule", "unreadabel", *project)
    assert status == 2
    assert "Did you mean 'unreadable'?" in said
    status, said = call("table", "list", *project)
    assert status == 0
    assert "features.customer_activity" in said
    status, said = call("table", "hash", "scores.lapse_risk", *project)
    assert status == 0
    assert said.strip().split("-")[0].isdigit()


def test_a_first_release_cannot_be_rolled_back(whole, call):
    status, said = call("rollback", "model", "lapse_risk", "--project", str(whole.root))
    assert status == 2
    assert "ROLLBACK_IMPOSSIBLE" in said


def test_the_report_says_what_a_reader_needs_and_nobody_elses_business(whole, planted):
    page = (whole.root / ".headrace/local/reports/lapse_risk.html").read_text(encoding="utf-8")
    for words in ("lapse_risk", "recency_90d", "ingest_events", "too_late", "baskets_7d"):
        assert words in page, words
    assert "http://" not in page.replace("http://www.w3.org", "")
    assert "https://" not in page

"""Labels and training sets against their definitions, on random events with late landings and edges hit on purpose."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.contracts.labels import LabelContract
from headrace.contracts.models import ModelContract
from headrace.ground.errors import HeadraceError
from headrace.training.dataset import build_labels, build_training_set, matures_at
from headrace.training.grid import Grid
from headrace.training.leakage import suspicious_features

pytestmark = pytest.mark.spark

SOURCE = EventContract.model_validate(
    {
        "source": "acts", "version": 1, "owner": "a@example.com", "purpose": "Random acts.",
        "landing": {"folder": "acts"},
        "roles": {"entity": ["shop", "who"], "event_time": "at"}, "lateness": "3d",
        "columns": {
            "shop": {"type": "string", "meaning": "s"}, "who": {"type": "bigint", "meaning": "w"},
            "at": {"type": "timestamp", "meaning": "t"}, "kind": {"type": "string", "meaning": "k"},
        },
    }
)  # fmt: skip
FIRST = date(2024, 2, 19)
DAY = timedelta(days=1)
EVENTS = "shop string, who bigint, at timestamp, kind string, event_date date, landed_on date"


def label_contract(
    within="9d", gap="0d", horizon="5d", every="3d", positive="absent", cutoffs=8, where=("a", "b"), **clock
):
    last = FIRST + (cutoffs - 1) * int(every[:-1]) * DAY
    return LabelContract.model_validate(
        {
            "label": "lapsed", "version": 1, "owner": "a@example.com", "purpose": "p", "source": "acts",
            "eligible": {"where": where[0] and f"kind = '{where[0]}'", "within": within},
            "outcome": {
                "where": where[1] and f"kind = '{where[1]}'", "gap": gap, "horizon": horizon, "positive": positive,
            },
            "cutoffs": {"first": FIRST, "last": last, "every": every, **clock},
        }
    )  # fmt: skip


def midnight(day):
    return datetime(day.year, day.month, day.day, tzinfo=UTC)


def defined_labels(events, contract, known_until):
    """The definition: ``{(shop, who, cutoff): label}``, every cutoff against every event."""
    asks, counts = contract.eligible, contract.outcome
    kinds = [formula and formula.text[-2] for formula in (asks.where, counts.where)]
    labels = {}
    for t in contract.cutoffs.instants:
        start, end = t + counts.gap, t + counts.gap + counts.horizon
        last_landing = (end + SOURCE.lateness - timedelta(microseconds=1)).date()
        if midnight(last_landing) + DAY > known_until:
            continue
        for shop, who in {event[:2] for event in events}:
            mine = [event for event in events if event[:2] == (shop, who)]
            seen = [
                e
                for e in mine
                if t - asks.within <= e[2] < t and midnight(e[5]) + DAY <= t and kinds[0] in (None, e[3])
            ]
            hits = [e for e in mine if start <= e[2] < end and e[5] <= last_landing]
            hit = any(kinds[1] in (None, e[3]) for e in hits)
            if seen:
                labels[shop, who, t] = int(hit == (counts.positive == "present"))
    return labels


def random_events(seed, count=600, edges=()):
    """``edges``: instants about which some of them happen."""
    draw = random.Random(seed)
    events = []
    for _ in range(count):
        seconds = draw.choice([0, 0, 1, 43_200, 86_399, draw.randrange(86_400)])
        at = midnight(FIRST) + draw.randrange(-14, 30) * DAY + timedelta(seconds=seconds)
        at = draw.choice([at, *draw.choices(edges, k=2)]) if edges else at
        at += draw.choice([0, 0, 1, -1]) * timedelta(microseconds=1)
        landed = at.date() + draw.choice([0, 0, 0, 1, 2, 5]) * DAY  # 5: later than the contract's lateness
        who = (draw.choice("xy"), draw.randrange(12))
        events.append((*who, at, draw.choice(["a", "a", "b", None]), at.date(), landed))
    return events


def found_labels(spark, events, contract, known_until):
    frame = build_labels(spark.createDataFrame(events, EVENTS), contract, SOURCE, known_until=known_until)
    assert frame.dtypes == [("shop", "string"), ("who", "bigint"), ("cutoff", "timestamp"), ("label", "int")]
    rows = [tuple(row) for row in frame.withColumn("cutoff", F.unix_seconds("cutoff")).collect()]
    labels = {(shop, who, datetime.fromtimestamp(t, UTC)): label for shop, who, t, label in rows}
    assert len(labels) == len(rows), "one row for an entity and cutoff"
    return labels


@pytest.mark.parametrize(
    "contract",
    [
        label_contract(),
        label_contract(within="2d", gap="2d", horizon="4d", every="1d", positive="present", cutoffs=16),
        label_contract(within="30h", gap="6h", horizon="36h", every="2d"),
        label_contract(within="2w", horizon="1d", every="7d", positive="present", where=(None, None)),
    ],
    ids=["days", "gap", "hours", "all"],
)
def test_rules_1_4_13_labels_equal_their_definition(spark, contract):
    check_defined(spark, random_events(str(contract.outcome)), contract)


def check_defined(spark, events, contract):
    known_until = matures_at(contract.cutoffs.instants[-2], contract, SOURCE)
    found = found_labels(spark, events, contract, known_until)
    assert found == defined_labels(events, contract, known_until)
    assert len(found) > 20
    assert len(set(found.values())) == 2


@pytest.mark.parametrize(
    "contract",
    [
        label_contract(
            within="40h", gap="6h", horizon="36h", every="1d", cutoffs=24, at="02:30", zone="America/New_York"
        ),
        label_contract(within="3d", horizon="1d", every="2d", positive="present", cutoffs=12, at="18:00"),
    ],
    ids=["the clocks of New York skip one", "evenings"],
)
def test_rules_1_3_4_13_14_labels_at_a_time_of_day_equal_their_definition(spark, contract):
    """New York's 10 March 2024 has no 02:30. A landing day is over at midnight of UTC, whatever the cutoff's clocks show."""
    reaches = (-contract.eligible.within, 0 * DAY, contract.outcome.gap, contract.closes_after)
    edges = [at + reach for at in contract.cutoffs.instants for reach in reaches]
    check_defined(spark, random_events("clock", edges=edges), contract)


@pytest.mark.parametrize(
    ("every", "zone"), [("1d", "Pacific/Apia"), ("2d", "Pacific/Apia"), ("1d", "Asia/Manila"), ("7d", "UTC")]
)
def test_rule_14_cutoffs_in_reach_are_those_that_are_looked_for_one_by_one(spark, every, zone):
    """Apia left 30 December 2011 out, Manila 31 December 1844: the cutoffs are then far from a grid of even steps."""
    first = date(1844, 12, 20) if zone == "Asia/Manila" else date(2011, 12, 18)
    told = {"first": first, "last": first + 30 * DAY, "every": every, "at": "18:00", "zone": zone}
    cutoffs = label_contract().cutoffs.model_validate(told)
    grid = Grid.of(cutoffs.instants, cutoffs.every)
    near = [at + n * timedelta(microseconds=1) for at in cutoffs.instants for n in (-1, 0, 1)]
    near += [cutoffs.instants[0] - 9 * DAY, cutoffs.instants[-1] + 9 * DAY]
    draw = random.Random(zone)
    asked = [sorted((at, draw.choice(near))) for at in near]
    frame = spark.createDataFrame(asked, "after timestamp, until timestamp")
    span = frame.select("after", "until", *grid.span(F.unix_micros("after"), F.unix_micros("until")))
    shown = span.select("*", F.unix_micros(grid.instant(F.col("last"))).alias("micros"))
    epoch = datetime(1970, 1, 1, tzinfo=UTC)
    for row in shown.collect():
        after, until = (row[name].astimezone(UTC) for name in ("after", "until"))
        found = [number for number, at in enumerate(cutoffs.instants) if after < at <= until]
        assert list(range(row["first"], row["last"] + 1)) == found, (after, until)
        if row["last"] >= 0:
            assert epoch + row["micros"] * timedelta(microseconds=1) == cutoffs.instants[row["last"]]


def act(at, kind, landed=None, who=1):
    return ("x", who, at, kind, at.date(), landed or at.date())


def test_rule_1_the_windows_are_half_open(spark):
    """Eligible in [t - 9d, t), outcome in [t, t + 5d)."""
    t, tick = midnight(FIRST), timedelta(microseconds=1)
    seen = {1: t - 9 * DAY, 2: t - 9 * DAY - tick, 3: t}
    hits = {4: t, 5: t + 5 * DAY - tick, 6: t + 5 * DAY, 7: t - tick}
    events = [act(at, "a", who=who) for who, at in seen.items()]
    events += [row for who, at in hits.items() for row in (act(t - DAY, "a", who=who), act(at, "b", who=who))]
    found = found_labels(spark, events, label_contract(cutoffs=1), t + 99 * DAY)
    assert {who: label for (_, who, _), label in found.items()} == {1: 1, 4: 0, 5: 0, 6: 1, 7: 1}


def test_rule_4_who_was_not_known_at_the_cutoff_has_no_label(spark):
    """An event of the day before that lands on the day of the cutoff is known from the next cutoff on."""
    t = midnight(FIRST)
    events = [act(t - DAY, "a", FIRST), act(t - DAY, "a", FIRST - DAY, who=2)]
    found = found_labels(spark, events, label_contract(cutoffs=2), t + 99 * DAY)
    assert {(who, cutoff) for _, who, cutoff in found} == {(1, t + 3 * DAY), (2, t), (2, t + 3 * DAY)}


def test_rule_13_no_label_before_its_window_is_over_and_the_lateness_has_passed(spark):
    """Window [t, t + 5d), lateness 3d: mature at t + 8d, not a microsecond earlier."""
    t, contract = midnight(FIRST), label_contract(cutoffs=1)
    events = [act(t - DAY, "a")]
    assert matures_at(t, contract, SOURCE) == t + 8 * DAY
    assert found_labels(spark, events, contract, t + 8 * DAY - timedelta(microseconds=1)) == {}
    assert found_labels(spark, events, contract, t + 8 * DAY) == {("x", 1, t): 1}


def test_rule_13_what_lands_after_the_lateness_is_not_counted(spark):
    """Window over at t + 5d, lateness 3d: the last landing day that counts is day 7."""
    t = midnight(FIRST)
    events = [act(t - DAY, "a", who=who) for who in (1, 2)]
    events += [act(t + DAY, "b", FIRST + 7 * DAY, who=1), act(t + DAY, "b", FIRST + 8 * DAY, who=2)]
    found = found_labels(spark, events, label_contract(cutoffs=1), t + 99 * DAY)
    assert found == {("x", 1, t): 0, ("x", 2, t): 1}


def test_rule_13_a_published_label_never_changes(spark):
    """What lands after the lateness is not counted, so labels made early and made late are the same."""
    contract = label_contract(within="30h", gap="6h", horizon="36h", every="2d")
    events = random_events("later")
    cut = matures_at(contract.cutoffs.instants[4], contract, SOURCE)
    early = found_labels(spark, [event for event in events if event[5] < cut.date()], contract, cut)
    late = found_labels(spark, events, contract, cut + 99 * DAY)
    assert early
    assert early == {key: label for key, label in late.items() if key[2] <= contract.cutoffs.instants[4]}


FEATURES = {
    "activity": ("shop string, who bigint, as_of timestamp, unused string, n bigint, m double", ["n", "m"]),
    "profile": ("shop string, who bigint, as_of timestamp, band string", ["band"]),
}
MODEL = ModelContract.model_validate(
    {
        "model": "risk", "version": 1, "owner": "a@example.com", "purpose": "p", "label": "lapsed",
        "features": {"activity": ["m", "n"]}, "segments": [{"group": "profile", "column": "band"}],
        "test_from": FIRST + 14 * DAY, "baseline": {"column": "n"}, "gate": {"least_auc": 0.5},
    }
)  # fmt: skip
LABELS = "shop string, who bigint, cutoff timestamp, label int"


def training_set(spark, labels, activity, profile, **options):
    frames = {
        group: spark.createDataFrame(rows, FEATURES[group][0])
        for group, rows in (("activity", activity), ("profile", profile))
    }
    joined = build_training_set(
        spark.createDataFrame(labels, LABELS), frames, MODEL, label_contract(), ("shop", "who"), **options
    )
    spine = ["shop", "who", "cutoff", "label", "part", "user_bucket"]
    assert joined.columns == [*spine, "m", "n", "band", "activity_as_of", "profile_as_of"]
    return joined


def test_rule_5_a_training_row_holds_what_was_known_at_its_cutoff_and_nothing_later(spark):
    t, week, tick = midnight(FIRST), 7 * DAY, timedelta(microseconds=1)
    activity = [
        ("x", 1, t, "u", 10, 0.1), ("x", 1, t + tick, "u", 99, 9.9), ("x", 1, t - DAY, "u", 9, 0.0),
        ("y", 1, t - week, "u", 7, None), ("x", 2, t - week - tick, "u", 6, 0.6),
    ]  # fmt: skip
    labels = [("x", 1, t, 1), ("y", 1, t, 0), ("x", 2, t, 1), ("x", 1, t + 3 * DAY, 0)]
    rows = training_set(spark, labels, activity, [("x", 1, t - DAY, "old")]).collect()
    assert {(row.shop, row.who, row.label): (row.n, row.m, row.band) for row in rows} == {
        ("x", 1, 1): (10, 0.1, "old"),
        ("y", 1, 0): (7, None, None),
        ("x", 2, 1): (None, None, None),
        ("x", 1, 0): (99, 9.9, "old"),
    }


def test_rule_13_training_cutoffs_end_gap_and_horizon_before_the_first_test_cutoff(spark):
    """Cutoffs every 3 days, the first test one on day 15, windows of 5 days: day 9 trains, day 12 does not."""
    t = midnight(FIRST)
    rows = training_set(spark, [("x", 1, t + n * DAY, 1) for n in range(0, 24, 3)], [], []).collect()
    parts = {(row.cutoff.astimezone(UTC) - t).days: row.part for row in rows}
    assert parts == {0: "train", 3: "train", 6: "train", 9: "train", 15: "test", 18: "test", 21: "test"}


def test_rule_13_the_test_begins_with_the_first_cutoff_of_its_day_at_whatever_time(spark):
    """Berlin's evenings: the window of day 9 closes when the test of day 14 begins; day 10's reaches into it."""
    at = {"cutoffs": 15, "every": "1d", "at": "18:00", "zone": "Europe/Berlin"}
    label = label_contract(**at)
    labels = spark.createDataFrame([("x", 1, cutoff, 1) for cutoff in label.cutoffs.instants], LABELS)
    frames = {group: spark.createDataFrame([], FEATURES[group][0]) for group in FEATURES}
    rows = build_training_set(labels, frames, MODEL, label, ("shop", "who")).collect()
    parts = {(row.cutoff.astimezone(UTC) - midnight(FIRST)) // DAY: row.part for row in rows}
    assert parts == {**dict.fromkeys(range(10), "train"), 14: "test"}
    assert {row.cutoff.astimezone(UTC).hour for row in rows} == {17}


def test_rule_9_every_label_has_one_row_and_a_bucket_of_its_own_entity(spark):
    labels = [("xy"[n % 2], n % 50, midnight(FIRST) + 3 * (n % 3) * DAY, n % 2) for n in range(150)]
    rows = training_set(spark, labels, [("x", 2, midnight(FIRST), "u", 1, 1.0)] * 2, []).collect()
    buckets = {(row.shop, row.who): row.user_bucket for row in rows}
    assert len(rows) == 150
    assert all(buckets[row.shop, row.who] == row.user_bucket for row in rows)
    assert set(buckets.values()) <= set(range(32))
    assert len(set(buckets.values())) > 15


def test_a_group_or_column_that_is_not_there_is_named(spark):
    labels = spark.createDataFrame([], LABELS)
    frame = spark.createDataFrame([], "shop string, who bigint, as_of timestamp, n bigint")
    with pytest.raises(HeadraceError, match="activity"):
        build_training_set(labels, {"activty": frame}, MODEL, label_contract(), ("shop", "who"))
    with pytest.raises(HeadraceError, match=r"activity\.m"):
        build_training_set(labels, {"activity": frame}, MODEL, label_contract(), ("shop", "who"))


def test_a_group_that_is_named_with_its_team_has_a_column_without_a_dot(spark):
    values = MODEL.model_dump(mode="json")
    values["features"] = {"growth.activity": ["n"]}
    values["segments"] = [{"group": "profile", "column": "band"}]
    values["baseline"] = {"column": "n"}
    model = ModelContract.model_validate(values)
    frames = {
        "growth.activity": spark.createDataFrame([("x", 1, midnight(FIRST), "u", 10, 0.1)], FEATURES["activity"][0]),
        "profile": spark.createDataFrame([], FEATURES["profile"][0]),
    }
    labels = spark.createDataFrame([("x", 1, midnight(FIRST), 1)], LABELS)
    joined = build_training_set(labels, frames, model, label_contract(), ("shop", "who"))
    (row,) = joined.collect()
    assert (row["n"], row["growth__activity_as_of"], row["profile_as_of"]) == (10, row["cutoff"], None)
    late = joined.withColumn("growth__activity_as_of", F.col("cutoff") + F.expr("INTERVAL 1 DAY"))
    assert "not as-of: growth.activity has 1 rows after their cutoff" in suspicious_features(late, model)

"""window_features against its naive definition on random data, and each of its rules on a table that shows it."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from instant_oracle import Rules, dated, value_at

from headrace.contracts.features import Feature
from headrace.features.rollup import window_features

pytestmark = pytest.mark.spark

FEATURES = [
    {"name": "n", "aggregate": "count"}, {"name": "n_item", "aggregate": "count", "expression": "item"},
    {"name": "total_a", "aggregate": "sum", "expression": "amount", "scale": 2, "where": "kind = 'a'", "when_empty": 0},
    {"name": "total", "aggregate": "sum", "expression": "amount", "scale": 1},
    {"name": "mean", "aggregate": "mean", "expression": "amount", "scale": 2},
    {"name": "var", "aggregate": "variance", "expression": "amount", "scale": 2},
    {"name": "least", "aggregate": "min", "expression": "amount"}, {"name": "most", "aggregate": "max", "expression": "item"},
    {"name": "first_item", "aggregate": "first", "expression": "item"}, {"name": "last_item", "aggregate": "last", "expression": "item"},
    {"name": "latest", "aggregate": "last_k", "expression": "amount", "k": 3},
    {"name": "items_a", "aggregate": "count_distinct", "expression": "item", "where": "kind = 'a'"},
    {"name": "days", "aggregate": "active_days"}, {"name": "since_a", "aggregate": "time_since_last", "where": "kind = 'a'"},
    {"name": "visits", "aggregate": "sessions", "gap": "9h"},
    {"name": "median", "aggregate": "quantile", "expression": "amount", "edges": [0, 5, 10.5, 20], "q": 0.5},
    {"name": "visit_length", "aggregate": "sessions", "gap": "9h", "measure": "mean_duration"},
]  # fmt: skip
KEYS = [("", 1), ("x" * 10_000, 1), ("🧺\u200d🛒", 2), ("שלום عليكم", 2)]
CLOCKS_CHANGE = datetime(2024, 3, 30, tzinfo=UTC)
"""Berlin's night of the 31st has 23 hours. New York's of the 10th is three weeks before."""
RULES = {
    "temporal": (Rules(), ["6h", "all"]),
    "temporal, wall clocks": (Rules(zone="Europe/Berlin"), ["2d"]),
    "snapshot": (Rules(accuracy="snapshot"), ["12h", "1w"]),
    "snapshot, wall clocks, known now": (Rules("Europe/Berlin", "snapshot", known_then=False), ["3d"]),
}
SCHEMA = (
    "shop string, who int, event_time timestamp, landed_on timestamp, kind string, item string, amount decimal(10,2)"
)


def random_events(draw, count, known_then):
    """Ties, late arrivals beyond every window and before their time, exact duplicates, nulls."""
    events = {}
    for _ in range(count):
        shop, who = draw.choice(KEYS)
        at = CLOCKS_CHANGE + timedelta(hours=draw.randrange(-80, 80), microseconds=draw.choice([0, 0, 0, 1]))
        known = at + timedelta(hours=draw.choice([0, 0, 0, 0, -5, 1, 7, 30, 100]))
        event = {
            "shop": shop, "who": who, "event_time": at, "landed_on": known, "kind": draw.choice("ab"),
            "item": draw.choice(["p", "q", "", "ü", None]),
            "amount": draw.choice([None, Decimal("0.00"), Decimal(draw.randrange(-500, 5000)).scaleb(-2)]),
            "row_hash": 0,
        }  # fmt: skip
        events.setdefault((shop, who, at, known if known_then else at), []).append(event)
    # Of what ties in time and arrival the hash of the row decides: such rows are copies of each other here.
    return [same[0] for same in events.values() for _ in same]


def random_queries(draw, count):
    """Instants on events' own hours as well as between them; duplicates, unknown keys, nulls."""
    queries = []
    for number in range(count):
        hours, minutes = draw.randrange(-90, 140), draw.choice([0, 0, 30])
        at = CLOCKS_CHANGE + timedelta(hours=hours, minutes=minutes)
        queries.append((*draw.choice([*KEYS, *KEYS, ("z", 1)]), draw.choice([at] * 30 + [None]), number))
    return [*queries, (None, 1, CLOCKS_CHANGE, count), ("", None, CLOCKS_CHANGE, count + 1), *queries[:5]]


@pytest.fixture(scope="module")
def cut(spark, generated):
    """A session in which 700 rows of four keys are cut into 8 stretches."""
    session = spark.newSession()
    for key, value in {**generated, "spark.sql.shuffle.partitions": "8"}.items():
        session.conf.set(key, value)
    return session


@pytest.mark.parametrize("name", RULES)
def test_rules_1_3_4_7_8_9_10_11_12_14_equal_the_definition(cut, name):
    rules, windows = RULES[name]
    draw = random.Random(name)
    events, queries = random_events(draw, 400, rules.known_then), random_queries(draw, 250)
    asked = [Feature.model_validate({"meaning": "m", "windows": windows, **feature}) for feature in FEATURES]
    lost = [(None, 1, CLOCKS_CHANGE, CLOCKS_CHANGE), ("", 1, None, CLOCKS_CHANGE)]
    lost += [("", 1, CLOCKS_CHANGE, None)] if rules.known_then else []
    rows = [
        tuple(event[name] for name in SCHEMA.replace(",2)", ")").replace(", ", " ").split()[::2]) for event in events
    ]
    made = window_features(
        cut.createDataFrame(rows + [(*one, "a", "never", Decimal(1)) for one in lost], SCHEMA),
        cut.createDataFrame(queries, "shop string, who int, t timestamp, n int"),
        by=["shop", "who"],
        event_time="event_time",
        query_time="t",
        features=[*asked, {"name": "twice", "derive": f"n_{windows[0]} * 2", "scale": 1}],
        available_at="landed_on" if rules.known_then else None,
        accuracy=rules.accuracy,
        zone=rules.zone,
    )
    columns = [column for feature in asked for column in feature.columns]
    assert made.columns == ["shop", "who", "t", "n", *columns, "twice"]
    found = made.collect()
    asked_for = Counter((shop, who, n) for shop, who, _, n in queries)
    assert Counter((row["shop"], row["who"], row["n"]) for row in found) == asked_for, "rule 9: a row out for a row in"
    mine, filled = defaultdict(list), Counter()
    for event in events:
        mine[event["shop"], event["who"]].append(dated(event, rules))
    for row in found:
        at = queries[row["n"]][2]
        seen = mine[row["shop"], row["who"]] if at else []
        for feature in asked:
            for window in feature.windows:
                value, expected = (
                    row[f"{feature.name}_{window}"],
                    value_at(feature, window, seen, at or CLOCKS_CHANGE, rules),
                )
                assert value == expected, (
                    feature.name,
                    window,
                    row["shop"][:9] if row["shop"] else None,
                    row["who"],
                    at,
                )
                filled[feature.name] += value not in (None, 0)
        assert row["twice"] == 2 * row[f"n_{windows[0]}"]
    assert min(filled[feature.name] for feature in asked) > 20, filled


def events_of(spark, *rows):
    """``(k, at, known, v)``"""
    return spark.createDataFrame(
        [(k, at, known, v) for k, at, known, v in rows], "k string, at timestamp, known timestamp, v int"
    )


def asked_at(spark, *times):
    return spark.createDataFrame([("a", time, n) for n, time in enumerate(times)], "k string, t timestamp, n int")


def values(events, queries, *features, **options):
    """The first feature's first column, by the query's number."""
    asked = {"by": "k", "event_time": "at", "query_time": "t", "features": list(features)} | options
    made = window_features(events, queries, **asked)
    return dict(made.select("n", made.columns[len(queries.columns)]).collect())


def count(window):
    return {"name": "seen", "aggregate": "count", "windows": [window]}


NOON = datetime(2024, 5, 1, 12, tzinfo=UTC)
MICRO = timedelta(microseconds=1)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def test_rules_1_and_14_an_event_at_t_is_out_and_one_at_t_less_w_is_in_to_the_microsecond(spark):
    events = events_of(spark, ("a", NOON, NOON, 1))
    times = (NOON, NOON + MICRO, NOON + 2 * HOUR, NOON + 2 * HOUR + MICRO)
    assert values(events, asked_at(spark, *times), count("2h")) == {0: 0, 1: 1, 2: 1, 3: 0}


def test_rule_4_what_arrives_at_t_is_known_at_t_and_what_arrives_after_the_window_is_never_seen(spark):
    events = events_of(spark, ("a", NOON, NOON + HOUR, 1), ("a", NOON, NOON + 3 * HOUR, 1))
    queries = asked_at(spark, *(NOON + hours * HOUR for hours in (0.5, 1, 2, 3, 4)))
    known_then = {"available_at": "known"}
    assert values(events, queries, count("2h"), **known_then) == {0: 0, 1: 1, 2: 1, 3: 0, 4: 0}
    assert values(events, queries, count("2h")) == {0: 2, 1: 2, 2: 2, 3: 0, 4: 0}


def test_rules_3_and_14_a_day_of_a_zone_has_23_or_25_hours(spark):
    """Berlin's midnights are 23:00 UTC in winter and 22:00 in summer; the 31st of March 2024 has 23 hours."""
    berlin = {"zone": "Europe/Berlin"}
    begins = datetime(2024, 3, 30, 23, tzinfo=UTC)
    events = events_of(spark, *(("a", begins + hours * HOUR, None, 1) for hours in (-1, 0, 22.5, 23)))
    queries = asked_at(spark, begins + 22 * HOUR, begins + 23 * HOUR, begins + 24 * HOUR)
    assert values(events, queries, count("1d"), accuracy="snapshot", **berlin) == {0: 1, 1: 2, 2: 2}
    assert values(events, queries, count("1d"), **berlin) == {0: 2, 1: 2, 2: 2}
    assert values(events, queries, count("24h"), **berlin) == {0: 2, 1: 3, 2: 3}
    days = {"name": "days", "aggregate": "active_days", "windows": ["all"]}
    assert values(events, queries, days, **berlin) == {0: 2, 1: 2, 2: 3}


def test_extreme_times_have_values(spark):
    events = spark.sql(
        "SELECT 'a' AS k, timestamp_micros(x) AS at, 1 AS v FROM VALUES (-62135596800000000L), (-1L), "
        "(253402300799999999L), (9223372036854775807L) AS t(x)"
    )
    queries = spark.sql(
        "SELECT 'a' AS k, timestamp_micros(x) AS t, n FROM VALUES (0L, 0), (1L, 1), (-9223372036854775808L, 2), "
        "(9223372036854775807L, 3) AS t(x, n)"
    )
    assert values(events, queries, count("all")) == {0: 2, 1: 2, 2: 0, 3: 3}


def test_a_float_that_is_no_number_is_greatest_and_cannot_be_summed(spark):
    events = spark.sql(
        f"SELECT 'a' AS k, TIMESTAMP '{NOON}' AS at, explode(array(1D, double('inf'), double('nan'))) AS v"
    )
    most, sum_ = ({"name": name, "aggregate": name, "expression": "v", "windows": ["1d"]} for name in ("max", "sum"))
    assert str(values(events, asked_at(spark, NOON + HOUR), most)[0]) == "nan"
    with pytest.raises(Exception, match=r'FEATURE_OVERFLOW.*"feature": "sum"'):
        values(events, asked_at(spark, NOON + HOUR), sum_)


def test_rule_12_a_sum_that_overflows_is_an_error_that_names_the_feature(spark):
    events = spark.sql(
        f"SELECT 'a' AS k, TIMESTAMP '{NOON}' + make_dt_interval(0, h) AS at, 9000000000000000000 AS v FROM VALUES (0), (9) AS t(h)"
    )
    large = {"name": "large", "aggregate": "sum", "expression": "v", "scale": 0, "windows": ["2h"]}
    queries = asked_at(spark, NOON + HOUR, NOON + 10 * HOUR)
    assert values(events, queries, large) == {0: 9 * 10**18, 1: 9 * 10**18}
    with pytest.raises(Exception, match=r'FEATURE_OVERFLOW.*"feature": "large"'):
        values(events, queries, {**large, "windows": ["all"]})


def test_dates_and_wall_clocks_are_those_of_the_zone(spark):
    for kind in ("date", "timestamp_ntz"):
        events = spark.sql(f"SELECT 'a' AS k, CAST('2024-03-31' AS {kind}) AS at")
        queries = spark.sql(
            f"SELECT 'a' AS k, CAST(d AS {kind}) AS t, n FROM VALUES ('2024-03-31', 0), ('2024-04-01', 1), ('2024-04-02', 2) AS q(d, n)"
        )
        since = {"name": "since", "aggregate": "time_since_last", "windows": ["1d"]}
        assert values(events, queries, since, zone="Europe/Berlin") == {0: None, 1: 23 * 3600, 2: None}


def test_names_of_any_kind_and_keys_of_two_widths(spark):
    events = spark.sql(
        f"SELECT 1 AS `a.b`, TIMESTAMP '{NOON}' AS `we``ird`, 'x' AS Item, 5 AS event_date, 6 AS row_hash"
    )
    queries = spark.sql(f"SELECT 1L AS `a.b`, TIMESTAMP '{NOON + HOUR}' AS `t t`, 0 AS key0, 1 AS query0")
    asked = {"name": "items", "aggregate": "last", "expression": "ITEM", "where": "row_hash = 6", "windows": ["2h"]}
    made = window_features(events, queries, by="a.b", event_time="we`ird", query_time="t t", features=[asked])
    assert made.columns == ["a.b", "t t", "key0", "query0", "items_2h"]
    assert made.select("key0", "query0", "items_2h").collect() == [(0, 1, "x")]


GOOD = {"name": "n", "aggregate": "count", "windows": ["1d"]}
MISTAKES = {
    "by: no column 'kk' in events. Did you mean 'k'": {"by": "kk"},
    "name at least one key": {"by": []},
    "event_time: no column 'att'": {"event_time": "att"},
    "query_time: no column 'at' in queries": {"query_time": "at"},
    "available_at: no column 'known'": {"available_at": "known"},
    "sequence: no column 'vv' in events. Did you mean 'v'": {"sequence": "vv"},
    "row_hash: no column 'hash' in events": {"row_hash": "hash"},
    "row_hash: 'v' is string; it is a bigint": {"row_hash": "v"},
    "'v' is string; a time is": {"event_time": "v"},
    "'n' is a number, which has no unit": {"query_time": "n"},
    "'day' is date, and event_time is timestamp": {"query_time": "day"},
    "neither temporal nor snapshot. Did you mean 'temporal'": {"accuracy": "temporel"},
    "'Europe/Berln' is no time zone. Did you mean 'Europe/Berlin'": {"zone": "Europe/Berln"},
    "'n_1d' would stand twice": {"features": [GOOD, GOOD]},
    "'day' would stand twice": {"features": [GOOD, {"name": "day", "derive": "n_1d"}]},
    "features.n: no column 'vv'. Did you mean 'v'": {"features": [{**GOOD, "expression": "vv"}]},
    "no feature before it gives 'n_2d'": {"features": [GOOD, {"name": "x", "derive": "n_2d"}]},
    "name at least one": {"features": []},
    "is not a length of time": {"features": [{**GOOD, "windows": ["1x"]}]},
    "aggregate": {"features": [{**GOOD, "aggregate": "total"}]},
    "'k' is string in events, int in queries": {"queries": "SELECT 1 AS k, current_timestamp() AS t"},
}


@pytest.mark.parametrize("said", MISTAKES)
def test_mistakes_of_the_caller_are_refused_before_any_job(spark, said):
    options = {"by": "k", "event_time": "at", "query_time": "t", "features": [GOOD]} | MISTAKES[said]
    queries = options.pop("queries", "SELECT 'a' AS k, current_timestamp() AS t, current_date() AS day, 1 AS n")
    events = spark.sql("SELECT 'a' AS k, current_timestamp() AS at, 'x' AS v")
    jobs = spark.sparkContext.statusTracker().getJobIdsForGroup()
    with pytest.raises(ValueError, match=said):
        window_features(events, spark.sql(queries), **options)
    assert spark.sparkContext.statusTracker().getJobIdsForGroup() == jobs

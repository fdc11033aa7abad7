"""The as-of join against its naive definition on random data, and each of its rules on a table that shows it."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from asof_oracle import Row, answers, values

from headrace.features.asof import as_of_join

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("generated")]

DAY = timedelta(days=1)
LAST_HOUR_OF_MARCH_30 = datetime(2024, 3, 30, 22, 0, 0, 1, tzinfo=UTC)  # Berlin's clocks go forward the night after
KINDS = {
    "bigint": (lambda n: 2**60 + n, 3),
    "double": (lambda n: n / 8, 0.375),
    "decimal(12,3)": (lambda n: Decimal(n).scaleb(-3), Decimal("0.003")),
    "timestamp": (lambda n: LAST_HOUR_OF_MARCH_30 + n * timedelta(hours=1), timedelta(hours=3)),
    "timestamp_ntz": (
        lambda n: LAST_HOUR_OF_MARCH_30.replace(tzinfo=None) + n * timedelta(hours=1),
        timedelta(hours=3),
    ),
    "date": (lambda n: date(2024, 2, 26) + n * DAY, timedelta(days=3, hours=5)),
}
INSTANTS = 9
"""So few that equal times, arrivals and sequences are frequent."""


def random_case(draw, at, known_now):
    """Questions and rows of one key space: nulls, ties, late and early arrivals, exact duplicates on both sides."""

    def instant():
        return None if draw.random() < 0.05 else draw.randrange(INSTANTS)

    def key():
        return (draw.choice([1, 2, 2, 2, 2, 2, 2, None]), draw.choice(["a", "b", "b", "b", "b", "b", "b", None]))

    rows = []
    for value in range(draw.randrange(12)):
        time = instant()
        known = time if known_now else instant()
        sequence = draw.choice([None, 0, 1, 2])
        times = [None if n is None else at(n) for n in (time, known)]
        rows += [Row(key(), *times, sequence, draw.choice([value, value, None]))] * draw.choice([1, 1, 1, 2])
    questions = [(key(), instant()) for _ in range(draw.randrange(1, 8))]
    questions += draw.sample(questions, len(questions) // 2)
    return questions, rows


@pytest.mark.parametrize("exclude_exact", [False, True], ids=["to", "before"])
@pytest.mark.parametrize("kind", KINDS)
def test_rules_5_6_7_9_10_equal_the_definition(spark, kind, exclude_exact):
    """Random cases by the hundred in one job, the case being part of the key; what only the hash decides is free."""
    at, tolerance = KINDS[kind]
    draw = random.Random(f"{kind} {exclude_exact}")
    known_now, limited = draw.random() < 0.3, exclude_exact == (kind in ("bigint", "timestamp"))
    cases = [random_case(draw, at, known_now) for _ in range(250)]
    left = [(case, *key, n, None if n is None else at(n)) for case, (asked, _) in enumerate(cases) for key, n in asked]
    right = [
        (case, *row.key, row.time, row.known, row.sequence, row.value)
        for case, (_, rows) in enumerate(cases)
        for row in rows
    ]
    joined = as_of_join(
        spark.createDataFrame(left, f"case int, k1 int, k2 string, n int, t {kind}"),
        spark.createDataFrame(right, f"case int, k1 int, k2 string, ts {kind}, av {kind}, seq int, value int"),
        by=["case", "k1", "k2"],
        left_time="t",
        right_time="ts",
        available_at=None if known_now else "av",
        sequence="seq",
        tolerance=tolerance if limited else None,
        exclude_exact=exclude_exact,
        columns=["seq", "value"],
    )
    found = joined.drop("t").collect()
    assert Counter(tuple(row)[:4] for row in found) == Counter(row[:4] for row in left), (
        "rule 9: a row out for a row in"
    )
    winners, matched = defaultdict(set), 0
    for case, k1, k2, n, seq, value in found:
        question = Row((k1, k2), None if n is None else at(n))
        expected = answers(question, cases[case][1], tolerance if limited else None, exclude_exact)
        assert (seq, value) in ({(row.sequence, row.value) for row in expected} or {(None, None)}), (case, question)
        winners[case, k1, k2, n].add((seq, value))
        matched += bool(expected)
    assert all(len(several) == 1 for several in winners.values()), "rule 7: the same question, the same answer"
    assert matched > 200


def questions(spark, *rows):
    return spark.createDataFrame(rows, "k string, t int")


def events(spark, *rows):
    return spark.createDataFrame(rows, "k string, ts int, av int, seq int, v string")


def look_up(left, right, **options):
    """``{(k, t): v}``; every question is asked once."""
    asked = {"by": "k", "left_time": "t", "right_time": "ts", "available_at": "av", "columns": ["v"]} | options
    return {(row["k"], row["t"]): row["v"] for row in as_of_join(left, right, **asked).collect()}


def test_rule_5_what_arrived_late_gives_way_to_an_older_row_until_it_is_there(spark):
    right = events(spark, ("a", 1, 2, 0, "old"), ("a", 5, 9, 0, "young and late"), ("a", 3, 3, 0, "middle"))
    found = look_up(questions(spark, ("a", 1), ("a", 2), ("a", 3), ("a", 8), ("a", 9)), right)
    assert found == {
        ("a", 1): None,
        ("a", 2): "old",
        ("a", 3): "middle",
        ("a", 8): "middle",
        ("a", 9): "young and late",
    }


def test_rule_5_exclude_exact_is_about_right_time_and_not_about_arrival(spark):
    right = events(
        spark, ("a", 1, 4, 0, "arrived at 4"), ("a", 4, 4, 0, "happened at 4"), ("a", 4, 2, 0, "told before")
    )
    left = questions(spark, ("a", 3), ("a", 4), ("a", 5))
    found = look_up(left, right, exclude_exact=True)
    assert found == {("a", 3): None, ("a", 4): "arrived at 4", ("a", 5): "happened at 4"}


def test_a_leaked_row_of_the_future_never_joins(spark):
    """Neither one that happens later nor one that is known later, whatever the options."""
    leaks = [("a", 11, 11, 9, "future"), ("a", 11, 0, 9, "told ahead"), ("a", 9, 11, 9, "not yet arrived")]
    left, right = questions(spark, ("a", 10)), events(spark, *leaks)
    assert look_up(left, right) == look_up(left, right, exclude_exact=True) == {("a", 10): None}
    assert look_up(left, right, tolerance=100, sequence="seq") == {("a", 10): None}
    assert look_up(left, right.union(events(spark, ("a", 2, 2, 0, "past")))) == {("a", 10): "past"}


def test_rule_6_tolerance_is_inclusive_and_of_the_winner_only(spark):
    right = events(spark, ("a", 2, 2, 0, "two"), ("b", 1, 1, 0, "one"))
    found = look_up(questions(spark, ("a", 5), ("a", 6), ("b", 1)), right, tolerance=3)
    assert found == {("a", 5): "two", ("a", 6): None, ("b", 1): "one"}
    assert look_up(questions(spark, ("a", 2), ("a", 3)), right, tolerance=0) == {("a", 2): "two", ("a", 3): None}


def test_rule_6_a_tolerance_of_a_day_is_24_hours_in_every_zone(spark):
    """Berlin's 31st of March 2024 has 23 hours."""
    noon = datetime(2024, 3, 30, 12, tzinfo=UTC)
    left = spark.createDataFrame(
        [("a", noon + DAY), ("b", noon + DAY + timedelta(microseconds=1))], "k string, t timestamp"
    )
    right = spark.createDataFrame([("a", noon, 1), ("b", noon, 1)], "k string, ts timestamp, v int")
    zone = spark.conf.get("spark.sql.session.timeZone")
    spark.conf.set("spark.sql.session.timeZone", "Europe/Berlin")
    try:
        joined = as_of_join(left, right, by="k", left_time="t", right_time="ts", tolerance=DAY, columns=["v"])
        assert {row["k"]: row["v"] for row in joined.collect()} == {"a": 1, "b": None}
    finally:
        spark.conf.set("spark.sql.session.timeZone", zone)


def test_rule_6_dates_take_whole_days(spark):
    left = spark.createDataFrame([("a", date(2024, 3, 1)), ("b", date(2024, 3, 2))], "k string, t date")
    right = spark.createDataFrame([("a", date(2024, 2, 28)), ("b", date(2024, 2, 28))], "k string, ts date")
    joined = as_of_join(left, right, by="k", left_time="t", right_time="ts", tolerance=2)
    assert {row["k"]: row["ts"] for row in joined.collect()} == {"a": date(2024, 2, 28), "b": None}


def test_rule_7_ties_are_broken_by_arrival_then_sequence(spark):
    right = events(
        spark,
        ("a", 1, 2, 9, "earlier arrival"),
        ("a", 1, 3, 1, "low"),
        ("a", 1, 3, 2, "high"),
        ("a", 1, 3, None, "none"),
    )
    assert look_up(questions(spark, ("a", 5)), right, sequence="seq") == {("a", 5): "high"}


def test_rule_7_full_ties_do_not_fan_out_and_do_not_depend_on_order_or_partitions(spark):
    draw = random.Random(7)
    rows = [(str(n % 40), 1, 1, 0, f"{n}") for n in range(400)]
    left = questions(spark, *((str(n), 3) for n in range(40)))
    one = look_up(left, events(spark, *rows).repartition(1))
    other = look_up(left, events(spark, *draw.sample(rows, len(rows))).repartition(5))
    assert one == other
    assert None not in one.values()


def test_rule_8_the_latest_row_wins_even_where_it_is_null(spark):
    right = events(spark, ("a", 1, 1, 0, "known once"), ("a", 2, 2, 0, None))
    assert look_up(questions(spark, ("a", 3)), right) == {("a", 3): None}


@pytest.mark.parametrize(("kind", "exclude_exact", "limited"), [("timestamp", False, True), ("bigint", True, False)])
def test_rule_8_a_column_is_carried_forward_by_name_as_its_definition_says(spark, kind, exclude_exact, limited):
    """Of one row come the others; the carried one is looked up among the rows in which it is not null."""
    at, tolerance = KINDS[kind]
    within = tolerance if limited else None
    draw = random.Random(f"carried {kind}")
    cases = [random_case(draw, at, known_now=False) for _ in range(250)]
    left = [(case, *key, n, None if n is None else at(n)) for case, (asked, _) in enumerate(cases) for key, n in asked]
    right = [(case, *row.key, row.time, row.known, row.sequence, row.value)
             for case, (_, rows) in enumerate(cases) for row in rows]  # fmt: skip
    joined = as_of_join(
        spark.createDataFrame(left, f"case int, k1 int, k2 string, n int, t {kind}"),
        spark.createDataFrame(right, f"case int, k1 int, k2 string, ts {kind}, av {kind}, seq int, value int"),
        by=["case", "k1", "k2"], left_time="t", right_time="ts", available_at="av", sequence="seq",
        tolerance=within, exclude_exact=exclude_exact, columns=["seq", "value"], carry_forward="value",
    )  # fmt: skip
    found, otherwise = joined.drop("t").collect(), 0
    assert Counter(tuple(row)[:4] for row in found) == Counter(row[:4] for row in left)
    for case, k1, k2, n, seq, value in found:
        question = Row((k1, k2), None if n is None else at(n))
        winners = answers(question, cases[case][1], within, exclude_exact)
        assert seq in ({row.sequence for row in winners} or {None}), (case, question)
        assert value in values(question, cases[case][1], within, exclude_exact), (case, question)
        otherwise += value is not None and value not in {row.value for row in winners}
    assert otherwise > 20, "a value of an older row than the winner"


def test_rule_8_what_is_carried_forward_goes_over_every_stretch_of_a_large_key(spark):
    """One key of 4,000 rows in which a value stands at each 999th: it is carried from stretch to stretch."""
    right = spark.range(4000).selectExpr("'a' AS k", "id AS ts", "IF(id % 999 = 7, id, NULL) AS v", "id AS w")
    left = spark.range(0, 4000, 5).selectExpr("'a' AS k", "id AS t")
    found = as_of_join(
        left, right, by="k", left_time="t", right_time="ts", columns=["v", "w"], carry_forward=["v"]
    ).collect()
    assert len(found) == 800
    for row in found:
        known = range(7, row["t"] + 1, 999)
        assert (row["v"], row["w"]) == (known[-1] if known else None, row["t"])


def test_rule_9_left_rows_are_a_multiset(spark):
    left = questions(spark, ("a", 3), ("a", 3), (None, 3), (None, 3), ("z", 3))
    right = events(spark, ("a", 1, 1, 0, "x"), ("a", 1, 1, 0, "x"))
    joined = as_of_join(left, right, by="k", left_time="t", right_time="ts", columns=["v"])
    assert Counter(map(tuple, joined.collect())) == {("a", 3, "x"): 2, (None, 3, None): 2, ("z", 3, None): 1}


def test_rule_10_nulls_match_nothing_and_are_kept(spark):
    right = events(
        spark,
        (None, 1, 1, 0, "no key"),
        ("a", None, 1, 0, "no time"),
        ("a", 1, None, 0, "no arrival"),
        ("b", 1, 1, 0, "b"),
    )
    found = look_up(questions(spark, (None, 9), ("a", 9), ("b", None), ("b", 9)), right)
    assert found == {(None, 9): None, ("a", 9): None, ("b", None): None, ("b", 9): "b"}


def test_rule_10_composite_keys_are_not_concatenated(spark):
    left = spark.createDataFrame([("a", "bc", 5), ("a", None, 5)], "k1 string, k2 string, t int")
    right = spark.createDataFrame([("ab", "c", 1), ("a", None, 1)], "k1 string, k2 string, ts int")
    joined = as_of_join(left, right, by=["k1", "k2"], left_time="t", right_time="ts")
    assert {tuple(row) for row in joined.collect()} == {("a", "bc", 5, None), ("a", None, 5, None)}


@pytest.mark.parametrize("column", ["t", "ts", "av"])
def test_rule_10_nan_as_a_time_is_an_error(spark, column):
    times = {name: "double('NaN')" if name == column else "1D" for name in ("t", "ts", "av")}
    left = spark.sql(f"SELECT 'a' AS k, {times['t']} AS t")
    right = spark.sql(f"SELECT 'a' AS k, {times['ts']} AS ts, {times['av']} AS av")
    with pytest.raises(Exception, match=f"NaN as a time in the column '{column}'"):
        as_of_join(left, right, by="k", left_time="t", right_time="ts", available_at="av").collect()


def test_columns_come_in_order_and_are_named_with_the_suffix(spark):
    left = spark.sql("SELECT 1 AS `a.b`, 'x' AS v, 5 AS t")
    right = spark.sql("SELECT 3 AS t, 1 AS `a.b`, map('m', 1) AS `we``ird`, 'y' AS v")
    joined = as_of_join(left, right, by="a.b", left_time="t", right_time="t", suffix="_then")
    assert joined.columns == ["a.b", "v", "t", "t_then", "we`ird_then", "v_then"]
    assert tuple(joined.collect()[0]) == (1, "x", 5, 3, {"m": 1}, "y")
    alone = as_of_join(left, right, by="a.b", left_time="t", right_time="t", columns=[])
    assert [tuple(row) for row in alone.collect()] == [(1, "x", 5)]


MISTAKES = {
    "no column 'kk' on the left": {"by": "kk"},
    "name at least one key": {"by": []},
    "no column 'tt' on the left": {"left_time": "tt"},
    "no column 'when' on the right": {"right_time": "when"},
    "no column 'arrived'": {"available_at": "arrived"},
    "no column 'order'": {"sequence": "order"},
    "no column 'w' on the right side": {"columns": ["w"]},
    "carry_forward: 'day' is not among the columns": {"columns": ["v"], "carry_forward": "day"},
    "'v' is string; a time is": {"right_time": "v"},
    "'day' is date, and left_time 't' is numeric": {"available_at": "day"},
    "'k' would stand twice": {"columns": ["k"]},
    "'T' would stand twice": {"columns": ["v"], "suffix": "", "left": "SELECT 'a' AS k, 1 AS t, 2 AS T"},
    "'k' is int on the left, string on the right": {"left": "SELECT 1 AS k, 1 AS t"},
    "negative or not a number": {"tolerance": -1},
    "nan is negative or not": {"tolerance": float("nan")},
    "numeric times take a number": {"tolerance": DAY},
    "neither a number nor a timedelta": {"tolerance": "3"},
    "True is neither": {"tolerance": True},
}


@pytest.mark.parametrize("said", MISTAKES)
def test_mistakes_of_the_caller_are_refused_before_any_job(spark, said):
    options = {"by": "k", "left_time": "t", "right_time": "ts"} | MISTAKES[said]
    left = spark.sql(options.pop("left", "SELECT 'a' AS k, 1 AS t"))
    right = spark.sql("SELECT 'a' AS k, 1 AS ts, 'x' AS v, DATE '2024-01-01' AS day")
    jobs = spark.sparkContext.statusTracker().getJobIdsForGroup()
    with pytest.raises(ValueError, match=said):
        as_of_join(left, right, **options)
    assert spark.sparkContext.statusTracker().getJobIdsForGroup() == jobs


@pytest.mark.parametrize("tolerance", [-DAY, 3, 1.5])
def test_timestamps_take_a_timedelta(spark, tolerance):
    frame = spark.sql("SELECT 'a' AS k, TIMESTAMP '2024-01-01' AS t")
    with pytest.raises(ValueError, match="tolerance"):
        as_of_join(frame, frame, by="k", left_time="t", right_time="t", suffix="_r", tolerance=tolerance)

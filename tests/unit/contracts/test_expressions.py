"""Contract expressions: an allow-list, of which every entry is tried, and what must never pass it."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from headrace.contracts.expressions import check_columns, parse_expression, rename_columns, walk
from headrace.ground.errors import HeadraceError

ALLOWED = {
    # as it is written -> as Spark is given it
    "x + y * 2": "(`x` + (`y` * 2))",
    "(x + y) * 2": "((`x` + `y`) * 2)",
    "x - y - 1": "((`x` - `y`) - 1)",
    "-x": "(- `x`)",
    "+x": "`x`",
    "x / y": "try_divide(`x`, `y`)",
    "try_divide(x, y)": "try_divide(`x`, `y`)",
    "x % y": "try_mod(`x`, `y`)",
    "mod(x, y)": "try_mod(`x`, `y`)",
    "power(x, 2)": "power(`x`, 2)",
    "s = 'basket_end'": "(`s` = 'basket_end')",
    "x <> y": "(`x` <> `y`)",
    "x != y": "(`x` <> `y`)",
    "x > 1 AND x >= 2": "((`x` > 1) AND (`x` >= 2))",
    "x < 1 OR x <= 2": "((`x` < 1) OR (`x` <= 2))",
    "x = 1 OR x = 2 AND y = 3": "((`x` = 1) OR ((`x` = 2) AND (`y` = 3)))",
    "NOT x = 1": "(NOT (`x` = 1))",
    "NOT b AND b": "((NOT `b`) AND `b`)",
    "b IS NULL": "(`b` IS NULL)",
    "x IS NOT NULL": "(NOT (`x` IS NULL))",
    "b IS NOT TRUE": "(NOT (`b` IS TRUE))",
    "x IN (1, 2)": "(`x` IN (1, 2))",
    "x NOT IN (1, NULL)": "(NOT (`x` IN (1, NULL)))",
    "x IN (NULL)": "(`x` IN (NULL))",
    "x IN (y, 3)": "(`x` IN (`y`, 3))",
    "x BETWEEN 1 AND 2 AND b": "((`x` BETWEEN 1 AND 2) AND `b`)",
    "x NOT BETWEEN 1 AND 2": "(NOT (`x` BETWEEN 1 AND 2))",
    "s LIKE 'b%'": "(`s` LIKE 'b%')",
    "s NOT LIKE 'b%'": "(NOT (`s` LIKE 'b%'))",
    "NOT s LIKE 'b%'": "(NOT (`s` LIKE 'b%'))",
    "coalesce(x, y, 0)": "coalesce(`x`, `y`, 0)",
    "coalesce(x)": "coalesce(`x`)",
    "nvl(x, 0)": "coalesce(`x`, 0)",
    "greatest(x, y, 0)": "greatest(`x`, `y`, 0)",
    "least(x, y)": "least(`x`, `y`)",
    "nullif(x, 0)": "nullif(`x`, 0)",
    "if(b, x, y)": "(CASE WHEN `b` THEN `x` ELSE `y` END)",
    "CASE WHEN b THEN x WHEN x > 1 THEN y END": "(CASE WHEN `b` THEN `x` WHEN (`x` > 1) THEN `y` ELSE NULL END)",
    "ln(1 + abs(x))": "ln((1 + abs(`x`)))",
    "log(1 + abs(x))": "ln((1 + abs(`x`)))",
    "exp(x)": "exp(`x`)",
    "sqrt(abs(x))": "sqrt(abs(`x`))",
    "sign(x)": "sign(`x`)",
    "floor(f)": "floor(`f`)",
    "ceil(f)": "ceil(`f`)",
    "round(f)": "round(`f`, 0)",
    "round(f, 1)": "round(`f`, 1)",
    "lower(s)": "lower(`s`)",
    "upper(s)": "upper(`s`)",
    "trim(s)": "trim(`s`)",
    "length(s)": "length(`s`)",
    "dayofweek(t)": "dayofweek(CAST(`t` AS DATE))",
    "hour(t)": "hour(`t`)",
    "day(t)": "day(CAST(`t` AS DATE))",
    "dayofmonth(t)": "day(CAST(`t` AS DATE))",
    "month(t)": "month(CAST(`t` AS DATE))",
    "year(t)": "year(CAST(`t` AS DATE))",
    "unix_date(to_date(t))": "unix_date(CAST(`t` AS DATE))",
    "datediff(t, d)": "datediff(CAST(`t` AS DATE), CAST(`d` AS DATE))",
    "t - INTERVAL 3 DAY": "(`t` - INTERVAL '3' DAY)",
    "t + interval '2 hours'": "(`t` + INTERVAL '2' HOUR)",
    "t < timestamp '2017-03-01 12:00:00'": "(`t` < CAST('2017-03-01 12:00:00' AS TIMESTAMP))",
    "d = date '2017-03-01'": "(`d` = CAST('2017-03-01' AS DATE))",
    "CAST(x AS DECIMAL(10,2))": "CAST(`x` AS DECIMAL(10,2))",
    "x::decimal( 10 , 2 )": "CAST(`x` AS DECIMAL(10,2))",
    "CAST(x AS STRING)": "CAST(`x` AS STRING)",
    "CAST(x AS bigint)": "CAST(`x` AS BIGINT)",
    "CAST(f AS INT)": "CAST(`f` AS INT)",
    "CAST(x AS DOUBLE) / 3": "try_divide(CAST(`x` AS DOUBLE), 3)",
    "CAST(x AS BOOLEAN)": "CAST(`x` AS BOOLEAN)",
    "CAST(t AS DATE)": "CAST(`t` AS DATE)",
    "CAST(d AS TIMESTAMP)": "CAST(`d` AS TIMESTAMP)",
    "TRY_CAST(s AS INT)": "TRY_CAST(`s` AS INT)",
    "1.50 + .5": "(1.50 + 0.5)",
    "1E3": "1e3",
    "TRUE OR b": "(TRUE OR `b`)",
    "coalesce(s, NULL)": "coalesce(`s`, NULL)",
    "X + `Y` -- a note": "(`x` + `y`)",
    '"text"': "'text'",
}
OTHER_THAN_SPARK = {"x / y", "x % y", "mod(x, y)"}
"""By zero these are null here, in every session; Spark's ANSI mode raises."""


@pytest.mark.parametrize(("text", "sql"), ALLOWED.items())
def test_what_is_allowed_is_printed_as_what_was_read(text, sql):
    expression = parse_expression(text)
    assert expression.sql == sql
    again = parse_expression(sql.replace("try_mod", "mod"))
    assert again.sql == sql, "what is printed reads as itself"


def test_an_alias_behind_an_expression_names_nothing():
    """Rule 17: it is cosmetic; the column is called as its feature is."""
    assert parse_expression("x * 2 AS twice").tree == parse_expression("x * 2 as `Double`").tree
    assert parse_expression("x * 2 AS twice").sql == "(`x` * 2)"


REFUSED = {
    "reflect('java.lang.Runtime', 'exit')": "'reflect' is not on the allow-list",
    "java_method('java.util.UUID', 'randomUUID')": "'java_method' is not on the allow-list",
    "try_reflect('a', 'b')": "'try_reflect' is not on the allow-list",
    "(SELECT 1)": "'subquery' is not on the allow-list",
    "x = (SELECT max(x) FROM t)": "'subquery' is not on the allow-list",
    "x IN (SELECT x FROM t)": "this form of 'in' is not on the allow-list",
    "x IN ((SELECT 1))": "this form of 'in' is not on the allow-list",
    "EXISTS (SELECT 1)": "'exists' is not on the allow-list",
    "x = ANY (SELECT 1)": "'any' is not on the allow-list",
    "explode(x)": "'explode' is not on the allow-list",
    "range(10)": "is not on the allow-list",
    "TRANSFORM(x) USING 'cat'": "'querytransform' is not on the allow-list",
    "SELECT TRANSFORM(x) USING 'cat'": "does not parse",
    "transform(x, y -> y + 1)": "'transform' is not on the allow-list",
    "y -> y + 1": "'json_extract' is not on the allow-list",
    "t.x": "this form of 'column' is not on the allow-list",
    "a.b.c.x": "this form of 'column' is not on the allow-list",
    "parquet.`/etc/passwd`": "this form of 'column' is not on the allow-list",
    "x[0]": "'bracket' is not on the allow-list",
    "rand()": "'rand' is not on the allow-list",
    "uuid()": "'uuid' is not on the allow-list",
    "current_timestamp": "'current_timestamp' is not on the allow-list",
    "now()": "'now' is not on the allow-list",
    "current_user()": "'current_user' is not on the allow-list",
    "monotonically_increasing_id()": "'monotonically_increasing_id' is not on the allow-list",
    "input_file_name()": "'input_file_name' is not on the allow-list",
    "raise_error('x')": "'raise_error' is not on the allow-list",
    "no_such_function(x)": "'no_such_function' is not on the allow-list",
    "lowr(x)": "Did you mean 'lower'?",
    "x; DROP TABLE t": "';' has no place in an expression",
    "x;": "';' has no place in an expression",
    "sum(x)": "'sum' is not on the allow-list",
    "count(*)": "'count' is not on the allow-list",
    "sum(x) OVER ()": "'window' is not on the allow-list",
    "row_number() OVER (ORDER BY x)": "'window' is not on the allow-list",
    "CASE x WHEN 1 THEN 2 END": "write CASE WHEN x = value THEN",
    "s LIKE 'x!%' ESCAPE '!'": "'escape' is not on the allow-list",
    "s LIKE ANY ('x')": "'any' is not on the allow-list",
    "s RLIKE 'x'": "'regexp_like' is not on the allow-list",
    "trim(leading 'x' from s)": "this form of 'trim' is not on the allow-list",
    "trim('x', s)": "this form of 'trim' is not on the allow-list",
    "ltrim(s)": "this form of 'trim' is not on the allow-list",
    "length(s, x)": "this form of 'length' is not on the allow-list",
    "ceil(x, 2)": "this form of 'ceil' is not on the allow-list",
    "to_date(s, 'yyyy')": "it has 'format'",
    "datediff(day, t, d)": "it has 'unit'",
    "x BETWEEN SYMMETRIC 1 AND 2": "it has 'symmetric'",
    "round(x, y)": "round takes its places as a number from 0 to 18",
    "round(x, -2)": "round takes its places as a number from 0 to 18",
    "round(x, 1.5)": "round takes its places as a number from 0 to 18",
    "round(x, 19)": "round takes its places as a number from 0 to 18",
    "greatest(x)": "greatest compares two values at least",
    "x IS y": "IS takes NULL, TRUE or FALSE",
    "interval x day": "an interval is a whole number of SECOND, MINUTE, HOUR or DAY",
    "interval '1' month": "an interval is a whole number of SECOND, MINUTE, HOUR or DAY",
    "interval 1.5 day": "an interval is a whole number of SECOND, MINUTE, HOUR or DAY",
    "CAST(x AS FLOAT)": "a cast to FLOAT is not allowed",
    "CAST(x AS DECIMAL)": "a cast to DECIMAL is not allowed",
    "CAST(x AS DECIMAL(39,2))": "a cast to DECIMAL(39, 2) is not allowed",
    "CAST(x AS DECIMAL(2,3))": "a cast to DECIMAL(2, 3) is not allowed",
    "CAST(s AS BINARY)": "a cast to BINARY is not allowed",
    "CAST(s AS ARRAY<INT>)": "a cast to ARRAY<INT> is not allowed",
    "1e400": "the number 1e400 does not fit",
    "9" * 39: "does not fit",
    "0x1F": "is not on the allow-list",
    "X'1F'": "is not on the allow-list",
    "`x``y`": "is no column's name",
    "`x y`": "is no column's name",
    "`é`": "is no column's name",
    "@x": "'parameter' is not on the allow-list",
    ":x": "'placeholder' is not on the allow-list",
    "${x}": "is not on the allow-list",
    "*": "'star' is not on the allow-list",
    "(x, y)": "'tuple' is not on the allow-list",
    "x AS y AS z": "does not parse",
    "(x AS y) + 1": "'alias' is not on the allow-list",
    "x y": "does not parse",
    "'a' 'b'": "'concat' is not on the allow-list",
    "coalesce(x,, y)": "a comma with nothing beside it",
    "coalesce()": "a part is missing",
    "abs(x, y)": "does not parse",
    "": "one expression is expected",
    "-- only a comment": "one expression is expected",
    "'open": "does not parse",
    "x +": "does not parse",
    "DROP TABLE t": "does not parse",
    "ADD JAR 'x'": "does not parse",
    "SET x = 1": "does not parse",
}


@pytest.mark.parametrize(("text", "why"), REFUSED.items())
def test_what_is_not_on_the_allow_list_is_refused_by_name(text, why, caplog):
    with caplog.at_level(logging.DEBUG), pytest.raises(ValueError, match=r".") as refused:
        parse_expression(text)
    assert why in str(refused.value)
    assert caplog.records == [], "the parser does not write to the log"


@pytest.mark.parametrize(
    "text",
    [
        "(" * 10_000 + "x" + ")" * 10_000,
        "(" * 900 + "x" + ")" * 900,
        "- " * 900 + "x",
        "not " * 400 + "x",
        "+".join("x" * 900),
        "abs(" * 390 + "x" + ")" * 390,
        "case when x then " * 80 + "1" + " end" * 80,
        "cast(" * 100 + "x" + " as int)" * 100,
        "x" * 2001,
        ",".join("x" * 900),
        "x=1 or " * 200 + "b",
    ],
    ids=range(11),
)
def test_an_over_long_or_deep_text_is_a_short_error_and_no_crash(text):
    with pytest.raises(ValueError, match=r"at most|deep|does not parse") as refused:
        parse_expression(text)
    assert len(str(refused.value)) < 400


def test_what_a_person_would_write_is_not_too_deep():
    assert parse_expression(" OR ".join(f"s = 'type_{i}'" for i in range(60))).columns == {"s"}


STRINGS = {
    "'it''s'": "it's",
    "'it\\'s'": "it's",
    "'it''s \\\\'": "it's \\",
    "''''": "'",
    "''": "",
    "'a\\\\'' OR 1=1 --'": "a\\' OR 1=1 --",
    "'{0} {} %s $x'": "{0} {} %s $x",
    '"say ""x"""': 'say "x"',
    "'a\\nb\\tc'": "a\nb\tc",
    "'\\u0041'": "A",
    "'`'": "`",
    "'/* */ -- ;'": "/* */ -- ;",
}


@pytest.mark.parametrize(("text", "value"), STRINGS.items())
def test_a_string_is_its_value_and_cannot_end_early(text, value):
    expression = parse_expression(f"s = {text}")
    assert expression.tree == ("equal", ("column", "s"), ("string", value))
    assert parse_expression(expression.sql).tree == expression.tree


def test_a_column_that_is_not_declared_is_refused_with_the_nearest():
    with pytest.raises(HeadraceError) as refused:
        check_columns(parse_expression("valeu + 1"), ["value", "quantity"], "spend.expression")
    assert refused.value.parameters["hint"] == "Did you mean 'value'?"
    check_columns(parse_expression("VALUE + 1"), ["value"], "identifiers have no case")


def test_columns_can_be_renamed_and_the_tree_walked():
    tree = parse_expression("CASE WHEN a IN (b, 1) THEN a END").tree
    assert rename_columns(tree, {"a": "c"}) == parse_expression("CASE WHEN c IN (b, 1) THEN c END").tree
    assert [node[1] for node in walk(tree) if node[0] == "column"] == ["a", "b", "a"]


ROWS = [
    (1, 2, 1.25, "basket_end", True, datetime(2017, 3, 1, 12, tzinfo=UTC), date(2017, 3, 1)),
    (-7, 3, -0.5, " It's ", False, datetime(2017, 12, 31, 23, 59, 59, tzinfo=UTC), date(2016, 2, 29)),
    (3, 3, 2.5, "b%", None, datetime(2017, 1, 1, tzinfo=UTC), date(2017, 1, 8)),
    (None, 1, None, None, None, None, None),
]
SCHEMA = "x int, y int, f double, s string, b boolean, t timestamp, d date"


@pytest.mark.spark
def test_the_generated_sql_means_to_spark_what_was_written(spark: Any) -> None:
    """Spark's own reading of each text is the oracle: one job for all."""
    frame = spark.createDataFrame(ROWS, SCHEMA)
    texts = [text for text in ALLOWED if text not in OTHER_THAN_SPARK]
    written = [f"({text.partition('--')[0]}) AS w{i}" for i, text in enumerate(texts)]
    printed = [f"({parse_expression(text).sql}) AS p{i}" for i, text in enumerate(texts)]
    for row in frame.selectExpr(*written, *printed).collect():
        for i, text in enumerate(texts):
            assert row[f"w{i}"] == row[f"p{i}"], text


@pytest.mark.spark
def test_strings_reach_spark_as_they_are_and_division_by_zero_is_null(spark: Any) -> None:
    literals = [f"{parse_expression(text).sql} AS l{i}" for i, text in enumerate(STRINGS)]
    zero = [f"{parse_expression(text).sql} AS z{i}" for i, text in enumerate(("x / 0", "x % 0", "f / 0", "x / 2"))]
    row = spark.createDataFrame(ROWS[:1], SCHEMA).selectExpr(*literals, *zero).first()
    assert [row[f"l{i}"] for i in range(len(STRINGS))] == list(STRINGS.values())
    assert [row[f"z{i}"] for i in range(4)] == [None, None, None, Decimal("0.5")]

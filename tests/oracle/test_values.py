"""Values that break lesser code go through tiles and features as they are; a number that does not fit is an error."""

from __future__ import annotations

import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from pyspark.errors import PySparkException

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.features.counted import Counted
from headrace.features.midnights import Midnights
from headrace.features.rollup import roll_up
from headrace.features.tiles import build_tiles
from headrace.graph.failures import translate

pytestmark = [pytest.mark.spark, pytest.mark.usefixtures("generated")]

SOURCE = EventContract.model_validate(
    {
        "source": "odd", "version": 1, "owner": "a@example.com", "purpose": "Odd values.", "landing": {"folder": "odd"},
        "roles": {"entity": ["who"], "event_time": "at"}, "lateness": "5d",
        "columns": {
            "who": {"type": "string", "meaning": "w"}, "at": {"type": "timestamp", "meaning": "t"},
            "kind": {"type": "string", "meaning": "k"}, "size": {"type": "double", "meaning": "s"},
            "paid": {"type": "decimal(20,2)", "meaning": "p"},
        },
    }
)  # fmt: skip
SCHEMA = "who string, at timestamp, kind string, size double, paid decimal(20,2), event_date date, landed_on date, row_hash bigint"
NAN, INF = math.nan, math.inf
LONG, EMOJI, RIGHT_TO_LEFT = "k" * 10_000, "👩‍👧🇺🇳", "مستخدم שלום"
EPOCH = date(1970, 1, 1)


def group_of(*features: dict[str, Any], windows: tuple[str, ...] = ("36h", "all")) -> FeatureGroup:
    told = [{"meaning": "m"} | ({} if "derive" in one else {"windows": windows}) | one for one in features]
    return FeatureGroup.model_validate(
        {
            "team": "t", "group": "odd", "version": 1, "owner": "a@example.com", "purpose": "p", "entity": ["who"],
            "source": "odd", "features": told,
        }
    )  # fmt: skip


def event(who: str, at: datetime, kind: str | None = "a", size: float | None = None, paid: str | None = None) -> tuple:
    money = None if paid is None else Decimal(paid)
    landed = max(at.date(), date(1969, 12, 30))
    return (who, at, kind, size, money, at.date(), landed, hash((at, size)) % 1000)


def instant(day: date, **later: int) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(**later)


def rows(spark: Any, events: list[tuple], group: FeatureGroup, at: Midnights) -> dict[tuple[str, date], Any]:
    frame = spark.createDataFrame(events, SCHEMA)
    made = roll_up(build_tiles(frame, [group], SOURCE), group, SOURCE, at).collect()
    return {(row["who"], row["as_of"].date()): row for row in made}


ODD = group_of(
    {"name": "n", "aggregate": "count"},
    {"name": "of_kind", "aggregate": "count", "where": f"kind = '{EMOJI}'"},
    {"name": "most", "aggregate": "max", "expression": "size"},
    {"name": "least", "aggregate": "min", "expression": "size"},
    {"name": "sizes", "aggregate": "count_distinct", "expression": "size"},
    {"name": "last_kind", "aggregate": "last", "expression": "kind"},
    {"name": "latest", "aggregate": "last_k", "expression": "kind", "k": 2},
    {"name": "median", "aggregate": "quantile", "expression": "size", "edges": [0, 1], "q": 0.5},
    {"name": "since", "aggregate": "time_since_last"},
    {"name": "paid", "aggregate": "sum", "expression": "paid", "scale": 2, "when_empty": 0},
    {"name": "share", "derive": "of_kind_36h / n_36h", "scale": 4},
    {"name": "a_day", "derive": "n_36h / 1.5", "scale": 3},
    {"name": "before", "derive": "n_all - n_36h", "scale": 0},
    {"name": "lift", "derive": "coalesce(share, 0) - a_day / before", "scale": 2},
)


@pytest.fixture(scope="module")
def odd(spark: Any) -> dict[tuple[str, date], Any]:
    eve = EPOCH - timedelta(days=1)
    before_noon, noon = instant(eve, hours=12, microseconds=-1), instant(eve, hours=12)
    events = [
        event("", datetime(1, 1, 1, tzinfo=UTC), "", NAN, "0.01"),
        event("", instant(EPOCH, microseconds=-1), RIGHT_TO_LEFT, INF, "-90000000000000000.99"),
        event("", datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC), "of the future", 1.0, "1.00"),
        event(LONG, before_noon, LONG, -INF, "1.10"),
        event(LONG, noon, EMOJI, 0.0, "2.20"),
        event(LONG, noon, EMOJI, -0.0, "2.20"),
        event(EMOJI, noon, EMOJI, NAN), event(EMOJI, noon, EMOJI, NAN), event(EMOJI, noon, None, None),
        event(RIGHT_TO_LEFT, before_noon, None, 5e-324), event(RIGHT_TO_LEFT, before_noon, RIGHT_TO_LEFT, 1.7e308),
    ]  # fmt: skip
    return rows(spark, events, ODD, Midnights(EPOCH, 1, 3))


def test_keys_and_types_of_any_text_come_back_as_they_are(odd):
    """Empty, 10,000 characters, emoji of several code points, right to left: four users, three midnights."""
    assert set(odd) == {(who, EPOCH + timedelta(days=n)) for who in ("", LONG, EMOJI, RIGHT_TO_LEFT) for n in range(3)}
    of_long, of_emoji = odd[LONG, EPOCH], odd[EMOJI, EPOCH]
    assert (of_long["last_kind_all"], of_long["latest_36h"]) == (EMOJI, [EMOJI, EMOJI])
    assert (of_long["of_kind_36h"], of_emoji["of_kind_36h"], of_emoji["n_36h"]) == (2, 2, 3)
    assert odd["", EPOCH]["last_kind_36h"] == RIGHT_TO_LEFT
    assert of_emoji["share"] == Decimal("0.6667")


def test_instants_before_1970_and_at_the_ends_of_time_count_where_they_belong(odd):
    """Rules 1 and 14: the window of 36 hours before 1970-01-02 begins at noon of the last day of 1969, to the microsecond."""
    day = EPOCH + timedelta(days=1)
    assert [odd[LONG, EPOCH]["n_36h"], odd[LONG, day]["n_36h"], odd[LONG, day]["n_all"]] == [3, 2, 3]
    assert (odd[RIGHT_TO_LEFT, EPOCH]["n_36h"], odd[RIGHT_TO_LEFT, day]["n_36h"]) == (2, 0)
    of_nobody = odd["", EPOCH]
    assert (of_nobody["n_36h"], of_nobody["n_all"]) == (1, 2), "year 1 is in, year 9999 is not yet"
    assert (of_nobody["since_all"], odd["", day]["since_all"]) == (0, 86_400), "a microsecond is less than a second"


def test_nan_and_infinities_are_values(odd):
    """NaN is the greatest, equal to itself, and above every edge; 0.0 and -0.0 are one value."""
    of_nobody, of_long, of_emoji = odd["", EPOCH], odd[LONG, EPOCH], odd[EMOJI, EPOCH]
    assert math.isnan(of_nobody["most_all"])
    assert (of_nobody["most_36h"], of_nobody["least_all"], of_long["least_36h"]) == (INF, INF, -INF)
    assert (of_nobody["sizes_all"], of_long["sizes_all"], of_emoji["sizes_all"]) == (2, 2, 1)
    assert (of_nobody["median_all"], of_long["median_all"], of_emoji["median_all"]) == (1, 0, 1)
    assert (odd[RIGHT_TO_LEFT, EPOCH]["least_36h"], odd[RIGHT_TO_LEFT, EPOCH]["most_36h"]) == (5e-324, 1.7e308)


def test_who_has_nothing_in_a_window_gets_the_null_rule_and_never_loses_the_row(odd):
    """Rule 11."""
    empty = odd[LONG, EPOCH + timedelta(days=2)]
    assert {name: empty[name] for name in ("n_36h", "sizes_36h", "paid_36h")} == {
        "n_36h": 0, "sizes_36h": 0, "paid_36h": Decimal(0),
    }  # fmt: skip
    nulls = [name for name in ODD.columns if name.endswith("_36h") and empty[name] is None]
    assert nulls == ["most_36h", "least_36h", "last_kind_36h", "latest_36h", "median_36h", "since_36h"]
    assert empty["share"] is None, "0 / 0"


def test_ratio_rate_and_difference_are_derived_and_what_is_divided_by_nothing_is_null(odd):
    """Rule 11: x / 0 is null, in a later derivation too; a derived value is rounded half up to its scale."""
    told = {(who, n): [odd[who, EPOCH + timedelta(days=n)][name] for name in ("share", "a_day", "before", "lift")]
            for who, n in ((EMOJI, 0), ("", 0), (LONG, 1), (LONG, 2))}  # fmt: skip
    assert told == {
        (EMOJI, 0): [Decimal("0.6667"), Decimal("2.000"), 0, None],
        ("", 0): [0, Decimal("0.667"), 1, Decimal("-0.67")],
        (LONG, 1): [1, Decimal("1.333"), 1, Decimal("-0.33")],
        (LONG, 2): [None, 0, 3, 0],
    }


def test_sums_of_money_agree_to_the_cent(odd):
    """Rule 12: with Python's decimal, also where a double would lose the cent."""
    assert odd["", EPOCH]["paid_all"] == Decimal("0.01") + Decimal("-90000000000000000.99")
    assert odd[LONG, EPOCH]["paid_36h"] == Decimal("5.50")


SUM = {"name": "spend", "aggregate": "sum", "expression": "paid", "scale": 2}
GREAT = "92233720368547758.07"  # the greatest whole number of 64 bits, in cents
TOO_MUCH = {
    "a value at its scale": (SUM | {"scale": 3}, [("a", 0, GREAT)]),
    "a sum in a tile": (SUM, [("a", 0, GREAT), ("a", 0, "0.01")]),
    "a sum of tiles": (SUM, [("a", -1, GREAT), ("a", 0, "0.01")]),
    "a sum of late and early": (SUM | {"windows": ["all"]}, [("a", -9, "-" + GREAT), ("a", 0, "-0.02")]),
    "squares": (SUM | {"aggregate": "variance"}, [("a", 0, GREAT), ("a", -1, GREAT), ("a", -1, GREAT)]),
    "a NaN in a sum": (SUM | {"expression": "size"}, [("a", 0, None)]),
    "a derived value": ({"name": "spend", "derive": "exp(paid_all)"}, [("a", 0, "800.00")]),
    "a product": ({"name": "spend", "derive": "power(paid_all, 9)"}, [("a", 0, "1000.00")]),
}  # fmt: skip


@pytest.mark.parametrize("case", TOO_MUCH)
def test_what_does_not_fit_is_an_error_that_names_the_feature(spark: Any, case: str) -> None:
    """Rule 12: never a wrapped number, never one that is left out."""
    feature, told = TOO_MUCH[case]
    events = [event(who, instant(EPOCH + timedelta(days=day), hours=-1), "a", NAN, paid) for who, day, paid in told]
    base = [{"name": "paid", "aggregate": "sum", "expression": "paid", "scale": 2, "windows": ["all"]}]
    group = group_of(*(base if "derive" in feature else []), feature, windows=("3d",))
    for way in (tiled, counted):
        with pytest.raises(PySparkException) as raised:
            way(spark, events, group)
        refused = translate(raised.value)
        assert getattr(refused, "code", str(refused)[:300]) == "FEATURE_OVERFLOW"
        assert refused.parameters["feature"] == "odd.spend"


def tiled(spark: Any, events: list[tuple], group: FeatureGroup) -> Any:
    return rows(spark, events, group, Midnights(EPOCH, 1, 1))


def counted(spark: Any, events: list[tuple], group: FeatureGroup) -> Any:
    """As of any instant, from raw events."""
    return Counted(spark.createDataFrame(events, SCHEMA), group, SOURCE).of_everybody(instant(EPOCH)).collect()


@pytest.mark.parametrize("way", [tiled, counted])
def test_rule_12_an_error_names_every_feature_of_its_group_that_a_sum_is_for(spark: Any, way: Any) -> None:
    """Three features share what is summed, two of them its window."""
    same = {"aggregate": "sum", "expression": "paid", "scale": 2}
    short = {"name": "short", **same, "windows": ["1d"]}
    group = group_of({"name": "spend", **same}, short, {"name": "each", **same, "aggregate": "mean"}, windows=("3d",))
    told = [event("a", instant(EPOCH, hours=-hours), "a", 0.0, paid) for hours, paid in ((30, GREAT), (20, "0.01"))]
    with pytest.raises(PySparkException) as raised:
        way(spark, told, group)
    assert translate(raised.value).parameters["feature"] == "odd.spend, odd.each"


@pytest.mark.parametrize("way", [tiled, counted])
def test_rule_12_a_formula_that_a_row_does_not_fit_is_told_by_feature_and_line(spark: Any, way: Any) -> None:
    evening = {"name": "n", "aggregate": "count", "where": "hour(at) > 50"}
    group = group_of({"name": "most", "aggregate": "max", "expression": "cast(paid as int) * 2147483647"}, evening)
    document = SimpleNamespace(place=lambda at: f"odd.yaml:{at}")
    project = SimpleNamespace(groups={"odd": group}, labels={}, sources={}, documents={"features/t.odd": document})
    with pytest.raises(PySparkException) as raised:
        way(spark, [event("a", instant(EPOCH, hours=-1), "a", 0.0, "4711.25")], group)
    said = str(translate(raised.value, project))
    assert "feature t.odd.most.expression (odd.yaml:('features', 0, 'expression')): a value does not fit" in said
    assert "in CAST(`paid` AS INT) * 2147483647" in said


def test_more_different_values_than_the_bound_is_an_error_that_names_the_feature(spark: Any) -> None:
    """Rule 12: distinct is exact under a declared bound."""
    events = [event("a", instant(EPOCH, hours=-n - 1), "a", float(n)) for n in range(3)]
    feature = {"name": "sizes", "aggregate": "count_distinct", "expression": "size", "windows": ["3d"]}
    at = Midnights(EPOCH, 1, 1)
    assert rows(spark, events, group_of(feature | {"bound": 3}), at)["a", EPOCH]["sizes_3d"] == 3
    with pytest.raises(PySparkException) as raised:
        rows(spark, events, group_of(feature | {"bound": 2}), at)
    refused = translate(raised.value)
    assert refused.code == "FEATURE_BOUND"
    assert "feature 'odd.sizes': a window holds more than 2 different values" in str(refused)


@pytest.mark.parametrize("way", [tiled, counted])
def test_rule_8_the_latest_row_wins_with_its_null_and_a_condition_carries_forward(spark: Any, way: Any) -> None:
    """Column by column, and by name: each feature says for itself whether it passes over nulls."""
    kind, size = ({"aggregate": "last", "expression": name} for name in ("kind", "size"))
    known = {"name": "known_kind", **kind, "where": "kind is not null"}
    group = group_of({"name": "kind", **kind}, known, {"name": "size", **size}, windows=("1d", "3d"))
    told = [event("a", instant(EPOCH, hours=-30), "old", 1.0), event("a", instant(EPOCH, hours=-20), None, 2.0)]
    (row,) = found.values() if isinstance(found := way(spark, told, group), dict) else found
    assert (row["kind_1d"], row["kind_3d"]) == (None, None)
    assert (row["known_kind_1d"], row["known_kind_3d"]) == (None, "old")
    assert (row["size_1d"], row["size_3d"]) == (2.0, 2.0)

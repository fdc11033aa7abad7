"""A feature contract: every key of semantics.md, and every way to get one wrong."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from headrace.contracts import FeatureGroup, load_feature_group
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import parse_gap

SPELLED = """
team: growth
group: customer_activity
version: 3
owner: growth-analytics@example.com
purpose: How active a customer has been lately.
entity: [user_id]
source: shop_events            # an event contract
zone: UTC
accuracy: snapshot             # or temporal
tail: exact                    # or day
features:
  - name: baskets
    meaning: Finished baskets.
    unit: baskets
    aggregate: count           # count sum mean min max variance first last last_k ...
    where: event_type = 'basket_end'
    windows: [7d, 28d, 90d]    # h, d, w, all
  - name: spend
    meaning: Money spent, discounts taken off.
    unit: USD
    aggregate: sum
    expression: value
    scale: 2
    windows: [7d, 28d]
    when_empty: 0
  - name: user_activity_score
    meaning: The company's one definition of activity, over the past 7 days.
    derive: ln(1 + baskets_7d) + 0.1 * ln(1 + greatest(spend_7d, 0))
    scale: 6
"""
COUNT: dict[str, Any] = {"name": "n", "meaning": "m", "aggregate": "count", "windows": ["7d"]}
SESSIONS = COUNT | {"name": "v", "aggregate": "sessions", "gap": "30m"}
SUM = COUNT | {"name": "s", "aggregate": "sum", "expression": "value"}

QUANTILE = SUM | {"name": "q", "aggregate": "quantile", "edges": [1, 5, 20], "q": 0.5}


def derived(name: str, formula: str) -> dict[str, Any]:
    return {"name": name, "meaning": "m", "derive": formula}


def group_of(*features: dict[str, Any], **changed: Any) -> FeatureGroup:
    whole = {"team": "t", "group": "g", "version": 1, "owner": "o", "purpose": "p", "entity": ["k"], "source": "s"}
    return FeatureGroup.model_validate(whole | {"features": list(features)} | changed)


def without(feature: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in feature.items() if key not in keys}


def test_the_contract_of_the_semantics_loads_with_all_of_its_keys(tmp_path):
    path = tmp_path / "customer_activity.yaml"
    path.write_text(SPELLED)
    group = load_feature_group(path)
    assert (group.team, group.group, group.version, group.entity) == ("growth", "customer_activity", 3, ("user_id",))
    assert (group.source, group.zone, group.accuracy, group.tail) == ("shop_events", "UTC", "snapshot", "exact")
    baskets, spend, score = group.features
    assert group.columns == ("baskets_7d", "baskets_28d", "baskets_90d", "spend_7d", "spend_28d", "user_activity_score")
    assert (baskets.aggregate, baskets.unit, baskets.where.sql) == ("count", "baskets", "(`event_type` = 'basket_end')")
    assert (spend.scale, spend.when_empty, spend.expression.columns) == (2, 0, {"value"})
    assert (score.columns, score.derive.columns) == (("user_activity_score",), {"baskets_7d", "spend_7d"})
    assert group.longest_window == timedelta(days=90)
    assert len(group.fingerprint) == 16
    assert load_feature_group(str(path)) == group


@pytest.mark.parametrize(
    ("line", "instead", "told"),
    [
        ("team: growth", "teem: growth", "customer_activity.yaml:2: teem: unknown key. Did you mean 'team'?"),
        (
            "    unit: USD",
            "    units: USD",
            "customer_activity.yaml:21: features.1.units: unknown key. Did you mean 'unit'?",
        ),
        (
            "aggregate: sum",
            "aggregate: summ",
            "customer_activity.yaml:22: features.1.aggregate: Input should be 'count'",
        ),
        ("zone: UTC", "zone: Mars", "customer_activity.yaml:9: zone: 'Mars' is no time zone. Zones are named as in"),
        ("zone: UTC", "zone: Europe/Berln", "'Europe/Berln' is no time zone. Did you mean 'Europe/Berlin'?"),
        ("zone: UTC", "zone: localtime", "'localtime' is no time zone"),
        ("accuracy: snapshot", "accuracy: rough", "customer_activity.yaml:10: accuracy: Input should be"),
        ("tail: exact", "tail: loose", "customer_activity.yaml:11: tail: Input should be 'exact' or 'day'"),
        ("version: 3", "version: 0", "customer_activity.yaml:4: version: Input should be greater than or equal to 1"),
        ("[user_id]", "user_id", "customer_activity.yaml:7: entity: must be a list"),
        ("[user_id]", "[]", "customer_activity.yaml:7: entity: Tuple should have at least 1 item"),
        ("[user_id]", "[User_Id]", "'User_Id' is not an identifier"),
        ("[7d, 28d]", "7d", "customer_activity.yaml:25: features.1.windows: must be a list"),
        ("expression: value", "expression: 7", "features.1.expression: an expression is text; found 7"),
        ("expression: value", "expression: rand()", "features.1.expression: 'rand' is not on the allow-list"),
        ("derive: ln(", "derive: lm(", "features.2.derive: 'lm' is not on the allow-list"),
    ],
)
def test_a_fault_is_named_by_file_line_and_key(tmp_path, line, instead, told):
    path = tmp_path / "customer_activity.yaml"
    path.write_text(SPELLED.replace(line, instead, 1))
    with pytest.raises(HeadraceError) as refused:
        load_feature_group(path)
    assert refused.value.exit_status == 2
    assert told in str(refused.value)


@pytest.mark.parametrize(
    ("features", "told"),
    [
        ([without(COUNT, "aggregate")], "give either aggregate or derive"),
        ([COUNT | {"derive": "1"}], "give either aggregate or derive"),
        ([without(COUNT, "windows")], "windows: name at least one"),
        ([COUNT | {"windows": []}], "windows: name at least one"),
        ([COUNT | {"windows": ["7d", "28d", "7d"]}], "windows: one stands twice"),
        ([COUNT | {"windows": ["12h", "36h"]}], ""),
        ([COUNT | {"windows": ["24h"]}], ""),
        ([COUNT | {"windows": ["0d"]}], "'0d' is not a length of time"),
        ([COUNT | {"windows": [7]}], "'7' is not a length of time"),
        ([COUNT | {"windows": ["ALL"]}], "'ALL' is not a length of time"),
        ([without(SUM, "expression")], "aggregate sum needs an expression"),
        ([SUM | {"aggregate": "active_days"}], "aggregate active_days needs no expression"),
        ([SUM | {"aggregate": "time_since_last"}], "aggregate time_since_last needs no expression"),
        ([SESSIONS], ""),
        ([SESSIONS | {"measure": "mean_duration", "windows": ["7d", "all"], "when_empty": 0}], ""),
        ([SESSIONS | {"expression": "item"}], "aggregate sessions needs no expression"),
        ([without(SESSIONS, "gap")], "gap: for sessions, and only for it"),
        ([COUNT | {"gap": "30m"}], "gap: for sessions, and only for it"),
        ([COUNT | {"measure": "count"}], "measure: for sessions, and only for it"),
        ([SESSIONS | {"measure": "median"}], "Input should be 'count' or 'mean_duration'"),
        ([SESSIONS | {"gap": "0s"}], "'0s' is not a time between events; write 1800s, 30m (minutes), 12h or 2d"),
        ([SESSIONS | {"gap": 1800}], "'1800' is not a time between events"),
        ([SESSIONS | {"windows": ["30m"]}], "'30m' is not a length of time"),
        ([SESSIONS | {"when_empty": "none"}], "when_empty: sessions gives a number; found 'none'"),
        ([COUNT, {"name": "d", "meaning": "m", "derive": "1", "gap": "30m"}], "gap: not for a derived feature"),
        ([COUNT | {"expression": "item"}], ""),
        ([SUM | {"aggregate": "last_k"}], "k: for last_k, and only for it"),
        ([COUNT | {"k": 3}], "k: for last_k, and only for it"),
        ([SUM | {"aggregate": "last_k", "k": 0}], "Input should be greater than or equal to 1"),
        ([SUM | {"aggregate": "last_k", "k": 3, "when_empty": 0}], "when_empty: last_k gives an array"),
        ([SUM | {"scale": -1}], "Input should be greater than or equal to 0"),
        ([SUM | {"scale": 13}], "Input should be less than or equal to 12"),
        ([SUM | {"when_empty": "none"}], "when_empty: sum gives a number; found 'none'"),
        ([COUNT | {"when_empty": float("inf")}], "Input should be a finite number"),
        ([COUNT | {"when_empty": 0}], ""),
        ([COUNT | {"when_empty": 5}], "when_empty: count counts, and a count of nothing is 0; leave it out"),
        ([SESSIONS | {"when_empty": 1}], "when_empty: sessions counts, and a count of nothing is 0; leave it out"),
        ([COUNT, COUNT], "a feature 'n' is there already; rename one"),
        ([COUNT, COUNT | {"windows": ["28d"]}], "a feature 'n' is there already; rename one"),
        ([COUNT, {"name": "n_7d", "meaning": "m", "derive": "1"}], "the column 'n_7d' is there already; rename one"),
        ([{"name": "k", "meaning": "m", "derive": "1"}], "the column 'k' is there already"),
        ([{"name": "as_of", "meaning": "m", "derive": "1"}], "the column 'as_of' is there already"),
        (
            [COUNT, {"name": "d", "meaning": "m", "derive": "n_7 + 1"}],
            "derive names 'n_7', which no feature above it gives. Did you mean 'n_7d'?",
        ),
        (
            [{"name": "d", "meaning": "m", "derive": "n_7d"}, COUNT],
            "derive names 'n_7d', which no feature above it gives",
        ),
        ([{"name": "d", "meaning": "m", "derive": "d"}], "d -> d is a cycle; derive one of them from something else"),
        ([derived("a", "b + 1"), derived("b", "a"), COUNT], "a -> b -> a is a cycle"),
        ([COUNT, derived("a", "n_7d + c"), derived("b", "a"), derived("c", "b + n_7d")], "a -> c -> b -> a is a cycle"),
        ([derived("a", "b"), derived("b", "b")], "derive names 'b', which no feature above it gives"),
        ([QUANTILE], ""),
        ([QUANTILE | {"edges": [-1.5, 0, 2.25], "q": 0.999999}], ""),
        ([without(QUANTILE, "expression")], "aggregate quantile needs an expression"),
        ([without(QUANTILE, "q")], "q: for quantile, and only for it, such as 0.5; quantile needs it"),
        ([without(QUANTILE, "edges")], "edges: for quantile, and only for it, such as [1, 5, 20]; quantile needs it"),
        ([QUANTILE | {"edges": [1, 1.0]}], "the edges are in ascending order, each once"),
        ([QUANTILE | {"edges": [2, 1]}], "the edges are in ascending order, each once"),
        ([QUANTILE | {"edges": []}], "at least 1 item"),
        ([QUANTILE | {"edges": list(range(65))}], "at most 64 items"),
        ([QUANTILE | {"edges": ["x"]}], "valid decimal"),
        ([QUANTILE | {"edges": [0.01, 10**17]}], "an edge has 19 digits at most"),
        ([QUANTILE | {"q": 0}], "greater than 0"),
        ([QUANTILE | {"q": 1}], "less than 1"),
        ([QUANTILE | {"q": 0.1234567}], "no more than 6 decimal places"),
        ([QUANTILE | {"when_empty": "none"}], "when_empty: quantile gives a number; found 'none'"),
        ([COUNT | {"q": 0.5}], "q: for quantile, and only for it"),
        ([SUM | {"bound": 5}], "bound: for count_distinct, and only for it"),
        ([SUM | {"aggregate": "count_distinct", "bound": 5}], ""),
        ([SUM | {"aggregate": "count_distinct", "bound": 0}], "greater than or equal to 1"),
        (
            [COUNT, {"name": "d", "meaning": "m", "derive": "1", "windows": ["7d"]}],
            "windows: not for a derived feature",
        ),
        ([COUNT, {"name": "d", "meaning": "m", "derive": "1", "where": "b"}], "where: not for a derived feature"),
        (
            [COUNT, {"name": "d", "meaning": "m", "derive": "1", "when_empty": 0}],
            "when_empty: not for a derived feature",
        ),
        ([COUNT | {"name": "N"}], "'N' is not an identifier"),
        ([COUNT | {"name": "n\n"}], "is not an identifier"),
        ([COUNT | {"name": "n" * 64}], "63 at most"),
        ([], "Tuple should have at least 1 item"),
    ],
)
def test_a_feature_that_contradicts_itself_is_refused(features, told):
    if not told:
        assert group_of(*features).columns
        return
    with pytest.raises(ValidationError) as refused:
        group_of(*features)
    assert told in str(refused.value)


@pytest.mark.parametrize("entity", [["k", "k"], ["as_of"]])
def test_an_entity_has_each_key_once(entity):
    with pytest.raises(ValidationError, match="is there already"):
        group_of(COUNT, entity=entity)


def test_the_longest_window_is_none_where_one_is_all():
    assert group_of(COUNT | {"windows": ["7d", "2w"]}).longest_window == timedelta(days=14)
    assert group_of(COUNT | {"windows": ["7d", "all"]}).longest_window is None
    assert group_of(COUNT | {"windows": ["7d", "all"]}).columns == ("n_7d", "n_all")


@pytest.mark.parametrize(
    ("gap", "shown"), [("1800s", "30m"), ("90s", "90s"), ("60m", "1h"), ("24h", "1d"), ("36h", "36h"), ("2d", "2d")]
)
def test_a_gap_is_shown_in_its_greatest_whole_unit(gap: str, shown: str) -> None:
    (feature,) = group_of(SESSIONS | {"gap": gap}).features
    assert feature.model_dump()["gap"] == shown
    assert parse_gap(shown) == feature.gap, "and read back as the same"

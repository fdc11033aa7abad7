"""The same logic twice: what is found, what it is called, and what is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from groups import count, derived, group, total

from headrace.contracts import load_feature_group
from headrace.contracts.features import FeatureGroup
from headrace.contracts.logic import logic_of, stripped
from headrace.contracts.twice import Twin, find_twins, told

ROOT = Path(__file__).resolve().parents[3]
LOGIN = "event_type = 'login'"


def twin_of(first: FeatureGroup, second: FeatureGroup) -> Twin:
    (twin,) = find_twins([first, second])
    return twin


def test_the_three_activity_scores_of_the_story_are_found_and_named() -> None:
    growth = group("growth", count("logins", LOGIN), derived("user_activity_score", "ln(1 + logins_7d)"), version=3)
    product = group(
        "product",
        {
            "name": "session_minutes", "meaning": "m", "aggregate": "mean", "expression": "duration", "scale": 3,
            "where": "event_type = 'session_end'", "windows": ["7d"],
        },
        derived("user_activity_score", "session_minutes_7d / 60"),
    )  # fmt: skip
    marketing = group(
        "marketing",
        count("events", None, "7d", "90d"),
        derived("weekly_average", "events_90d * 7 / 90"),
        derived("user_activity_score", "coalesce(events_7d / weekly_average, 0)"),
    )
    found = {twin.name: twin for twin in find_twins([marketing, product, growth])}
    one = found["marketing.activity.user_activity_score"]
    assert (one.kind, one.old_name) == ("near", "growth.activity.user_activity_score")
    assert one.differences == ("window", "filter", "normalisation")
    other = found["product.activity.user_activity_score"]
    assert (other.kind, other.old_name) == ("named", "growth.activity.user_activity_score")
    for twin in (one, other):
        assert "growth.activity.user_activity_score (team growth, owner growth@example.com)" in told(twin)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([total("spend")], [total("money")]),
        ([total("spend", where="a = 1 AND b = 2")], [total("money", where="(b) = 2 and A = 1")]),
        ([total("spend", where="a IN (1, 2)")], [total("money", where="a IN (2, 1)")]),
        ([count("n"), derived("x", "ln(1 + n_7d)")], [count("m", "value > 0", "1d"), count("o"), derived("y", "ln(o_7d + 1)")]),
        (
            [count("n"), total("s"), derived("score", "ln(1 + n_7d) + 0.1 * s_7d")],
            [total("t"), count("k"), derived("v", "t_7d * 0.1 + ln(k_7d + 1)")],
        ),
        ([total("spend")], [total("a", "7d"), derived("b", "a_7d", scale=2)]),
    ],
)  # fmt: skip
def test_equal_trees_are_one_logic_whatever_steps_and_names(first, second) -> None:
    found = find_twins([group("a", *first, version=9), group("b", *second)])
    last = next(twin for twin in found if twin.new.name == second[-1]["name"])
    assert last.kind == "equal"
    assert last.old_name == f"a.activity.{first[-1]['name']}"


def test_rounding_between_two_steps_is_a_normalisation() -> None:
    whole = [count("n"), total("s"), derived("score", "ln(1 + n_7d) + 0.1 * s_7d")]
    steps = [total("t"), count("k"), derived("tenth", "t_7d * 0.1", scale=1), derived("v", "tenth + ln(k_7d + 1)")]
    found = {twin.new.name: twin for twin in find_twins([group("a", *whole, version=9), group("b", *steps)])}
    assert (found["v"].kind, found["v"].old_name) == ("near", "a.activity.score")
    assert found["v"].differences == ("normalisation",)


def test_a_finding_names_feature_team_owner_and_the_columns_to_take() -> None:
    twin = twin_of(group("a", total("spend", "7d", "28d"), version=2), group("b", total("money", "28d", "90d")))
    assert told(twin) == (
        "b.activity.money computes what a.activity.spend (team a, owner a@example.com) already does. "
        "Use it: take spend_28d from a.activity"
    )


def test_twice_in_one_group_is_twice_too() -> None:
    (twin,) = find_twins([group("a", total("spend"), total("money"))])
    assert (twin.kind, twin.name, twin.old_name) == ("equal", "a.activity.money", "a.activity.spend")


@pytest.mark.parametrize(
    ("new", "differences"),
    [
        ([total("y", "90d")], ("window",)),
        ([total("y", where="shop = 1")], ("filter",)),
        ([total("y", scale=3)], ("normalisation",)),
        ([total("y", when_empty=0)], ("normalisation",)),
        ([total("y", "28d", where="shop = 1")], ("window", "filter")),
        *(
            ([total("own"), derived("y", formula)], ("normalisation",))
            for formula in (
                "ln(1 + own_7d)", "own_7d / 100", "sqrt(own_7d)", "round(own_7d, 1)", "-own_7d", "greatest(own_7d, 0)",
                "coalesce(own_7d, 0)", "cast(own_7d AS double)", "power(own_7d, 0.5) * 3 - 1", "least(100, own_7d)",
            )
        ),
        ([total("own", "7d", "90d"), derived("y", "own_7d / (own_90d * 7 / 90)")], ("window", "normalisation")),
    ],
)  # fmt: skip
def test_what_differs_in_window_filter_or_normalisation_only_is_near(new, differences) -> None:
    found = find_twins([group("a", total("x"), version=2), group("b", *new)])
    twin = next(twin for twin in found if twin.new.name == "y")
    assert (twin.kind, twin.old_name, twin.differences) == ("near", "a.activity.x", differences)
    assert "owner a@example.com" in told(twin)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (total("x"), {**total("y"), "expression": "value * quantity"}),
        (total("x"), {**total("y"), "aggregate": "mean"}),
        (count("x", LOGIN), count("y", "event_type = 'order'")),
        (count("x", LOGIN), count("y", "event_type IN ('order', 'visit') AND paid")),
        (count("x", "device = 'app'"), count("y", "event_type = 'order'")),
    ],
)
def test_what_counts_something_else_is_left_alone(first, second) -> None:
    assert not find_twins([group("a", first), group("b", second)])


def test_other_sources_and_entities_are_other_logic() -> None:
    first = group("a", total("x"))
    assert not find_twins([first, group("b", total("y"), source="orders")])
    assert not find_twins([first, group("b", total("y"), entity=["basket"])])


def test_a_share_is_no_normalised_count() -> None:
    shared = [count("part", "device = 'app'"), count("whole"), derived("share", "part_7d / whole_7d")]
    assert stripped(logic_of(group("a", *shared))[-1].tree)[0] == "divide"


def test_one_groups_own_variants_are_its_own_affair() -> None:
    assert not find_twins([group("a", total("x"), total("y", "90d"), total("z", where="shop = 1"))])


def test_an_ingredient_may_stand_in_two_groups_unless_a_model_takes_it() -> None:
    """A formula reads the columns of its own group, so what it needs has to be there too; tiles hold it once."""
    old = group("a", total("spend"), version=2)
    new = group(
        "b", total("all_spend"), total("app_spend", where="device = 'app'"), derived("s", "app_spend_7d / all_spend_7d")
    )
    kinds = {twin.new.name: twin.kind for twin in find_twins([old, new])}
    assert kinds == {"all_spend": "part", "app_spend": "near"}
    taken = find_twins([old, new], taken={("b.activity", "all_spend_7d")})
    assert {twin.new.name: twin.kind for twin in taken} == {"all_spend": "equal", "app_spend": "near"}


def test_what_was_agreed_on_first_is_the_old_one() -> None:
    one, other = group("a", total("x"), version=9), group("b", total("y"))
    assert twin_of(one, other).old_name == "a.activity.x"
    (twin,) = find_twins([one, other], settled={("b.activity", "y")})
    assert (twin.name, twin.old_name) == ("a.activity.x", "b.activity.y")


def test_a_feature_that_is_new_in_an_old_group_is_the_new_one() -> None:
    old, other = group("a", total("x"), count("n"), version=9), group("b", total("y"))
    (twin,) = find_twins([old, other], settled={("a.activity", "n"), ("b.activity", "y")})
    assert (twin.name, twin.old_name) == ("a.activity.x", "b.activity.y")


def test_the_same_name_for_another_logic_is_told() -> None:
    twin = twin_of(group("a", total("score"), version=2), group("b", count("score", LOGIN)))
    assert twin.kind == "named"
    assert "rename" in told(twin)


def test_a_chain_of_squares_stays_small() -> None:
    steps = [derived(f"d{n}", f"d{n - 1} * d{n - 1}" if n else "n_7d * n_7d") for n in range(60)]
    assert len(logic_of(group("a", count("n"), *steps))) == 61


def test_contracts_of_this_repository_have_no_logic_twice() -> None:
    roots = [
        ROOT / "conf/contracts",
        ROOT / "conf/cdnow",
        ROOT / "conf/bench",
        *(ROOT / "tests/projects").glob("*/conf/contracts"),
    ]
    kinds = {}
    for root in roots:
        groups = [load_feature_group(path) for path in sorted((root / "features").rglob("*.yaml"))]
        assert groups, root
        kinds |= {twin.name: twin.kind for twin in find_twins(groups)}
    assert kinds == {
        "assortment.product_variety.all_spend": "part",
        "assortment.product_variety.weekend_spend": "near",
        "growth.customer_value.baskets_ever": "near",
        "growth.value.app_events": "near",
    }

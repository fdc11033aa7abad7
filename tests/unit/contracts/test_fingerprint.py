"""Rule 17: what an edit of a feature contract does to its fingerprint."""

from __future__ import annotations

from pathlib import Path

import pytest

from headrace.contracts import FeatureGroup
from headrace.contracts.fingerprint import fingerprint
from headrace.ground.document import parse_document, validate

CONTRACT = """
team: growth
group: activity
version: 3
owner: growth@example.com
purpose: How active a customer is.
entity: [user_id, shop]
source: shop_events
features:
  - name: spend
    meaning: Money spent.
    unit: USD
    aggregate: sum
    expression: value - 0.10 * discount
    where: event_type <> 'refund' AND (value > 0)
    scale: 2
    windows: [7d, 28d]
    when_empty: 0
  - name: latest
    meaning: The latest items.
    aggregate: last_k
    expression: item
    k: 3
    windows: [7d]
  - name: score
    meaning: A score.
    derive: ln(1 + spend_7d)
    scale: 6
"""
MEANINGFUL = [
    ("group: activity", "group: action"),
    ("team: growth", "team: sales"),
    ("[user_id, shop]", "[user_id]"),
    ("[user_id, shop]", "[shop, user_id]"),
    ("source: shop_events", "source: web_events"),
    ("source: shop_events", "source: shop_events\ntail: day"),
    ("name: latest", "name: newest"),
    ("aggregate: sum", "aggregate: mean"),
    ("value - 0.10 * discount", "discount - 0.10 * value"),
    ("value - 0.10 * discount", "value - discount * 0.10"),
    ("value - 0.10 * discount", "(value - 0.10) * discount"),
    ("value - 0.10 * discount", "value - 0.1 * discount"),
    ("value - 0.10 * discount", "value - 0.11 * discount"),
    ("event_type <> 'refund'", "event_type = 'refund'"),
    ("event_type <> 'refund'", "event_type <> 'Refund'"),
    ("AND (value > 0)", "OR (value > 0)"),
    ("AND (value > 0)", "AND (value >= 0)"),
    ("AND (value > 0)", "AND (value > '0')"),
    ("AND (value > 0)", "AND (value > 0.0)"),
    ("    where: event_type <> 'refund' AND (value > 0)\n", ""),
    ("    scale: 2", "    scale: 3"),
    ("[7d, 28d]", "[7d, 27d]"),
    ("[7d, 28d]", "[7d]"),
    ("when_empty: 0", "when_empty: 1"),
    ("    when_empty: 0\n", ""),
    ("k: 3", "k: 4"),
    ("ln(1 + spend_7d)", "ln(1 + spend_28d)"),
    ("    scale: 6", "    scale: 5"),
]
COSMETIC = [
    ("owner: growth@example.com", "owner: sales@example.com"),
    ("How active a customer is.", "How busy."),
    ("Money spent.", "Money paid."),
    ("unit: USD", "unit: EUR"),
    ("    unit: USD\n", ""),
    ("version: 3", "version: 4"),
    ("value - 0.10 * discount", "value - (0.10 * discount)"),
    ("value - 0.10 * discount", "(((value)  -  0.10*discount))"),
    ("value - 0.10 * discount", "VALUE - 0.10 * Discount"),
    ("value - 0.10 * discount", "'`value` - 0.10 * `discount`'"),
    ("value - 0.10 * discount", "value - 0.10 * discount /* taken off */"),
    ("event_type <> 'refund'", "event_type != 'refund'"),
    ("event_type <> 'refund' AND (value > 0)", "event_type <> 'refund' and value > 0"),
    ("event_type <> 'refund' AND (value > 0)", 'event_type <> "refund" AND value > 0'),
    ("source: shop_events", "source: shop_events  # a comment"),
    ("source: shop_events", "source: 'shop_events'\nzone: UTC\naccuracy: snapshot\ntail: exact"),
    ("ln(1 + spend_7d)", "LN( 1 + spend_7d )"),
    (
        "    aggregate: sum\n    expression: value - 0.10 * discount\n",
        "    expression: value - 0.10 * discount\n    aggregate: sum\n",
    ),
    ("aggregate: last_k", "scale: 4\n    aggregate: last_k"),
]


def group_of(text: str) -> FeatureGroup:
    return validate(parse_document(Path("activity.yaml"), text), FeatureGroup)


def edited(edit: tuple[str, str]) -> FeatureGroup:
    assert CONTRACT.count(edit[0]) == 1, "the edit is where it is meant to be"
    return group_of(CONTRACT.replace(*edit))


@pytest.mark.parametrize("edit", MEANINGFUL, ids=lambda edit: edit[1])
def test_a_meaningful_edit_changes_the_fingerprint(edit):
    assert edited(edit).fingerprint != group_of(CONTRACT).fingerprint


@pytest.mark.parametrize("edit", COSMETIC, ids=lambda edit: edit[1])
def test_a_cosmetic_edit_does_not(edit):
    assert edited(edit).fingerprint == group_of(CONTRACT).fingerprint


def test_the_order_of_keys_is_cosmetic_and_that_of_features_is_not():
    head, features = CONTRACT.split("features:\n")
    keys_turned = "features:\n" + features + "\n".join(reversed(head.strip().splitlines())) + "\n"
    assert group_of(keys_turned).fingerprint == group_of(CONTRACT).fingerprint
    first, second = features.index("  - name: spend"), features.index("  - name: latest")
    third = features.index("  - name: score")
    turned = head + "features:\n" + features[second:third] + features[first:second] + features[third:]
    assert group_of(turned).fingerprint != group_of(CONTRACT).fingerprint


SESSIONS = CONTRACT.replace("aggregate: last_k\n    expression: item\n    k: 3", "aggregate: sessions\n    gap: 1800s")


@pytest.mark.parametrize(
    ("edit", "same"),
    [("gap: 30m", True), ("gap: 1800s\n    measure: count", True), ("gap: 1801s", False),
     ("gap: 1800s\n    measure: mean_duration", False)],
)  # fmt: skip
def test_a_gap_is_told_by_its_length_and_a_measure_by_what_it_is(edit, same):
    assert (group_of(SESSIONS.replace("gap: 1800s", edit)).fingerprint == group_of(SESSIONS).fingerprint) == same


QUANTILE = CONTRACT.replace(
    "aggregate: last_k\n    expression: item\n    k: 3",
    "aggregate: quantile\n    expression: item\n    edges: [0, 1.5]\n    q: 0.5",
)
DISTINCT = CONTRACT.replace(
    "aggregate: last_k\n    expression: item\n    k: 3", "aggregate: count_distinct\n    expression: item"
)


@pytest.mark.parametrize(
    ("edit", "same"),
    [(("[0, 1.5]", "[0.0, 1.50]"), True), (("q: 0.5", "q: 0.50"), True), (("q: 0.5", "q: 0.5\n    scale: 2"), True),
     (("[0, 1.5]", "[0, 1.51]"), False), (("[0, 1.5]", "[1.5]"), False), (("q: 0.5", "q: 0.05"), False)],
)  # fmt: skip
def test_edges_and_share_are_told_by_their_values(edit, same):
    assert (group_of(QUANTILE.replace(*edit)).fingerprint == group_of(QUANTILE).fingerprint) == same


def test_a_bound_decides_which_data_is_refused_and_changes_no_value():
    bounded = DISTINCT.replace("aggregate: count_distinct", "aggregate: count_distinct\n    bound: 7")
    assert group_of(bounded).features[1].bound == 7
    assert group_of(bounded).fingerprint == group_of(DISTINCT).fingerprint


def test_a_fingerprint_stays_what_it_is():
    """It stands in tables and models: a change of the canonical form raises SCHEME."""
    assert fingerprint({"b": [1, 1.0, "1", None, True], "a": ("x",)}) == "d5c0cd3aec76f5c8"
    assert group_of(CONTRACT).fingerprint == "2-35c5b6f59b10a6"

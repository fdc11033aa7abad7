"""From raw columns to scores: what stands on the way of a feature, and what stands between. No Spark."""

from __future__ import annotations

import pytest
from whole_project import copy_project

from headrace.cli.loading import open_project
from headrace.contracts.features import FeatureGroup
from headrace.features.lineage import MOST_ALIKE, Lineage, Node, lineage_of
from headrace.graph.project import Project


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return open_project(copy_project(tmp_path_factory.mktemp("demo"), {}), "local")


def of(project: Project, name: str) -> Lineage:
    group, _, feature = name.partition(".")
    found = project.groups[group]
    return lineage_of(next(one for one in found.features if one.name == feature), found, project)


def edges(lineage: Lineage) -> set[tuple[str, str]]:
    return {(lineage.nodes[start].told, lineage.nodes[end].told) for start, end in lineage.edges}


def test_a_derived_feature_has_what_it_is_made_of_and_what_is_made_of_it(project: Project) -> None:
    score = "this derived feature customer_activity.user_activity_score"
    assert edges(of(project, "customer_activity.user_activity_score")) == {
        ("raw column shop_events.event_type", "count in tiles tiles.shop_events"),
        ("raw column shop_events.event_type", "count, sum in tiles tiles.shop_events"),
        ("raw column shop_events.value", "count, sum in tiles tiles.shop_events"),
        ("count in tiles tiles.shop_events", "feature customer_activity.baskets"),
        ("count, sum in tiles tiles.shop_events", "feature customer_activity.spend"),
        ("feature customer_activity.baskets", score),
        ("feature customer_activity.spend", score),
        (score, "training set training.lapse_risk"),
        ("training set training.lapse_risk", "model lapse_risk"),
        ("model lapse_risk", "scores scores.lapse_risk"),
    }


def test_what_a_model_takes_directly_and_through_a_derived_feature_goes_both_ways(project: Project) -> None:
    found = edges(of(project, "customer_activity.spend"))
    score = "derived feature customer_activity.user_activity_score"
    assert ("this feature customer_activity.spend", score) in found
    assert ("this feature customer_activity.spend", "training set training.lapse_risk") in found
    assert (score, "training set training.lapse_risk") in found
    assert not [pair for pair in found if "baskets" in "".join(pair)], "what stands beside it is not on its way"


def test_a_segment_is_no_input_and_an_unread_feature_ends_there(project: Project) -> None:
    segment = of(project, "household_profile.age")
    assert "model, by segments lapse_risk" in [node.told for node in segment.nodes]
    assert not [node for node in segment.nodes if node.kind == "scores"]
    unread = of(project, "coupon_affinity.coupon_money")
    assert unread.nodes[-1].own
    assert unread.after(len(unread.nodes) - 1) == ()


def test_ranks_are_the_longest_ways(project: Project) -> None:
    lineage = of(project, "customer_activity.spend")
    ranks = {node.told: rank for node, rank in zip(lineage.nodes, lineage.ranks, strict=True)}
    assert ranks["raw column shop_events.value"] == 0
    assert ranks["derived feature customer_activity.user_activity_score"] == 3
    assert ranks["training set training.lapse_risk"] == 4, "not 3, though the feature leads there as well"
    assert all(lineage.ranks[start] < lineage.ranks[end] for start, end in lineage.edges)
    assert lineage.told.startswith("raw column shop_events.event_type, raw column shop_events.value; then count, sum")


def test_many_alike_are_told_as_some_and_the_rest(project: Project) -> None:
    """Thirty features derived from one, each from the one before it too: still a way without cycles."""
    group = project.groups["customer_activity"]
    derived = [
        {"name": f"d{n:02}", "meaning": "m", "scale": 0, "derive": "baskets_7d" + (f" + d{n - 9:02}" if n > 8 else "")}
        for n in range(30)
    ]
    many = FeatureGroup.model_validate(
        {"team": "t", "group": "g", "version": 1, "owner": "o", "purpose": "p", "entity": ["household_id"]}
        | {"source": "shop_events"}
        | {"features": [group.features[0].model_dump(include={"name", "meaning", "aggregate", "windows"}), *derived]}
    )
    from dataclasses import replace

    from headrace.contracts.namespaces import place_groups

    other = replace(project, groups=place_groups([*project.groups.values(), many], {}))
    lineage = lineage_of(other.groups["g"].features[0], other.groups["g"], other)
    rest = [node for node in lineage.nodes if node.name.startswith("and ")]
    assert [node.name for node in rest] == ["and 4 more", "and 4 more", "and 4 more"]
    assert all(node.address == "" for node in rest)
    by_rank = [lineage.ranks.count(rank) for rank in set(lineage.ranks)]
    assert max(by_rank) == MOST_ALIKE
    assert all(lineage.ranks[start] < lineage.ranks[end] for start, end in lineage.edges)


def test_two_steps_that_are_one_node_are_one() -> None:
    assert Node("tiles", "t", part="a") != Node("tiles", "t", part="b")

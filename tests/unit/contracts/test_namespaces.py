"""Groups live in a namespace: how they are named, found, told apart and kept in tables."""

from __future__ import annotations

from typing import Any

import pytest

from headrace.contracts.features import FeatureGroup
from headrace.contracts.namespaces import Groups, as_of_column, place_groups
from headrace.ground.errors import HeadraceError


def group(team: str, name: str, **others: Any) -> FeatureGroup:
    values = {
        "team": team, "group": name, "version": 1, "owner": f"{team}@example.com", "purpose": "p", "entity": ["who"],
        "source": "visits", "features": [{"name": "visits", "meaning": "v", "aggregate": "count", "windows": ["7d"]}],
    }  # fmt: skip
    return FeatureGroup.model_validate(values | others)


GROWTH, SALES, ONLY = group("growth", "activity"), group("sales", "activity"), group("sales", "value")


def test_a_bare_name_will_do_where_one_team_has_it():
    groups = Groups([GROWTH, SALES, ONLY])
    assert groups["value"] is groups["sales.value"] is ONLY
    assert groups["growth.activity"] is GROWTH
    assert list(groups) == ["growth.activity", "sales.activity", "value"]
    assert [groups[name] for name in groups] == [GROWTH, SALES, ONLY]


@pytest.mark.parametrize("look", [lambda groups: groups["activity"], lambda groups: groups.find("activity")])
def test_a_name_of_two_teams_lists_the_candidates(look):
    with pytest.raises(HeadraceError, match=r"growth\.activity, sales\.activity") as refused:
        look(Groups([SALES, GROWTH]))
    assert refused.value.code == "GROUP_AMBIGUOUS"


def test_an_ambiguous_name_in_a_contract_is_told_with_its_place():
    with pytest.raises(HeadraceError, match="models/risk: features names 'activity': several teams"):
        Groups([SALES, GROWTH]).find("activity", "models/risk: features")


@pytest.mark.parametrize(
    ("asked", "near"),
    [("valeu", "value"), ("growht.activity", "growth.activity"), ("sales.valu", "sales.value")],
)
def test_an_unknown_name_is_told_with_the_nearest(asked, near):
    with pytest.raises(HeadraceError, match=f"Did you mean '{near}'") as refused:
        Groups([GROWTH, SALES, ONLY]).find(asked)
    assert refused.value.code == "GROUP_UNKNOWN"


def test_groups_of_one_name_are_kept_apart_and_others_stay_where_they_were():
    places = {one.namespace: one.table for one in place_groups([GROWTH, SALES, ONLY], {}).values()}
    assert places == {
        "growth.activity": "features.growth__activity",
        "sales.activity": "features.sales__activity",
        "sales.value": "features.value",
    }


def test_a_settled_table_never_moves_and_is_nobody_elses():
    settled = {"growth.activity": "features.activity"}
    places = {one.namespace: one.table for one in place_groups([SALES, GROWTH], settled).values()}
    assert places == {"growth.activity": "features.activity", "sales.activity": "features.sales__activity"}


def test_names_that_would_meet_in_one_table_are_refused():
    groups = [group("t", "a__b"), group("t", "b"), group("s", "b"), group("t__a", "b"), group("s", "a__b")]
    with pytest.raises(HeadraceError, match=r"features\.t__a__b") as refused:
        place_groups(groups, {})
    assert refused.value.code == "GROUP_TABLE"


def test_the_place_changes_no_fingerprint():
    placed = place_groups([GROWTH, SALES], {})["growth.activity"]
    assert placed.table != GROWTH.table
    assert placed.fingerprint == GROWTH.fingerprint


def test_the_column_of_a_reference_has_no_dot():
    assert (as_of_column("activity"), as_of_column("growth.activity")) == ("activity_as_of", "growth__activity_as_of")

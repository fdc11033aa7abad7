"""Lineage column by column and table by table, by contracts and graph. No Spark."""

from __future__ import annotations

from dataclasses import replace

import pytest
from whole_project import copy_project

from headrace.cli.loading import load_graph, open_project
from headrace.contracts.earlier import Earlier
from headrace.features.catalog import build_catalog
from headrace.features.lineage import lineage_of
from headrace.features.strands import Field, columns_read, strands
from headrace.features.trace import WHOLE, Tracks, find_field
from headrace.graph.job import Job
from headrace.ground.errors import HeadraceError
from headrace.tables.spec import Table

STORES = Table("features.store_visitors", "Made by a job of the project's own.")


@pytest.fixture(scope="module")
def tracks(tmp_path_factory: pytest.TempPathFactory) -> Tracks:
    project = open_project(copy_project(tmp_path_factory.mktemp("demo"), {}), "local")
    return Tracks(project, load_graph(project))


def edges(tracks: Tracks, name: str, **ways: bool) -> set[tuple[str, str, str]]:
    """(made of, what, how) of a column's or table's lineage."""
    table, _, column = name.rpartition(".") if name.count(".") > 1 else (name, "", "")
    found = tracks.of(Field(table, column), **ways)
    nodes = found.lineage.nodes
    pairs = zip(found.lineage.edges, found.hows, strict=True)
    return {(nodes[of].name, nodes[into].name, how) for (of, into), how in pairs}


def test_a_derived_column_is_made_of_states_and_raw_columns(tracks: Tracks) -> None:
    score, spend = "features.customer_activity.user_activity_score", "features.customer_activity.spend_7d"
    money, finished = "raw.events_shop_events.value", "raw.events_shop_events.event_type"
    found = edges(tracks, score, down=False)
    states = {of for of, into, _ in found if into == spend}
    assert {state.rpartition("_")[0] for state in states} == {"tiles.shop_events.count", "tiles.shop_events.sum"}
    assert {(of, how) for of, into, how in found if into in states} == {(money, "aggregated"), (finished, "filtered")}
    assert {of for of, into, _ in found if into == score} == {"features.customer_activity.baskets_7d", spend}
    assert {of for of, into, _ in found if into == money} == {"landing.shop_events"}
    assert not [of for of, _, _ in found if "spend_28d" in of], "what is of another window is not on its way"


def test_a_window_that_no_model_takes_ends_there(tracks: Tracks) -> None:
    taken = {into for _, into, _ in edges(tracks, "features.customer_activity.baskets_28d", up=False)}
    assert {"training.lapse_risk.baskets_28d", "champion.lapse_risk", "scores.lapse_risk.score"} <= taken
    unread = {into for _, into, how in edges(tracks, "features.customer_activity.active_days_28d", up=False)}
    assert "training.lapse_risk.active_days_28d" in unread
    money = {into for _, into, _ in edges(tracks, "features.coupon_affinity.coupon_money_90d", up=False)}
    assert not [into for into in money if into.startswith(("training", "scores"))]


def test_scores_lead_back_to_every_column_that_the_model_takes(tracks: Tracks) -> None:
    model = tracks.project.models["lapse_risk"]
    above = {of for of, _, _ in edges(tracks, "scores.lapse_risk.score", down=False)}
    wanted = {f"{tracks.project.groups[group].table}.{one}" for group, names in model.features.items() for one in names}
    assert wanted <= above
    assert "labels.lapsed.label" in above
    assert "features.household_profile.age_all" not in above, "a segment is no input"


def test_columns_agree_with_the_lineage_of_their_features(tracks: Tracks) -> None:
    """The raw columns above a column are those that the catalog draws for its feature."""
    project = tracks.project
    for group in project.groups.values():
        for feature in group.features:
            drawn = {node.name for node in lineage_of(feature, group, project).nodes if node.kind == "raw column"}
            above = {of for of, _, _ in edges(tracks, f"{group.table}.{feature.columns[0]}", down=False)}
            raw = {of.removeprefix("raw.events_") for of in above if of.startswith("raw.")}
            assert raw == drawn, feature.name


def test_strands_name_columns_that_tables_have(tracks: Tracks) -> None:
    catalog = build_catalog(tracks.project, tracks.graph)
    columns = {entry.name: {column.name for column in entry.columns} for entry in catalog.of("table")}
    fields = {field for strand in strands(tracks.project) for field in (strand.of, strand.into) if field.column}
    assert {field.table for field in fields} <= columns.keys()
    assert [field.name for field in fields if field.column not in columns[field.table]] == []


def test_a_table_alone_goes_by_tables(tracks: Tracks) -> None:
    up = edges(tracks, "scores.lapse_risk", down=False)
    assert ("champion.lapse_risk", "scores.lapse_risk", WHOLE) in up
    assert ("tiles.shop_events", "features.customer_activity", WHOLE) in up
    assert ("tiles.households", "features.customer_activity", WHOLE) not in up, "though one job reads both"
    assert ("landing.households", "raw.events_households", WHOLE) in up


def test_a_job_of_ones_own_is_known_by_what_it_reads_and_makes(tracks: Tracks) -> None:
    read = {"values": Table("features.customer_value", "")}
    more = replace(tracks, graph=(*tracks.graph, Job("count_visitors", lambda *_: None, read, (STORES,))))
    assert ("features.customer_value.last_store_90d", STORES.name, WHOLE) in edges(
        more, "features.customer_value.last_store_90d"
    )
    found = edges(more, f"{STORES.name}.count", down=False)
    assert ("features.customer_value", f"{STORES.name}.count", WHOLE) in found
    assert ("landing.shop_events", "raw.events_shop_events", WHOLE) in found
    node = next(node for node in more.of(Field(STORES.name)).lineage.nodes if node.own)
    assert node.told == "this table features.store_visitors, by count_visitors"


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("features.customer_value", Field("features.customer_value")),
        ("customer_value.recency_90d", Field("features.customer_value", "recency_90d")),
        ("growth.customer_value.recency_90d", Field("features.customer_value", "recency_90d")),
        ("shop_events.value", Field("raw.events_shop_events", "value")),
        ("champion.lapse_risk", Field("champion.lapse_risk")),
        ("features.customer_value.as_of", Field("features.customer_value", "as_of")),
    ],
)
def test_what_a_name_means(tracks: Tracks, name: str, field: Field) -> None:
    assert find_field(name, tracks.columns({"features.customer_value": ["as_of"]}), tracks.project) == field


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("features.customer_value.recency_9d", "Did you mean 'features.customer_value.recency_90d'?"),
        ("feature.customer_value", "Did you mean 'features.customer_value'?"),
        ("customer_value.recency_9", "Did you mean 'customer_value.recency_90d'?"),
        ("nothing like it", "Known: candidate.lapse_risk, "),
    ],
)
def test_an_unknown_name_gives_the_nearest(tracks: Tracks, name: str, hint: str) -> None:
    with pytest.raises(HeadraceError) as refused:
        find_field(name, tracks.columns({}), tracks.project)
    assert refused.value.code == "LINEAGE_UNKNOWN"
    assert hint in str(refused.value)
    assert len(str(refused.value)) < 2000


def test_how_a_feature_uses_a_column(tracks: Tracks) -> None:
    features = {one.name: one for group in tracks.project.groups.values() for one in group.features}
    assert columns_read(features["spend"], "at") == {"value": "aggregated", "event_type": "filtered"}
    assert columns_read(features["recency"], "at") == {"event_type": "filtered", "at": "aggregated"}


def test_an_earlier_version_that_is_still_made_has_strands_too(tracks: Tracks) -> None:
    project = tracks.project
    earlier = project.groups["customer_value"].kept_in("features.customer_value_v0")
    kept = replace(project, kept=(Earlier(earlier, "identity"),))
    found = [strand for strand in strands(kept) if strand.into == Field(earlier.table, "recency_90d")]
    assert [strand.of.table for strand in found] == ["tiles.shop_events"]
    assert set(strands(project)) < set(strands(kept))

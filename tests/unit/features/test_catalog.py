"""The catalog of the demo: from contracts, graph and logs, without Spark and before anything was run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import tiny
from whole_project import copy_project

from headrace.cli.loading import load_graph, open_project
from headrace.contracts.features import FeatureGroup
from headrace.features.catalog import Catalog, build_catalog
from headrace.features.columns import sensitivity_of
from headrace.features.entry import Entry, Reader
from headrace.graph.ledger import LEDGER
from headrace.ground.errors import HeadraceError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_project(tmp_path_factory.mktemp("demo"), {})


@pytest.fixture(scope="module")
def catalog(folder: Path) -> Catalog:
    project = open_project(folder, "local")
    return build_catalog(project, load_graph(project), (LEDGER,))


def names(entries: tuple[Entry, ...]) -> list[str]:
    return [entry.name for entry in entries]


def test_every_feature_table_model_label_and_source_is_in_it_once(folder: Path, catalog: Catalog) -> None:
    project = open_project(folder, "local")
    graph = load_graph(project)
    features = [f"{group.group}.{one.name}" for group in project.groups.values() for one in group.features]
    assert names(catalog.of("feature")) == features
    assert names(catalog.of("model")) == list(project.models)
    assert names(catalog.of("label")) == list(project.labels)
    assert names(catalog.of("source")) == list(project.sources)
    made = {output.name for job in graph for output in job.outputs if hasattr(output, "partitioned_by")}
    assert names(catalog.of("table")) == sorted(made | {"ops.ledger"})


def test_before_any_run_nothing_is_fresh_and_all_of_it_is_told(catalog: Catalog) -> None:
    for entry in catalog.entries:
        assert entry.freshness is None
        assert entry.meaning
        assert entry.python.startswith("headrace.open()")
    spend = catalog.entry("feature", "customer_activity.spend")
    assert spend.windows == ("7d", "28d", "90d")
    assert spend.owner == "growth-analytics@example.com"
    assert dict(spend.facts)["Null rule"] == "0 where the window is empty"
    assert dict(spend.facts)["Type"] == "decimal(19,2)"
    assert len(spend.definitions) == len(spend.columns) == 3


def test_readers_are_those_that_take_the_column(catalog: Catalog) -> None:
    spend = catalog.entry("feature", "customer_activity.spend")
    assert Reader("feature", "customer_activity.user_activity_score", "spend_7d") in spend.readers
    assert Reader("model", "lapse_risk", "spend_7d, spend_28d, spend_90d") in spend.readers
    unread = catalog.entry("feature", "coupon_money")
    assert [reader for reader in unread.readers if reader.kind == "model"] == []
    segment = catalog.entry("feature", "household_profile.age")
    assert Reader("model", "lapse_risk", "age_all (segment)") in segment.readers
    activity = catalog.entry("table", "features.customer_activity")
    assert {reader.name for reader in activity.readers} == {"build_training_set", "score_users", "monitor"}
    assert {reader.name for reader in catalog.entry("model", "lapse_risk").readers} >= {"score_users", "monitor"}


def test_a_derived_feature_has_the_windows_of_what_it_is_derived_from(catalog: Catalog) -> None:
    assert catalog.entry("feature", "user_activity_score").windows == ("7d",)
    assert catalog.entry("feature", "weekend_share").windows == ("90d",)


@pytest.mark.parametrize(
    "asked",
    [
        "spend",
        "customer_activity.spend",
        "spend_28d",
        "customer_activity.spend_28d",
        "growth.customer_activity.spend_28d",
    ],
)
def test_a_feature_is_found_by_its_names(catalog: Catalog, asked: str) -> None:
    assert catalog.entry("feature", asked).name == "customer_activity.spend"


@pytest.mark.parametrize(
    ("kind", "asked", "code", "hint"),
    [
        ("feature", "spnd_7d", "FEATURE_UNKNOWN", "spend_7d"),
        ("table", "raw.quarantne", "TABLE_UNKNOWN", "raw.quarantine"),
        ("model", "laps_risk", "MODEL_UNKNOWN", "lapse_risk"),
    ],
)
def test_a_wrong_name_gets_the_nearest(catalog: Catalog, kind: str, asked: str, code: str, hint: str) -> None:
    with pytest.raises(HeadraceError, match=code) as refused:
        catalog.entry(kind, asked)
    assert f"Did you mean '{hint}'?" in str(refused.value)
    assert refused.value.exit_status == 2


def test_a_name_of_two_groups_asks_for_the_group(catalog: Catalog) -> None:
    spend = catalog.entry("feature", "spend")
    twice = replace(catalog, entries=(*catalog.entries, replace(spend, name="other.spend")))
    with pytest.raises(HeadraceError, match=r"FEATURE_AMBIGUOUS") as refused:
        twice.entry("feature", "spend")
    assert "customer_activity.spend, other.spend" in str(refused.value)
    assert twice.entry("feature", "other.spend").name == "other.spend"


def test_search_takes_every_word_and_puts_names_first(catalog: Catalog) -> None:
    found = names(catalog.find("spend 7d"))
    assert found[0] == "customer_activity.spend"
    assert "product_variety.weekend_spend" not in found
    assert names(catalog.find("SPENT discounts", "feature")) == ["customer_activity.spend"]
    assert catalog.find("no such thing") == ()
    assert catalog.find() == catalog.entries


def test_personal_columns_are_marked_wherever_they_stand(catalog: Catalog) -> None:
    """Rule 18."""
    marked = {entry.name for entry in catalog.of("feature") if entry.sensitivity == "personal"}
    assert marked == {"household_profile.age", "household_profile.income"}
    for table in ("raw.events_shop_events", "features.customer_activity", "training.lapse_risk", "tiles.shop_events"):
        columns = {column.name: column for column in catalog.entry("table", table).columns}
        assert columns["household_id"].sensitivity == "personal", table
        assert columns["household_id"].key == (table != "raw.events_shop_events"), "events are told apart by event_key"
    states = [column for column in catalog.entry("table", "tiles.households").columns if "`age`" in column.meaning]
    assert states
    assert {column.sensitivity for column in states} == {"personal"}


def test_a_value_that_an_event_had_is_as_sensitive_as_there(folder: Path) -> None:
    """Rule 18."""
    source = open_project(folder, "local").sources["households"]
    common = {"name": "x", "meaning": "m", "windows": ["all"]}
    last = {**common, "aggregate": "last", "expression": "age"}
    count = {**common, "name": "y", "aggregate": "count_distinct", "expression": "age"}
    derived = {"meaning": "m", "scale": 0}
    features = [
        last,
        count,
        {**derived, "name": "z", "derive": "x_all"},
        {**derived, "name": "w", "derive": "z + y_all"},
    ]
    group = FeatureGroup.model_validate(
        {"team": "t", "group": "g", "version": 1, "owner": "o", "purpose": "p", "entity": ["household_id"]}
        | {"source": "households", "features": features}
    )
    found = {one.name: sensitivity_of(one, group, source) for one in group.features}
    assert found == {"x": "personal", "y": "internal", "z": "personal", "w": "personal"}


def test_freshness_is_what_the_commits_say(folder: Path, tmp_path: Path) -> None:
    project = replace(open_project(folder, "local"), root=tmp_path)
    graph = load_graph(project)
    job = next(job for job in graph if job.name == "build_features")
    log = project.warehouse / "features/customer_activity/_delta_log"
    log.mkdir(parents=True)
    for version, (interval, fingerprint) in enumerate(
        [("2017-01-01..2017-03-01", job.fingerprint), ("2017-01-05..2017-01-06", job.fingerprint)]
    ):
        note = json.dumps({"job": job.name, "run_id": f"r{version}", "interval": interval, "fingerprint": fingerprint})
        action = {"commitInfo": {"timestamp": 0, "operation": "WRITE", "userMetadata": note}}
        (log / f"{version:020}.json").write_text(json.dumps(action), encoding="utf-8")
    fresh = build_catalog(project, graph).entry("feature", "spend").freshness
    assert fresh is not None
    assert (fresh.spoken, fresh.run_id, fresh.version, fresh.outdated) == ("2017-03-01", "r1", 1, False)
    older = json.loads((log / f"{1:020}.json").read_text(encoding="utf-8"))
    older["commitInfo"]["userMetadata"] = older["commitInfo"]["userMetadata"].replace(job.fingerprint, "0" * 16)
    (log / f"{1:020}.json").write_text(json.dumps(older), encoding="utf-8")
    fresh = build_catalog(project, graph).entry("feature", "spend").freshness
    assert fresh is not None
    assert fresh.outdated


def test_a_warehouse_elsewhere_is_unknown_and_not_never(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    project = open_project(folder, "local")
    graph = load_graph(project)
    monkeypatch.setattr(type(project), "warehouse", "s3a://bucket/warehouse")
    spend = build_catalog(project, graph).entry("feature", "spend")
    assert spend.done_until == "unknown"
    assert "delta.`s3a://bucket/warehouse/features/customer_activity`" in spend.sql


def test_a_gap_between_sessions_is_told_as_contracts_write_it(tmp_path: Path) -> None:
    root = tiny.make_project(tmp_path, days=1)
    path = root / "conf/contracts/features/visiting.yaml"
    sessions = "  - {name: runs, meaning: n, aggregate: sessions, gap: 1800s, windows: [7d]}\n"
    path.write_text(path.read_text(encoding="utf-8") + sessions, encoding="utf-8")
    project = open_project(root, "local")
    entry = build_catalog(project, load_graph(project), (LEDGER,)).entry("feature", "runs")
    assert "sessions (count), a new one after a gap of 30m" in dict(entry.facts).values()

"""What a model may take features of: groups of its label's entity, and from where."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
import tiny
import tiny_training
from agreed import agree

from headrace.cli import main
from headrace.cli.loading import load_graph, open_project
from headrace.features.catalog import build_catalog
from headrace.features.readings import for_scores, for_training
from headrace.features.strands import strands
from headrace.graph.project import load_project
from headrace.ground.errors import HeadraceError
from headrace.jobs import build_training_set, monitor, score_users

EVENTS = tiny.FILES["conf/contracts/events/visits.yaml"] + "  shop: {type: string, meaning: s, sensitivity: personal}\n"
GROUP = """\
{{team: t, group: {name}, version: 1, owner: a@example.com, purpose: p, entity: [{entity}], source: visits, accuracy: {accuracy},
 zone: {zone},
 features: [{{name: visits, meaning: n, aggregate: count, windows: [36h]}}]}}
"""
LABEL = """\
{label: lapsed, version: 1, owner: a@example.com, purpose: p, source: visits, eligible: {within: 2d},
 outcome: {gap: 0d, horizon: 2d, positive: absent}, cutoffs: {first: 2024-03-03, last: 2024-03-07, every: 2d}}
"""
MODEL = """\
{{model: lapse, version: 1, owner: a@example.com, purpose: p, label: lapsed, test_from: 2024-03-07,
 features: {{{group}: [visits_36h]}},
 search: {{families: [logistic], trials: 2, validation_cutoffs: 1}}, baseline: {{column: visits_36h}}, gate: {{least_auc: 0.6}}}}
"""


def project_of(folder, group, every="1d", accuracy="temporal", zone="UTC"):
    tiny.make_project(folder, days=0)
    contracts = folder / "conf/contracts"
    (contracts / "features/visiting.yaml").unlink()
    texts = {"events/visits": EVENTS, "labels/lapsed": LABEL, "models/lapse": MODEL.format(group=group)}
    for name, entity in (("people", "who"), ("shops", "shop")):
        texts[f"features/{name}"] = GROUP.format(name=name, entity=entity, accuracy=accuracy, zone=zone)
    for name, text in texts.items():
        path = contracts / f"{name}.yaml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    base = folder / "conf/base.yaml"
    base.write_text(f"snapshots_every: {every}\n{base.read_text()}", encoding="utf-8")
    return load_project(folder, "local")


def test_a_group_of_another_entity_is_refused(tmp_path):
    with pytest.raises(HeadraceError, match=r"group shops is of \[shop\], and the model's label of \[who\]") as refused:
        project_of(tmp_path, "shops")
    assert (refused.value.code, refused.value.exit_status) == ("CONTRACT_ENTITY", 2)


@pytest.mark.parametrize(
    ("every", "accuracy", "zone", "counted"),
    [
        ("1d", "temporal", "UTC", False), ("2d", "temporal", "UTC", False), ("3d", "snapshot", "UTC", False),
        ("3d", "temporal", "UTC", True), ("4d", "temporal", "UTC", True), ("1d", "temporal", "Etc/UTC", False),
        ("1d", "temporal", "Europe/London", False), ("1d", "snapshot", "Europe/Berlin", False),
        ("1d", "temporal", "Europe/Berlin", True),
    ],
)  # fmt: skip
def test_a_temporal_group_is_counted_from_events_where_a_cutoff_is_no_snapshot_of_it(
    tmp_path, every, accuracy, zone, counted
):
    """Rule 3: at a midnight of which there is a snapshot temporal and snapshot are one value; an older one would be another."""
    project = project_of(tmp_path, "people", every, accuracy, zone)
    model = project.models["lapse"]
    reading = for_training(project, model)
    assert set(reading.counted) == ({"people"} if counted else set())
    assert set(reading.inputs) == ({"events"} if counted else {"features.people"})
    made = {asset.name for asset in build_training_set.job(project, model).inputs.values()}
    assert made == {"raw.events_visits"} | (set() if counted else {"features.people"})


@pytest.mark.parametrize(
    ("accuracy", "zone", "clock", "counted"),
    [
        ("temporal", "UTC", "at: 18:00", True), ("snapshot", "UTC", "at: 18:00", False),
        ("temporal", "Europe/Berlin", "zone: Europe/Berlin", False), ("temporal", "UTC", "zone: Europe/Berlin", True),
    ],
)  # fmt: skip
def test_rule_3_at_a_time_of_day_a_temporal_group_is_counted_unless_that_is_its_midnight(
    tmp_path, accuracy, zone, clock, counted
):
    """And scores are as of the ends of intervals, whenever its label asks."""
    project_of(tmp_path, "people", "1d", accuracy, zone)
    path = tmp_path / "conf/contracts/labels/lapsed.yaml"
    path.write_text(LABEL.replace("every: 2d", f"every: 2d, {clock}"), encoding="utf-8")
    project = load_project(tmp_path, "local")
    model = project.models["lapse"]
    assert set(for_training(project, model).counted) == ({"people"} if counted else set())
    assert set(for_scores(project, model).counted) == ({"people"} if zone != "UTC" else set())
    job = build_training_set.job(project, model)
    assert job.every.span.end == datetime(2024, 3, 13 if "at" in clock else 12, tzinfo=UTC), (
        "lateness, and the landing day"
    )
    shown = [dict(entry.facts)["Cutoffs"] for entry in build_catalog(project, ()).entries if entry.name == "lapsed"]
    told = "18:00 UTC" if "at" in clock else "00:00 Europe/Berlin"
    assert shown == [f"2024-03-03 to 2024-03-07, every 2d, at {told}, 3 in all"]


def test_a_time_of_day_over_a_source_of_dates_is_refused_by_line(tmp_path):
    project_of(tmp_path, "people", "1d", "snapshot")
    contracts = tmp_path / "conf/contracts"
    for name in ("people", "shops"):
        path = contracts / f"features/{name}.yaml"
        path.write_text(path.read_text().replace("36h", "2d"), encoding="utf-8")
    events = contracts / "events/visits.yaml"
    events.write_text(events.read_text().replace("at: {type: timestamp", "at: {type: date"), encoding="utf-8")
    model = contracts / "models/lapse.yaml"
    model.write_text(model.read_text().replace("visits_36h", "visits_2d"), encoding="utf-8")
    assert load_project(tmp_path, "local").labels["lapsed"].cutoffs.clock == ""
    path = contracts / "labels/lapsed.yaml"
    path.write_text(LABEL.replace("every: 2d", "every: 2d, at: 18:00"), encoding="utf-8")
    with pytest.raises(HeadraceError, match=r"lapsed.yaml:2: cutoffs: the question is asked at 18:00 UTC") as refused:
        load_project(tmp_path, "local")
    assert (refused.value.code, refused.value.exit_status) == ("CUTOFF_OF_DATES", 2)


@pytest.mark.parametrize(("zone", "counted"), [("UTC", False), ("Europe/Berlin", True)])
def test_scores_count_a_temporal_group_of_another_zone_from_all_earlier_events(tmp_path, zone, counted):
    """Snapshots of UTC are taken at the instants of scores, whatever lies between them; those of Berlin never are."""
    project = project_of(tmp_path, "people", "3d", zone=zone)
    assert set(for_scores(project, project.models["lapse"]).counted) == ({"people"} if counted else set())
    for made in (score_users, monitor):
        (job,) = made.jobs(project)
        assert ("events" in job.history, "features.people" in job.inputs) == (counted, not counted)


def test_what_a_counted_column_is_made_of_is_told_from_raw_events(tmp_path):
    project = project_of(tmp_path, "people", "3d")
    found = {(one.of.name, one.how) for one in strands(project) if one.into.name == "training.lapse.visits_36h"}
    assert found == {("raw.events_visits.at", "aggregated")}
    scored = {one.of.name for one in strands(project) if one.into.name == "scores.lapse.score"}
    assert "features.people.visits_36h" in scored, "every third midnight is a snapshot"


def test_tiles_of_another_key_stand_in_the_catalog_by_that_key(tmp_path):
    from headrace.jobs import build_features, build_tiles, ingest_events

    project = project_of(tmp_path, "people")
    graph = tuple(part.job(project) for part in (ingest_events, build_tiles, build_features))
    tables = {entry.name: entry for entry in build_catalog(project, graph).entries if entry.kind == "table"}
    assert {"tiles.visits", "tiles.visits_by_shop"} <= set(tables)
    keys = {name: [column.name for column in tables[name].columns if column.key] for name in tables}
    days = ["event_day", "arrival_day"]
    assert (keys["tiles.visits"], keys["tiles.visits_by_shop"]) == (["who", *days], ["shop", *days])
    assert {column.name: column.sensitivity for column in tables["tiles.visits_by_shop"].columns}["shop"] == "personal"
    assert (tables["tiles.visits"].entity, tables["tiles.visits_by_shop"].entity) == (("who",), ("shop",))
    job = graph[2]
    assert set(job.inputs) == {"visits", "visits_by_shop"} == set(job.history)


@pytest.mark.parametrize("name", ["events", "training", "scores", "champion", "tally_visits"])
def test_a_group_may_be_called_as_another_input_of_a_job_is(tmp_path, name):
    """A job's own inputs and the groups that it reads have name spaces of their own."""
    root = tiny_training.make_project(tmp_path)
    for file in ("features/visiting", "models/going"):
        path = root / f"conf/contracts/{file}.yaml"
        path.write_text(
            path.read_text().replace("group: visiting", f"group: {name}").replace("{visiting:", f"{{{name}:")
        )
    jobs = {job.name: [asset.name for asset in job.inputs.values()] for job in load_graph(open_project(root, "local"))}
    group = f"features.{name}"
    assert jobs["build_training_set"] == ["raw.events_visits", group]
    assert sorted(jobs["score_users"]) == ["champion.going", group]
    assert sorted(jobs["monitor"]) == [
        "champion.going", group, "raw.events_visits", "raw.tally", "scores.going", "training.going",
    ]  # fmt: skip


def test_a_group_that_a_model_still_reads_is_not_retired(tmp_path, capsys):
    project_of(tmp_path, "people")
    agree(tmp_path)
    (tmp_path / "conf/contracts/features/people.yaml").unlink()
    words = ("contract", "retire", "t.people", "--why", "Nobody reads it.", "--project", str(tmp_path))
    for asked in (words, ("run", *words[5:])):
        assert main(list(asked)) == 2
        said = capsys.readouterr().err
        assert "GROUP_STILL_READ" in said
        assert "features names t.people, whose contract is gone: model lapse still reads version 1 of it" in said

"""What identifies a training set, and what a change of contracts does to it. No Spark."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tiny_training

from headrace.graph.project import Project, load_project
from headrace.ground.errors import HeadraceError
from headrace.jobs.build_training_set import job
from headrace.tables.log import Commit
from headrace.tables.versions import Version
from headrace.training.dataset import training_table
from headrace.training.found import Found
from headrace.training.manifest import NOTE, Manifest, TrainingSet, differences, manifest_of, training_sets

MODEL, EVENTS = "conf/contracts/models/going.yaml", "conf/contracts/events/visits.yaml"
LABEL, FEATURES = "conf/contracts/labels/gone.yaml", "conf/contracts/features/visiting.yaml"
AT = datetime(2024, 3, 12, tzinfo=UTC)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tiny_training.make_project(tmp_path)


def made_of(project: Project, **versions: str) -> Manifest:
    model = project.models["going"]
    read = {"events": "3", "features.visiting": versions.get("visiting", "5")}
    identity = {"interval": "2024-03-01..2024-03-11", "inputs": json.dumps(read)}
    return manifest_of(model, project, job(project, model), identity, "18-ab")


def test_the_id_follows_from_spine_contracts_and_versions(root: Path) -> None:
    project = load_project(root, "local")
    made = made_of(project)
    assert made.id.startswith("going-")
    assert made_of(project).id == made.id
    assert made_of(project, visiting="6").id != made.id
    assert {name: (one.table, one.version) for name, one in made.inputs.items()} == {
        "events": ("raw.events_visits", "3"), "features.visiting": ("features.visiting", "5"),
    }  # fmt: skip
    assert made.over.label() == made.interval


def test_a_commit_gives_the_manifest_back_once_an_id(root: Path) -> None:
    made = made_of(load_project(root, "local"))
    other = replace(made, hash="18-cd", interval="2024-03-01..2024-03-12")
    notes = {4: made, 3: None, 2: other, 1: made}
    commits = [
        Commit(version, AT, "WRITE", {"run_id": f"r{version}"} | ({NOTE: one.to_json()} if one else {}), rows=18)
        for version, one in notes.items()
    ]
    found = training_sets(commits, "training.going")
    assert [(one.version, one.run_id, one.manifest) for one in found] == [(4, "r4", made), (2, "r2", other)]
    newer = {**json.loads(made.to_json()), "format_version": 99}
    with pytest.raises(HeadraceError, match="TABLE_FORMAT"):
        training_sets([Commit(0, AT, "WRITE", {NOTE: json.dumps(newer)})], "training.going")


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (FEATURES, "[7d]", "[7d, 9d]", ["features visiting: was "]),
        (EVENTS, "lateness: 3d", "lateness: 2d", ["events visits: was ", "features visiting: was "]),
        (LABEL, "horizon: 1d", "horizon: 2d", ["label gone: was ", "spine "]),
        (MODEL, "[visits_3d, visits_all, paid_7d]", "[visits_3d, paid_7d]", ["spine "]),
        (MODEL, "test_from: 2024-03-07", "test_from: 2024-03-06", ["spine "]),
        (MODEL, "least_auc: 0.5", "least_auc: 0.6", []),
        (MODEL, "trials: 1", "trials: 9", []),
        (FEATURES, "owner: a@example.com", "owner: b@example.com", []),
        (LABEL, "purpose: p", "purpose: Another one.", []),
    ],
)
def test_what_a_change_of_contracts_means_for_a_set(root: Path, file: str, old: str, new: str, told: list[str]) -> None:
    was = made_of(load_project(root, "local"))
    text = (root / file).read_text(encoding="utf-8")
    assert old in text
    (root / file).write_text(text.replace(old, new), encoding="utf-8")
    read = {"events": "raw.events_visits", "visiting": "features.visiting"}
    found = differences(was, load_project(root, "local"), read)
    assert len(found) == len(told), found
    assert all(line.startswith(start) for line, start in zip(found, told, strict=True)), found


def test_other_inputs_are_a_change(root: Path) -> None:
    project = load_project(root, "local")
    (line,) = differences(made_of(project), project, {"events": "raw.events_visits"})
    assert line == "inputs: were features.visiting, raw.events_visits, are raw.events_visits"


@pytest.mark.parametrize(
    ("inputs", "told"),
    [
        ([(True, 9), (False, 5)], "yes, until 2024-03-17"),
        ([(True, -9), (False, 5)], "yes, until its inputs are written again"),
        ([(True, 9), (False, -5)], "no longer promised, since 2024-03-07; rebuild finds out"),
        ([(True, 9), (True, None)], "not known from here: the tables' logs are in no folder of this machine"),
    ],
)
def test_until_when_a_set_comes_out_again(root: Path, inputs: list[tuple[bool, int | None]], told: str) -> None:
    """(latest version of its table, days until its retention ends) of each input."""
    project = load_project(root, "local")
    made = TrainingSet(made_of(project), 0, AT, "r")
    model = project.models["going"]
    found = Found(made, training_table(model, project.source_of(model)), job(project, model), project)
    versions = {
        str(n): Version("t.t", 3, latest, None if days is None else AT + timedelta(days=days))
        for n, (latest, days) in enumerate(inputs)
    }
    found.__dict__["inputs"] = versions
    assert found.promise(AT) == told
    lost = {**versions, "gone": Version("t.u", 4, lost="it is gone")}
    found.__dict__["inputs"] = lost
    assert found.promise(AT) == "no: t.u version 4: it is gone"

"""What maintenance has to leave for others: what a rollback would give back, and inputs of training sets that are promised."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path

import tiny

from headrace.cli.needs import needs_of
from headrace.contracts.fingerprint import fingerprint
from headrace.graph.job import Job
from headrace.graph.project import load_project
from headrace.release.decisions import Decision, Kind
from headrace.release.rollback import Change
from headrace.tables.layout import Need
from headrace.tables.log import TableLog
from headrace.training.dataset import TrainingTable
from headrace.training.manifest import Manifest, Source

NOW = datetime(2026, 11, 28, 6, tzinfo=UTC)
DAY = timedelta(days=1)


def commit(folder: Path, version: int, at: datetime, **note: object) -> None:
    path = folder / "_delta_log" / f"{version:020d}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    info = {"timestamp": int(at.timestamp() * 1000), "operation": "WRITE", "userMetadata": json.dumps(note)}
    path.write_text(json.dumps({"commitInfo": info}), encoding="utf-8")


def decided(seq: int, kind: Kind, at: datetime, change: Change) -> Decision:
    told = json.dumps(asdict(change))
    return Decision(seq, at, "r", kind, "t.g", "1", "2", "done", "", told)


def run(inputs: object, at: object, project: object) -> None:
    """Does nothing."""


def test_a_rollback_that_wrote_a_table_needs_what_that_had_until_it_is_taken_back(tmp_path: Path) -> None:
    project = load_project(tiny.make_project(tmp_path, days=0), "local")
    pointer = decided(1, "features", NOW - 9 * DAY, Change("features.g", "features.g_v2", "b", "0.1", before=4))
    data = Change("features.g_v2", "features.g_v2", "b", "0.1", to=0, before=2, commit=3)
    history = [pointer, decided(2, "features", NOW - 8 * DAY, data)]
    needs = needs_of(project, (), history, lambda table: TableLog(None), NOW)
    assert needs("features.g_v2") == (Need("rollback 2 of t.g", NOW - 8 * DAY),)
    assert needs("features.g") == (), "a pointer writes no table"
    history.append(decided(3, "undo", NOW - DAY, data))
    assert needs_of(project, (), history, lambda table: TableLog(None), NOW)("features.g_v2") == ()


def test_a_training_set_needs_its_inputs_from_the_moment_on_at_which_they_were_replaced(tmp_path: Path) -> None:
    project = load_project(tiny.make_project(tmp_path / "p", days=0), "local")
    inputs = {"a": Source("features.g", "3"), "b": Source("raw.events_x", "9"), "c": Source("source.x", "none")}
    for days, version in ((100, 0), (20, 1)):
        manifest = Manifest("m", fingerprint("s"), {}, inputs, "2024-03-01..2024-03-02", "h")
        commit(tmp_path / "training.m", version, NOW - days * DAY, training_set=manifest.to_json())
    for version, days in ((3, 30), (4, 10), (5, 5)):
        commit(tmp_path / "features.g", version, NOW - days * DAY)
    commit(tmp_path / "raw.events_x", 9, NOW - 30 * DAY)
    job = Job("build", run, inputs={}, outputs=(TrainingTable("training.m", "m"),))
    needs = needs_of(project, (job,), (), lambda table: TableLog(tmp_path / table), NOW)
    (found,) = needs("features.g")
    assert (found.why.startswith("training set m-"), found.since) == (True, NOW - 10 * DAY)
    assert needs("raw.events_x") == (), "its version is the latest"


def test_a_rollback_of_a_run_needs_what_its_tables_had(tmp_path: Path) -> None:
    project = load_project(tiny.make_project(tmp_path, days=0), "local")
    parts = [Change(name, name, "f", "0.1", to=1, before=4, commit=5) for name in ("features.g", "own.totals")]
    parts.append(Change("scores.m", "scores.m", "f", "0.1", before=4))

    def decision(seq: int, kind: Kind, changes: list[Change]) -> Decision:
        evidence = json.dumps([asdict(change) for change in changes])
        return Decision(seq, NOW - (9 - seq) * DAY, "r", kind, "run x", "w", "x", "done", "", evidence)

    made = decision(1, "run", parts)
    lifted = decision(2, "run lift", [Change("own.totals", "own.totals", "f", "0.1", undoes=1)])
    needs = needs_of(project, (), [made, lifted], lambda table: TableLog(None), NOW)
    assert needs("features.g") == (Need("rollback 1 of run x", NOW - 8 * DAY),)
    assert needs("own.totals") == (), "nothing takes it back any more"
    assert needs("scores.m") == (), "it was not written"

"""What a run tells of itself, read back with OpenLineage's classes. No Spark: steps are literals."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from lineage_events import START, read_event
from openlineage.client.event_v2 import RunEvent, RunState
from whole_project import copy_project

from headrace.cli.loading import load_graph, open_project
from headrace.graph.events import Events, beside
from headrace.graph.job import Job
from headrace.graph.ledger import Entry
from headrace.graph.plan import Due, Step
from headrace.graph.project import Project
from headrace.graph.reasons import NEVER_DONE
from headrace.graph.result import JobResult
from headrace.ground.errors import DONE, FAILED, REFUSED, HeadraceError
from headrace.ground.interval import Interval
from headrace.tracing.datasets import Datasets
from headrace.tracing.events import RunTold, Try
from headrace.tracing.outbox import Outbox
from headrace.tracing.recorder import Recorder

DAY = Interval(START, START + timedelta(days=3))


@dataclass
class Line:
    """A transport that keeps what it is given, or is down."""

    events: list[RunEvent] = field(default_factory=list)
    tried: int = 0
    down: bool = False

    def emit(self, event: Any) -> None:
        self.tried += 1
        if self.down:
            raise OSError("nobody answers")
        self.events.append(read_event(event))


@dataclass
class Heard:
    """A recorder with its transport, and the demo's project."""

    recorder: Recorder
    line: Line
    project: Project
    jobs: dict[str, Job]
    warned: list[str]

    def step(self, name: str) -> Step:
        return Step(self.jobs[name], DAY, (Due(DAY, (NEVER_DONE,), "s"),))

    def does(self, name: str, outputs: dict[str, str], read: dict[str, str], **more: Any) -> None:
        step, events = self.step(name), self.recorder.events
        events.started(step)
        events.read(step, read)
        state = more.pop("state", "done")
        events.recorded(step, [Entry(START, "run-1", name, DAY, state, "s", outputs=outputs, **more)])

    def told(self, job: str) -> list[RunEvent]:
        return [event for event in self.line.events if event.job.name == job]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return open_project(copy_project(tmp_path_factory.mktemp("demo"), {}), "local")


@pytest.fixture
def heard(project: Project, tmp_path: Path) -> Iterator[Heard]:
    ticks = (START + timedelta(seconds=n) for n in range(1000))
    warned: list[str] = []
    line, graph = Line(), load_graph(project)
    told = RunTold(Datasets(project, graph, "run-1"), "run-1", START, "4.2.0", "urn:headrace:test")
    recorder = Recorder(told, Outbox(tmp_path), line, lambda: next(ticks), lambda _, text: warned.append(text))
    yield Heard(recorder, line, project, {job.name: job for job in graph}, warned)
    assert warned == []


def facet(event: RunEvent, name: str) -> Any:
    return (event.run.facets or {})[name]


def test_a_run_and_its_jobs_begin_and_end(heard: Heard) -> None:
    with heard.recorder.over(DAY) as ended:
        heard.does("build_tiles", {"tiles.shop_events": "4"}, {"shop_events": "2"})
        ended(DONE)
    states = [(event.job.name, event.eventType) for event in heard.line.events]
    assert states == [
        ("demo", RunState.START),
        ("build_tiles", RunState.START),
        ("build_tiles", RunState.COMPLETE),
        ("demo", RunState.COMPLETE),
    ]
    whole, begun, done, _ = heard.line.events
    assert begun.run.runId == done.run.runId != whole.run.runId
    assert facet(done, "parent").run.runId == whole.run.runId
    assert (facet(done, "parent").job.namespace, facet(done, "parent").job.name) == ("headrace.demo.local", "demo")
    assert facet(done, "nominalTime").nominalStartTime == "2017-01-01T00:00:00+00:00"
    assert facet(done, "nominalTime").nominalEndTime == "2017-01-04T00:00:00+00:00"
    tags = {tag.key: tag.value for tag in facet(done, "tags").tags}
    assert tags == {"run_id": "run-1", "why": "never done", "intervals": "1"}
    assert facet(done, "processing_engine").version == "4.2.0"
    assert done.producer == "urn:headrace:test"
    assert (done.job.facets or {})["documentation"].description == heard.jobs["build_tiles"].meaning


def test_datasets_have_versions_columns_and_what_these_are_made_of(heard: Heard) -> None:
    outputs = {"features.customer_activity": "7", "carried.shop_events": "3"}
    heard.does("build_features", outputs, {"shop_events": "12", "households": "2"})
    done = heard.told("build_features")[-1]
    warehouse = heard.project.warehouse
    assert {(one.namespace, one.name, (one.facets or {})["version"].datasetVersion) for one in done.inputs or ()} == {
        ("file", str(warehouse / "tiles/shop_events"), "12"),
        ("file", str(warehouse / "tiles/households"), "2"),
    }
    assert [one.name for one in done.outputs or ()] == [
        str(warehouse / "features/customer_activity"),
        str(warehouse / "carried/shop_events"),
    ], "what a job left alone is not told"
    activity = (done.outputs or [])[0].facets or {}
    assert activity["version"].datasetVersion == "7"
    assert [one.name for one in activity["symlinks"].identifiers] == ["features.customer_activity"]
    schema = {one.name: one for one in activity["schema"].fields}
    assert (schema["spend_7d"].type, schema["spend_7d"].description) == (
        "decimal(19,2)",
        "Money spent, discounts taken off.",
    )
    assert [one.ordinal_position for one in activity["schema"].fields] == list(range(1, len(schema) + 1))
    lineage = activity["columnLineage"].fields
    score = {
        (one.name.rpartition("/")[2], one.field.rpartition("_")[0])
        for one in lineage["user_activity_score"].inputFields
    }
    assert score == {("shop_events", "count"), ("shop_events", "sum")}, "through the columns that it is derived from"
    key = lineage["household_id"].inputFields[0]
    assert (key.field, key.transformations[0].type, key.transformations[0].subtype) == (
        "household_id",
        "DIRECT",
        "IDENTITY",
    )


def test_a_training_set_is_made_of_events_and_features(heard: Heard) -> None:
    heard.does("build_training_set", {"training.lapse_risk": "0", "labels.lapsed": "0"}, {})
    labels, training = heard.told("build_training_set")[-1].outputs or []
    made = (training.facets or {})["columnLineage"].fields["label"].inputFields
    told = {(one.name.rpartition("/")[2], one.field, one.transformations[0].type) for one in made}
    assert told == {("events_shop_events", "event_time", "DIRECT"), ("events_shop_events", "event_type", "INDIRECT")}
    assert "household_id" in (labels.facets or {})["columnLineage"].fields


def test_models_and_landing_zones_are_datasets_too(heard: Heard) -> None:
    heard.does("score_users", {"scores.lapse_risk": "1"}, {"champion": "version 3"})
    read = {one.name: one for one in heard.told("score_users")[-1].inputs or ()}
    champion = read["champion.lapse_risk"]
    assert (champion.namespace, (champion.facets or {})["version"].datasetVersion) == (
        "headrace.demo.local",
        "version 3",
    )
    heard.does("ingest_events", {"raw.events_shop_events": "1", "raw.quarantine[shop_events]": "2"}, {})
    done = heard.told("ingest_events")[-1]
    assert {Path(one.name).name for one in done.inputs or ()} == {"shop_events", "households"}
    assert {Path(one.name).name for one in done.outputs or ()} == {"events_shop_events", "quarantine"}
    heard.does("maintain", {}, {})
    assert heard.told("maintain")[-1].inputs == []


def test_a_failure_says_why_without_secrets(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    from headrace.ground.secret import reveal

    monkeypatch.setenv("STORE_PASSWORD", "hunter2-hunter2")
    reveal("env:STORE_PASSWORD", "x")
    with heard.recorder.over(DAY) as ended:
        heard.recorder.events.started(heard.step("build_tiles"))
        note = f"no way in with hunter2-hunter2 {'x' * 5000}"
        heard.recorder.events.finished(JobResult("build_tiles", "failed", note=note))
        heard.recorder.events.finished(JobResult("build_features", "skipped", note="build_tiles failed"))
        ended(FAILED)
    failed = heard.told("build_tiles")[-1]
    message = facet(failed, "errorMessage").message
    assert failed.eventType == RunState.FAIL
    assert message.startswith("no way in with env:STORE_PASSWORD")
    assert len(message) == 2000
    assert heard.told("build_features") == [], "what was skipped never ran"
    assert heard.told("demo")[-1].eventType == RunState.FAIL


def test_each_try_is_a_run_of_its_own(heard: Heard) -> None:
    step, events = heard.step("build_tiles"), heard.recorder.events
    events.started(step)
    events.read(step, {"shop_events": "2"})
    events.retried("build_tiles", HeadraceError("WORKER_DIED", cause="it went"))
    for number in range(2):
        heard.does("build_tiles", {"tiles.shop_events": str(4 + number)}, {"shop_events": "2"})
    told = heard.told("build_tiles")
    assert [event.eventType for event in told] == [
        RunState.START,
        RunState.FAIL,
        *(RunState.START, RunState.COMPLETE) * 2,
    ]
    assert len({event.run.runId for event in told}) == 3, "also where it is the same interval again"
    assert facet(told[1], "errorMessage").message.startswith("WORKER_DIED")


def test_a_refusal_is_no_failure(heard: Heard) -> None:
    with heard.recorder.over(DAY) as ended:
        heard.does("validate_model", {}, {}, state="refused", note="AUC 0.4 is below 0.8")
        ended(REFUSED)
    refused = heard.told("validate_model")[-1]
    assert (refused.eventType, facet(refused, "errorMessage").message) == (RunState.ABORT, "AUC 0.4 is below 0.8")
    assert heard.told("demo")[-1].eventType == RunState.COMPLETE


@pytest.mark.parametrize(("error", "state"), [(KeyboardInterrupt, RunState.ABORT), (ValueError, RunState.FAIL)])
def test_what_is_open_when_a_run_ends_early_is_aborted(heard: Heard, error: type[BaseException], state: Any) -> None:
    def run() -> None:
        with heard.recorder.over(DAY):
            heard.recorder.events.started(heard.step("build_tiles"))
            raise error

    with pytest.raises(error):
        run()
    assert heard.told("build_tiles")[-1].eventType == RunState.ABORT
    assert heard.told("demo")[-1].eventType == state


def test_a_run_waits_once_for_who_does_not_answer(heard: Heard) -> None:
    heard.line.down = True
    with heard.recorder.over(DAY) as ended:
        for _ in range(5):
            heard.does("build_tiles", {"tiles.shop_events": "4"}, {})
        ended(DONE)
    assert heard.line.tried == 2, "at the first event, and at the end"
    assert (heard.recorder.sent.left, heard.recorder.sent.why) == (12, "nobody answers")
    heard.line.down = False
    assert heard.recorder.outbox.send(heard.line).sent == 12
    assert [event.eventType for event in heard.told("demo")] == [RunState.START, RunState.COMPLETE]


def test_an_event_that_cannot_be_made_is_a_warning(heard: Heard) -> None:
    full = replace(heard.recorder.outbox, folder=heard.project.root / "headrace.yaml")  # no folder
    heard.recorder.outbox = full
    heard.does("build_tiles", {}, {})
    assert len(heard.warned) == 2
    assert all("an event was not told" in text for text in heard.warned)
    heard.warned.clear()


def test_one_run_id_used_twice_is_two_runs(heard: Heard) -> None:
    step, told = heard.step("build_tiles"), heard.recorder.told
    later: datetime = START + timedelta(hours=1)
    again = replace(told, began=later)
    ids = {one.step(RunState.START, START, Try(step), {}, {}).run.runId for one in (told, told, again)}
    assert len(ids) == 2


def test_two_listeners_hear_the_same() -> None:
    said: list[tuple[Any, ...]] = []
    kinds = ("started", "finished", "retried", "warned", "read", "recorded")
    one = Events(*(lambda *about, kind=kind: said.append((1, kind, *about)) for kind in kinds))
    two = Events(*(lambda *about, kind=kind: said.append((2, kind, *about)) for kind in kinds))
    both = beside(one, two)
    for kind in kinds:
        getattr(both, kind)("a", "b")
    assert said == [(number, kind, "a", "b") for kind in kinds for number in (1, 2)]

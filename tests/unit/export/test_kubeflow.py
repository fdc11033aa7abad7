"""The pipeline's file, run against a stand-in for kfp's DSL: components are called as they come. kfp itself: tests/integrations."""

from __future__ import annotations

import subprocess
import sys
from types import ModuleType, SimpleNamespace

import pytest
from manifests import SMALL, manifest_of, node

from headrace.export.kubeflow import pipeline
from headrace.ground.errors import HeadraceError

IMAGE = {"kubeflow": {"image": "registry.example.com/shop:1"}}


class Task:
    """What a call of a component gives: its output, and what is set on it."""

    def __init__(self, name, output):
        self.name, self.output, self.above, self.settings = name, output, [], {}

    def after(self, *others):
        self.above += [other.name for other in others]

    def set_caching_options(self, on):
        self.settings["caching"] = on

    def set_retry(self, **more):
        self.settings |= more


@pytest.fixture
def run(monkeypatch):
    """Runs the exported pipeline with the exit statuses of some jobs: (tasks by name, commands, images)."""

    def go(*jobs, statuses=None, **more):
        called, tasks, images = [], {}, {}

        def component(base_image):
            def decorate(function):
                images[function.__name__] = base_image

                def call(**inputs):
                    tasks[function.__name__] = Task(function.__name__, function(**inputs))
                    return tasks[function.__name__]

                return call

            return decorate

        def program(words, check):
            called.append(words)
            return SimpleNamespace(returncode=(statuses or {}).get(words[2], 0))

        named = {}

        def as_pipeline(**words):
            named.update(words)
            return lambda function: function

        kfp = ModuleType("kfp")
        kfp.dsl = SimpleNamespace(component=component, pipeline=as_pipeline)
        kfp.compiler = None
        monkeypatch.setitem(sys.modules, "kfp", kfp)
        monkeypatch.setattr(subprocess, "run", program)
        (text,) = pipeline(manifest_of(*(jobs or SMALL), targets=IMAGE, **more)).texts.values()
        values = {"__name__": "shop_prod"}
        exec(compile(text, "shop_prod.py", "exec"), values)
        try:
            values["pipeline"]()
        finally:
            go.tasks, go.called, go.images, go.named = tasks, called, images, named

    return go


def test_a_component_makes_one_call_and_comes_after_the_one_before(run):
    run()
    assert run.called[1] == "headrace-task run tiles --env prod --from 2017-01-01 --to 2017-01-08".split()
    assert list(run.tasks) == ["ingest", "tiles", "score_a", "score_b", "settled"]
    assert {name: task.above for name, task in run.tasks.items() if task.above} == {"score_b": ["tiles"]}
    assert set(run.images.values()) == {"registry.example.com/shop:1"}
    assert run.named["name"] == "shop-prod"
    assert run.tasks["tiles"].settings == {"caching": False, "num_retries": 2, "backoff_duration": "60s"}
    assert run.tasks["settled"].settings == {"caching": False}


def test_a_refusal_lets_the_rest_go_on_and_fails_the_whole(run):
    with pytest.raises(RuntimeError, match="a job was refused"):
        run(statuses={"tiles": 3, "score.a": 4})
    assert len(run.called) == 4
    assert [task.output for task in run.tasks.values()] == [0, 3, 3, 3]


@pytest.mark.parametrize(("status", "called"), [(1, 2), (2, 2), (4, 2), (75, 2)])
def test_a_failure_stops_it(run, status, called):
    with pytest.raises(RuntimeError, match=f"tiles ended with exit status {status}"):
        run(statuses={"tiles": status})
    assert len(run.called) == called


@pytest.mark.parametrize(
    ("jobs", "code", "job"),
    [
        ((node("a-b"),), "EXPORT_JOB_NAME", "a-b"),
        ((node("import"),), "EXPORT_JOB_NAME", "import"),
        ((node("1st"),), "EXPORT_JOB_NAME", "1st"),
        ((node("x" * 64),), "EXPORT_JOB_NAME", "x" * 64),
        ((node("a.b"), node("a_b")), "EXPORT_NAMES_MEET", "a_b"),
        ((node("pipeline"),), "EXPORT_NAMES_MEET", "pipeline"),
    ],
)
def test_what_kubeflow_would_not_take_is_refused_by_job(jobs, code, job):
    with pytest.raises(HeadraceError) as caught:
        pipeline(manifest_of(*jobs, targets=IMAGE))
    assert (caught.value.code, caught.value.parameters["job"]) == (code, job)


def test_without_an_image_there_is_no_pipeline():
    with pytest.raises(HeadraceError) as caught:
        pipeline(manifest_of(*SMALL))
    assert (caught.value.code, caught.value.exit_status) == ("EXPORT_IMAGE", 2)

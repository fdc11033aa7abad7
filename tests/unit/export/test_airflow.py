"""The DAG file, run against stand-ins that write down what Airflow is told. Airflow itself: tests/integrations."""

from __future__ import annotations

import sys
from datetime import timedelta
from types import ModuleType, SimpleNamespace

import pytest
from manifests import SMALL, manifest_of, node

from headrace.export.airflow import APPLICATION, dag
from headrace.graph.manifest import Cadence
from headrace.ground.errors import HeadraceError


class Told:
    """Anything that Airflow is told of: its words by name, and for an operator what it comes after."""

    def __init__(self, *words, **more):
        self.words, self.more, self.above = words, more, []

    def __getattr__(self, name):
        return self.more[name]

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return None

    def __rrshift__(self, others):
        self.above += others
        return self


def module(name, **contents):
    made = ModuleType(name)
    vars(made).update(contents)
    return made


@pytest.fixture
def told(tmp_path, monkeypatch):
    """Runs the exported file; gives the DAG's words, and the operators by task."""
    monkeypatch.setenv("HEADRACE_PROJECT", "/project")
    for name in ("HEADRACE_JARS", "HEADRACE_WHEEL"):
        monkeypatch.delenv(name, raising=False)

    def run(*jobs, **more):
        operators = {}

        class Operator(Told):
            def __init__(self, **words):
                super().__init__(**words)
                operators[words["task_id"]] = self

        for made in (
            module("airflow.sdk", DAG=Told, Asset=Told, Param=Told, TriggerRule=SimpleNamespace(ALL_DONE="all_done")),
            module("airflow.providers.apache.spark.operators.spark_submit", SparkSubmitOperator=Operator),
            module("airflow.providers.standard.operators.empty", EmptyOperator=Operator),
            module("pendulum", datetime=lambda *day, tz: (*day, tz)),
        ):
            monkeypatch.setitem(sys.modules, made.__name__, made)
        files = dag(manifest_of(*(jobs or SMALL), **more))
        files.write(tmp_path)
        place = tmp_path / "shop_prod.py"
        values = {"__file__": str(place)}
        exec(compile(place.read_text(encoding="utf-8"), str(place), "exec"), values)
        return values["dag"].more, operators

    return run


def test_a_job_is_a_spark_submit(told, tmp_path):
    _, operators = told()
    tiles = operators["tiles"]
    assert tiles.application_args == [
        "run", "tiles", "--env", "prod", "--from", "{{ params['from'] }}",
        "--to", "{{ params['to'] or (dag_run.logical_date or dag_run.run_after) | ds }}",
    ]  # fmt: skip
    assert (tiles.application, tiles.conn_id) == (str(tmp_path / APPLICATION), "spark_default")
    assert (tiles.retries, tiles.retry_delay, tiles.trigger_rule) == (2, timedelta(minutes=1), "all_done")
    assert tiles.env_vars == {"HEADRACE_PROJECT": "/project"}
    assert tiles.packages.startswith("io.delta:delta-spark_")
    assert (tiles.jars, tiles.py_files) == (None, None)
    assert [(one.name, one.uri) for one in (*tiles.inlets, *tiles.outlets)] == [
        ("shop/prod/t.ingest", "headrace://shop/prod/t.ingest"),
        ("shop/prod/t.tiles", "headrace://shop/prod/t.tiles"),
    ]


def test_what_lies_in_the_environment_is_not_fetched(told, monkeypatch):
    monkeypatch.setattr("headrace.export.airflow.EXCLUDED", ("a:b",))
    _, operators = told()
    assert operators["tiles"].exclude_packages == "a:b"
    monkeypatch.setenv("HEADRACE_JARS", "/jars/a.jar")
    monkeypatch.setenv("HEADRACE_WHEEL", "/wheel.zip")
    _, operators = told()
    tiles = operators["tiles"]
    assert (tiles.jars, tiles.packages, tiles.exclude_packages) == ("/jars/a.jar", None, None)
    assert tiles.py_files == "/wheel.zip"


def test_edges_are_the_graphs_and_the_last_task_comes_after_all(told):
    _, operators = told()
    edges = {name: [above.task_id for above in one.above] for name, one in operators.items()}
    assert edges == {
        "ingest": [], "tiles": ["ingest"], "score.a": ["tiles"], "score.b": ["tiles"],
        "settled": ["ingest", "tiles", "score.a", "score.b"],
    }  # fmt: skip
    assert "trigger_rule" not in operators["settled"].more, "it fails where one of them failed"


def test_the_dag_has_a_schedule_and_the_time_as_parameters(told):
    words, _ = told(targets={"schedule": "30 5 * * *", "timezone": "Europe/Vienna", "airflow": {"connection": "big"}})
    assert (words["dag_id"], words["schedule"]) == ("shop_prod", "30 5 * * *")
    assert words["start_date"] == (2017, 1, 1, "Europe/Vienna")
    assert (words["max_active_runs"], words["max_active_tasks"], words["catchup"]) == (1, 1, False)
    assert {name: one.words[0] for name, one in words["params"].items()} == {"from": "2017-01-01", "to": ""}


def test_days_of_a_zone_are_asked_for_until_the_time_of_the_run_by_its_clocks(told):
    words, operators = told(node("local", cadence=Cadence("each", "1d", zone="Asia/Tokyo")))
    assert (words["schedule"], words["start_date"]) == ("0 4 * * *", (2017, 1, 1, "Asia/Tokyo"))
    until = "{{ params['to'] or (dag_run.logical_date or dag_run.run_after) | ts }}"
    assert operators["local"].application_args[-1] == until
    assert "the time of the run" in words["params"]["to"].more["description"]


def test_words_of_a_job_stay_words(told):
    meaning = 'Says "it\'s" \\ {{ x }} — once.'
    _, operators = told(
        node("odd", meaning=meaning, outputs=("t.a[b c]",), words=("headrace", "run", "odd", "--set", "a='b\"c'"))
    )
    assert operators["odd"].doc_md == meaning
    assert operators["odd"].application_args[:4] == ["run", "odd", "--set", "a='b\"c'"]
    assert operators["odd"].outlets[0].uri == "headrace://shop/prod/t.a%5Bb%20c%5D"


def test_a_graph_that_is_done_once_has_no_schedule(told):
    words, _ = told(node("once", cadence=Cadence("once", start="2017-01-01", end="2017-01-08")))
    assert words["schedule"] is None


@pytest.mark.parametrize(
    ("jobs", "code", "job"),
    [
        ((node("a/b"),), "EXPORT_JOB_NAME", "a/b"),
        ((node("x" * 251),), "EXPORT_JOB_NAME", "x" * 251),
        ((node("settled"),), "EXPORT_NAMES_MEET", "settled"),
        ((node("two", cadence=Cadence("each", "14d")),), "EXPORT_SCHEDULE", "two"),
    ],
)
def test_what_airflow_would_not_take_is_refused_by_job(jobs, code, job):
    with pytest.raises(HeadraceError) as caught:
        dag(manifest_of(*jobs))
    assert (caught.value.code, caught.value.parameters["job"]) == (code, job)

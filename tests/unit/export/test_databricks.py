"""The bundle says what the graph says, and leads nowhere that is not there. No workspace is asked."""

from __future__ import annotations

import json
from copy import deepcopy

import pytest
import yaml
from bundle_checks import entries_of, faults, read_bundle
from manifests import SMALL, manifest_of, node
from own_wheel import build_wheel

from headrace.export.databricks import bundle
from headrace.graph.manifest import Cadence
from headrace.ground.errors import HeadraceError

ENTRIES = {"headrace": frozenset({"headrace", "headrace-task"})}
AT = {"warehouse": "s3://bucket/tables"}


def files(*jobs, targets=None, **more):
    return bundle(manifest_of(*(jobs or SMALL), targets=targets, **{**AT, **more}), "../..")


def job_of(made, name="shop"):
    return yaml.safe_load(made.texts[f"resources/{name}.yml"])["resources"]["jobs"][name]


def refused(*jobs, **more):
    with pytest.raises(HeadraceError) as caught:
        files(*jobs, **more)
    assert caught.value.exit_status == 2
    return caught.value


def test_a_job_is_a_task_that_calls_the_wheel():
    job = job_of(files())
    assert [task["task_key"] for task in job["tasks"]] == ["ingest", "tiles", "score__a", "score__b", "status"]
    assert job["tasks"][1] == {
        "task_key": "tiles",
        "description": "Makes tiles.",
        "depends_on": [{"task_key": "ingest"}],
        "run_if": "ALL_DONE",
        "python_wheel_task": {
            "package_name": "headrace",
            "entry_point": "headrace-task",
            "parameters": [
                "run", "tiles", "--env", "${var.environment}",
                "--from", "{{job.parameters.from}}", "--to", "{{job.parameters.to}}",
                "--set", "storage.warehouse=${var.warehouse}",
            ],
        },
        "environment_key": "default",
        "max_retries": 2,
        "min_retry_interval_millis": 60000,
    }  # fmt: skip
    assert job["parameters"] == [
        {"name": "from", "default": "2017-01-01"},
        {"name": "to", "default": "{{job.start_time.iso_date}}"},
    ]
    assert job["schedule"] == {"quartz_cron_expression": "0 0 4 * * ?", "timezone_id": "UTC"}
    assert job["environments"][0]["spec"]["dependencies"] == ["../../../dist/*.whl"]


def test_days_of_a_zone_are_asked_for_until_the_time_of_the_run_by_its_clocks():
    job = job_of(files(node("local", cadence=Cadence("each", "7d", zone="Asia/Tokyo", begins="monday"))))
    assert job["schedule"] == {"quartz_cron_expression": "0 0 4 ? * 2", "timezone_id": "Asia/Tokyo"}
    assert job["parameters"][1] == {"name": "to", "default": "{{job.start_time.iso_datetime}}"}


def test_one_job_runs_at_a_time_and_the_last_task_says_whether_all_went_well():
    """A warehouse has one run at a time: each task also comes after the one before it."""
    tasks = {task["task_key"]: task for task in job_of(files())["tasks"]}
    above = {key: [one["task_key"] for one in task.get("depends_on", ())] for key, task in tasks.items()}
    assert above == {
        "ingest": [], "tiles": ["ingest"], "score__a": ["tiles"], "score__b": ["tiles", "score__a"],
        "status": ["ingest", "tiles", "score__a", "score__b"],
    }  # fmt: skip
    assert {key: task.get("run_if") for key, task in tasks.items()} == {
        "ingest": None, "tiles": "ALL_DONE", "score__a": "ALL_DONE", "score__b": "ALL_DONE", "status": "ALL_SUCCESS",
    }  # fmt: skip


def test_a_cluster_of_its_own_where_conf_names_one():
    job = job_of(
        files(targets={"databricks": {"runtime": "18.0.x-scala2.13", "node_type": "m6i.xlarge", "workers": 3}})
    )
    assert job["job_clusters"][0]["new_cluster"] == {
        "spark_version": "18.0.x-scala2.13", "node_type_id": "m6i.xlarge", "num_workers": 3, "data_security_mode": "SINGLE_USER",
    }  # fmt: skip
    assert job["tasks"][0]["libraries"] == [{"whl": "../../../dist/*.whl"}]
    assert "environments" not in job
    assert "environment_key" not in job["tasks"][0]


def test_dev_writes_elsewhere_than_prod():
    made = yaml.safe_load(files(targets={"databricks": {"development": "sandbox"}}).texts["databricks.yml"])
    assert {name: one["default"] for name, one in made["variables"].items()} == {
        "environment": "prod", "warehouse": "s3://bucket/tables",
    }  # fmt: skip
    assert made["targets"]["dev"]["variables"] == {
        "environment": "sandbox", "warehouse": "s3://bucket/tables-dev/${workspace.current_user.short_name}",
    }  # fmt: skip
    assert made["targets"]["prod"]["mode"] == "production"
    assert "variables" not in made["targets"]["prod"]


def test_a_backfill_runs_the_job_for_each_piece():
    job = job_of(files(end="2017-03-01"), "shop_backfill")
    spans = [{"from": "2017-01-01", "to": "2017-01-29"}, {"from": "2017-01-29", "to": "2017-02-26"},
             {"from": "2017-02-26", "to": "2017-03-01"}]  # fmt: skip
    assert json.loads(job["parameters"][0]["default"]) == spans
    each = job["tasks"][0]["for_each_task"]
    assert (each["inputs"], each["concurrency"]) == ("{{job.parameters.pieces}}", 1)
    assert each["task"]["run_job_task"] == {
        "job_id": "${resources.jobs.shop.id}", "job_parameters": {"from": "{{input.from}}", "to": "{{input.to}}"},
    }  # fmt: skip
    longest = job_of(files(start="1990-01-01", end="2030-01-01"), "shop_backfill")["parameters"][0]["default"]
    assert len(longest) < 10_000, "what Databricks takes as a list"


def test_tables_have_names_of_three_levels_where_conf_names_a_catalog():
    assert "unity.sql" not in files().texts
    text = files(targets={"databricks": {"catalog": "main"}}).texts["unity.sql"]
    assert [line for line in text.splitlines() if not line.startswith("--")][:2] == [
        "CREATE SCHEMA IF NOT EXISTS main.t;",
        "CREATE TABLE IF NOT EXISTS main.t.ingest USING DELTA LOCATION 's3://bucket/tables/t/ingest';",
    ]


@pytest.mark.parametrize(
    ("jobs", "more", "code", "job"),
    [
        ((node("ingest"), node("tï les")), {}, "EXPORT_JOB_NAME", "tï les"),
        ((node("x" * 101),), {}, "EXPORT_JOB_NAME", "x" * 101),
        ((node("a.b"), node("a__b")), {}, "EXPORT_NAMES_MEET", "a__b"),
        ((node("status"),), {}, "EXPORT_NAMES_MEET", "status"),
        (tuple(node(f"j{at}") for at in range(1000)), {}, "EXPORT_TOO_MANY", "j999"),
        ((node("two", cadence=Cadence("each", "14d")),), {}, "EXPORT_SCHEDULE", "two"),
        ((node("a"),), {"targets": {"schedule": "0 4 1 * 1"}}, "EXPORT_SCHEDULE", "a"),
        ((node("fit", requires="classic"),), {}, "EXPORT_CLASSIC", "fit"),
        ((node("a"),), {"targets": {"databricks": {"catalog": "main"}}, "warehouse": "dbfs:///x"}, "EXPORT_CATALOG", "a"),
        ((node("a"),), {"warehouse": ""}, "EXPORT_WAREHOUSE", None),
    ],
)  # fmt: skip
def test_what_a_workspace_would_not_take_is_refused_by_job(jobs, more, code, job):
    error = refused(*jobs, **more)
    assert (error.code, error.parameters.get("job")) == (code, job)
    assert "\n  mend: " in error.render()


def test_a_job_for_classic_spark_is_taken_with_a_fallback_or_a_cluster():
    assert files(node("fit", requires="classic", fallback="a sample"))
    assert files(
        node("fit", requires="classic"), targets={"databricks": {"runtime": "18.x-scala2.13", "node_type": "m"}}
    )


def whole(tmp_path):
    files(end="2017-03-01").write(tmp_path)
    return read_bundle(tmp_path)


def test_nothing_in_it_leads_nowhere(tmp_path):
    assert faults(whole(tmp_path), ENTRIES) == []


BREAKS = {
    "shop: tiles: depends on 'ingset', which is no task": lambda job: job["tasks"][1].update(depends_on=[{"task_key": "ingset"}]),
    "shop: tiles: 0 bodies": lambda job: job["tasks"][1].pop("python_wheel_task"),
    "shop: tiles: 2 bodies": lambda job: job["tasks"][1].update(notebook_task={"notebook_path": "x"}),
    "shop: two tasks are called 'ingest'": lambda job: job["tasks"].append(job["tasks"][0]),
    "shop: a cycle: ingest -> tiles -> ingest": lambda job: job["tasks"][0].update(depends_on=[{"task_key": "tiles"}]),
    "shop: ingest: the wheel of 'headrace' has no entry point 'headrace-tsk'": (
        lambda job: job["tasks"][0]["python_wheel_task"].update(entry_point="headrace-tsk")
    ),
    "shop: ingest: environment_key 'defualt' is not declared": lambda job: job["tasks"][0].update(environment_key="defualt"),
    "shop: ingest: the wheel is installed nowhere": lambda job: job["tasks"][0].pop("environment_key"),
    "shop: no job parameter 'from' is declared": lambda job: job["parameters"].pop(0),
    "shop: no variable 'enviroment' is declared": (
        lambda job: job["tasks"][0]["python_wheel_task"].update(parameters=["${var.enviroment}"])
    ),
    "shop: nobody: nothing to do for each": lambda job: job["tasks"].append({"task_key": "nobody", "for_each_task": {"inputs": "[]"}}),
}  # fmt: skip


@pytest.mark.parametrize("told", BREAKS)
def test_each_check_can_fail(tmp_path, told):
    made = deepcopy(whole(tmp_path))
    BREAKS[told](made["resources"]["jobs"]["shop"])
    found = faults(made, ENTRIES)
    assert told in [fault.replace("tiles -> ingest -> tiles", "ingest -> tiles -> ingest") for fault in found]


def test_a_resource_that_is_not_there_is_found(tmp_path):
    made = deepcopy(whole(tmp_path))
    made["resources"]["jobs"]["other"] = made["resources"]["jobs"].pop("shop")
    assert "shop_backfill: there is no resource 'jobs.shop.id'" in faults(made, ENTRIES)
    made["targets"]["dev"]["variables"]["wharehouse"] = "x"
    assert "target dev: no variable 'wharehouse' is declared" in faults(made, ENTRIES)


@pytest.mark.slow
def test_the_entry_point_is_in_the_wheel_that_is_built(tmp_path):
    entries = entries_of(build_wheel(tmp_path))
    assert {"headrace", "headrace-task"} <= entries["headrace"]
    assert faults(whole(tmp_path / "bundle"), entries) == []

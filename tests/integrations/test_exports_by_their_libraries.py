"""Each export in the hands of its own project's library: databricks-bundles, Airflow, kfp, in environments of their own.

No workspace, deployment or cluster is asked. The DAG and the pipeline run for real, from the landing to the report of a
model's scores on a small project, and leave the tables that ``headrace run`` leaves.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import tiny_training
import yaml
from bundle_checks import entries_of, faults, read_bundle
from own_wheel import ROOT, build_wheel
from tiny import TABLES, hashes, make_project

from headrace.cli import main

TARGETS = Path(__file__).parent / "targets"
FROM, TO = "2024-03-01", "2024-03-11"
RESULTS = (*TABLES, "labels.gone", "training.going", "scores.going")
JOBS = (
    "ingest_events", "build_tiles", "build_features", "build_training_set", "train_model", "validate_model",
    "release_model", "score_users", "monitor",
)  # fmt: skip
IMAGE = ("--set", "targets.kubeflow.image=registry.example.com/tiny:1")
ONE_ATTEMPT = ("--set", "engine.attempts=1")
STANDS_IN = """#!/bin/sh
echo "$*" >> "{record}"
case " $* " in {cases} esac
"""
OURS = ("PYTEST", "AIRFLOW", "PYSPARK_GATEWAY", "HEADRACE", "PYTHONPATH", "VIRTUAL_ENV")


def beside(name: str) -> Path:
    """The environment that ``bootstrap/beside.sh`` makes."""
    folder = ROOT / f".venv-{name}"
    if not (folder / "made-from.lock").is_file():
        pytest.skip(f"bootstrap/beside.sh {name} makes the environment of this test")
    return folder


def call(*words: str | Path, paths: tuple[Path, ...] = (), text: str | None = None, status: int = 0, **env: str) -> str:
    """What a program says, in an environment in which nothing of this test is set."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(OURS)}
    path = os.pathsep.join([*map(str, paths), str(Path(sys.prefix) / "bin"), kept["PATH"]])
    ran = subprocess.run(
        list(map(str, words)), env=kept | {"PATH": path} | env, input=text, capture_output=True, text=True, check=False, timeout=1500,
    )  # fmt: skip
    assert ran.returncode == status, (ran.stdout + ran.stderr)[-6000:]
    return ran.stdout + (ran.stderr if status else "")


def stand_in(folder: Path, program: str, statuses: dict[str, int]) -> Path:
    """A program that writes down its words, and ends with the exit status that a job is given; the record."""
    cases = " ".join(f'*" {job} "*) exit {status} ;;' for job, status in statuses.items())
    file = folder / program
    file.write_text(STANDS_IN.format(record=folder / "record", cases=cases))
    file.chmod(0o755)
    return folder / "record"


def asked(record: Path) -> list[str]:
    """The jobs that were asked for, in order."""
    return [words[words.index("run") + 1] for words in map(str.split, record.read_text().splitlines())]


@pytest.fixture(scope="module")
def expected(spark, tmp_path_factory):
    """What ``headrace run`` leaves: the hash of every table without run ids and times."""
    root = tiny_training.make_project(tmp_path_factory.mktemp("plain"))
    call(sys.executable, "-m", "headrace", "run", "--project", root, "--from", FROM, "--to", TO)
    return hashes(spark, root, RESULTS)


def jars() -> str:
    """Delta's jars, as HEADRACE_JARS names them."""
    return ",".join(map(str, sorted((Path(sys.prefix) / "share/headrace/jars").glob("*.jar"))))


def test_databricks_library_takes_the_bundle_and_nothing_in_it_leads_nowhere(tmp_path):
    python = beside("databricks") / "bin/python"
    assert main(["export", "databricks", "--project", str(ROOT), "--env", "databricks", "--output", str(tmp_path)]) == 0
    bundle = read_bundle(tmp_path)
    jobs = bundle["resources"]["jobs"]
    program = TARGETS / "bundle_by_databricks.py"
    taken = json.loads(call(python, program, text=json.dumps(jobs)))
    assert set(taken) == {"demo", "demo_backfill"}
    assert [task["task_key"] for task in taken["demo"]["tasks"]] == [task["task_key"] for task in jobs["demo"]["tasks"]]
    assert taken["demo"]["tasks"][1]["python_wheel_task"] == jobs["demo"]["tasks"][1]["python_wheel_task"]
    assert taken["demo_backfill"]["tasks"][0]["for_each_task"] == jobs["demo_backfill"]["tasks"][0]["for_each_task"]
    assert faults(bundle, entries_of(build_wheel(tmp_path / "wheel"))) == []
    jobs["demo"]["tasks"][1]["depends_on"] = [{"task_key": "nobody"}]
    del jobs["demo"]["tasks"][2]["python_wheel_task"]
    call(python, program, text=json.dumps(jobs))  # the library takes what would fail over there; our own checks do not
    assert len(faults(bundle, {"headrace": frozenset({"headrace-task"})})) == 2
    jobs["demo"]["tasks"][1]["python_wheel_taks"] = {}
    assert "python_wheel_taks" in call(python, program, text=json.dumps(jobs), status=1)


@pytest.fixture(scope="module")
def airflow(tmp_path_factory):
    """Runs a DAG's file by dag.test(): the states of run and tasks."""
    home = tmp_path_factory.mktemp("airflow")
    folder = beside("airflow") / "bin"
    settings = {
        "AIRFLOW_HOME": str(home), "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW_CONN_SPARK_DEFAULT": json.dumps({"conn_type": "spark", "host": "local[2]"}),
    }  # fmt: skip
    call(folder / "airflow", "db", "migrate", **settings)

    def run(file: Path, paths: tuple[Path, ...] = (), **env: str) -> dict[str, object]:
        conf = json.dumps({"from": FROM, "to": TO})
        place = {"AIRFLOW__CORE__DAGS_FOLDER": str(file.parent)}
        said = call(
            folder / "python", TARGETS / "dag_by_airflow.py", file, conf, paths=paths, **settings, **place, **env
        )
        return json.loads(said.splitlines()[-1])

    return run


def test_the_script_runs_the_graph_and_leaves_the_same_tables(expected, spark, tmp_path):
    root = tiny_training.make_project(tmp_path / "tiny")
    assert main(["export", "script", "--project", str(root), "--output", str(tmp_path)]) == 0
    submit = root / "spark-submit.sh"
    submit.write_text(f'#!/bin/sh\ncd -- "$(dirname -- "$0")" && exec {sys.executable} -m headrace.cli.submit "$@"\n')
    submit.chmod(0o755)
    call(tmp_path / "run.sh", "--from", FROM, "--to", TO, HEADRACE_SUBMIT=str(submit))
    assert hashes(spark, root, RESULTS) == expected


def test_airflow_runs_the_graph_and_leaves_the_same_tables(airflow, expected, spark, tmp_path):
    root = tiny_training.make_project(tmp_path / "tiny")
    assert main(["export", "airflow", "--project", str(root), "--output", str(tmp_path / "dags")]) == 0
    found = airflow(tmp_path / "dags/tiny_local.py", HEADRACE_PROJECT=str(root), HEADRACE_JARS=jars())
    assert found == {"run": "success", "tasks": dict.fromkeys((*JOBS, "settled"), "success")}
    assert hashes(spark, root, RESULTS) == expected


def test_airflow_goes_on_after_a_refusal_and_the_run_has_failed(airflow, tmp_path):
    root = make_project(tmp_path / "tiny", days=0)
    assert main(["export", "airflow", "--project", str(root), "--output", str(tmp_path / "dags"), *ONE_ATTEMPT]) == 0
    record = stand_in(tmp_path, "spark-submit", {"build_tiles": 3})
    found = airflow(tmp_path / "dags/tiny_local.py", paths=(tmp_path,), HEADRACE_PROJECT=str(root))
    assert asked(record) == ["ingest_events", "build_tiles", "build_features"]
    assert (found["run"], found["tasks"]) == ("failed", {
        "ingest_events": "success", "build_tiles": "failed", "build_features": "success", "settled": "upstream_failed",
    })  # fmt: skip


def test_kubeflow_runs_the_graph_and_leaves_the_same_tables(expected, spark, tmp_path):
    bin_folder = beside("kubeflow") / "bin"
    root = tiny_training.make_project(tmp_path / "tiny")
    assert main(["export", "kubeflow", "--project", str(root), "--output", str(tmp_path / "out"), *IMAGE]) == 0
    words = (bin_folder / "python", TARGETS / "pipeline_by_kubeflow.py", tmp_path / "out/tiny_local.py", tmp_path)
    call(*words, FROM, TO, paths=(bin_folder,), HEADRACE_PROJECT=str(root))
    assert hashes(spark, root, RESULTS) == expected


@pytest.mark.parametrize(("status", "last"), [(3, "build_features"), (1, "build_tiles")])
def test_kubeflow_goes_on_after_a_refusal_and_stops_after_a_failure(tmp_path, status, last):
    bin_folder = beside("kubeflow") / "bin"
    root = make_project(tmp_path / "tiny", days=0)
    words = ("--project", str(root), "--output", str(tmp_path / "out"), *IMAGE, *ONE_ATTEMPT)
    assert main(["export", "kubeflow", *words]) == 0
    record = stand_in(tmp_path, "headrace-task", {"build_tiles": status})
    words = (bin_folder / "python", TARGETS / "pipeline_by_kubeflow.py", tmp_path / "out/tiny_local.py", tmp_path)
    call(*words, FROM, TO, paths=(tmp_path, bin_folder), status=1)
    assert asked(record)[-1] == last


def test_kubeflow_compiles_the_whole_demo(tmp_path):
    python = beside("kubeflow") / "bin/python"
    assert main(["export", "kubeflow", "--project", str(ROOT), "--output", str(tmp_path), *IMAGE]) == 0
    call(python, TARGETS / "pipeline_by_kubeflow.py", tmp_path / "demo_local.py", tmp_path)
    made = yaml.safe_load((tmp_path / "pipeline.yaml").read_text(encoding="utf-8").split("\n---\n")[0])
    tasks = made["root"]["dag"]["tasks"]
    assert len(tasks) == 12
    assert tasks["score-users"]["dependentTasks"][-1] == "release-model"
    assert all("enableCache" not in task["cachingOptions"] for task in tasks.values())
    assert shutil.which("headrace-task") is not None

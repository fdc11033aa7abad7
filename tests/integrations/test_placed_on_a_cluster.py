"""The same graph on a standalone cluster, as one application and as one spark-submit a job: equal tables, equal ledger."""

from __future__ import annotations

import json

import pytest
import servers
import tiny

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.e2e]
STORAGE = "storage: {{warehouse: {home}/warehouse, landing: home/landing, shared: true}}\n"
GROUPS = "placement: {by: groups, groups: {early: [ingest_events, build_tiles]}}\n"
JOBS = ["ingest_events", "build_tiles", "build_features"]


def entries(spark, project, home):
    """The ledger's entries but for times and run ids: step, state, what it was made of, and the versions that it left."""
    kept = ("job", "start", "end", "state", "stamp", "rows_in", "rows_out", "intervals", "outputs", "note", "origin")
    rows = spark.read.format("delta").load(str(project / home / "warehouse/ops/ledger")).select(*kept).collect()
    return sorted(map(str, rows))


def applications(project, home, run_id):
    """The (process-wide) order in which a run's jobs ended, and how many times a run began under its id."""
    told = [json.loads(line) for line in (project / home / f"logs/{run_id}.jsonl").read_text().splitlines()]
    ended = [line["job"] for line in told if line["event"] == "job ended"]
    return ended, sum(line["event"] == "run began" for line in told)


def test_one_spark_submit_a_job_makes_what_one_application_makes(spark, cluster, tmp_path):
    project = tiny.make_project(tmp_path)
    for home, more in (("whole", ""), ("apart", ""), ("grouped", GROUPS)):
        text = f"home: {home}\n{STORAGE.format(home=home)}{more}"
        (project / f"conf/{home}.yaml").write_text(text, encoding="utf-8")

    def run(env, *words):
        return servers.submit(cluster, "run", "--env", env, "--run-id", "night", "--project", str(project), *words)

    status, said = run("whole")
    assert status == 0, said
    status, said = run("apart", "--placement", "per_job")
    assert status == 0, said
    assert "3 applications" in said
    status, told = run("grouped")
    assert status == 0, told
    assert "2 applications" in told
    assert [applications(project, home, "night") for home in ("whole", "apart", "grouped")] == [
        (JOBS, 1), (JOBS, 3), (JOBS, 2)
    ]  # fmt: skip
    for home in ("apart", "grouped"):
        assert tiny.hashes(spark, project, home=home) == tiny.hashes(spark, project, home="whole")
        assert entries(spark, project, home) == entries(spark, project, "whole")
    states = [line.split()[:2] for line in said.splitlines() if line.split()[:1] and line.split()[0] in JOBS]
    assert states == [[job, "done"] for job in JOBS]
    status, said = run("apart", "--placement", "per_job")
    assert status == 0, said
    assert "Everything is up to date" in said

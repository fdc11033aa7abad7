"""A standalone cluster whose workers share nothing with the clone but the data: the same tables as on one machine.

The demo's whole graph there, and a job by its file, are tests/integrations.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import servers
import tiny

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.e2e]
LOOK = """
import os
import sys
import time

import pandas as pd

from headrace.features.tiling import tiles_table
from headrace.graph.job import Job, Once
from headrace.jobs import build_features, build_tiles, ingest_events
from headrace.tables.spec import Table

WHEREABOUTS = Table("ops.whereabouts", "Where Python and headrace are on the executors.")


def look(batches):
    import headrace
    from headrace.ground.errors import catalogue

    for batch in batches:
        time.sleep(0.3)
        told = [sys.executable, os.path.abspath(headrace.__file__), os.getcwd(), os.pathsep.join(sys.path), len(catalogue())]
        yield pd.DataFrame([told] * len(batch), columns=["python", "headrace", "folder", "path", "errors"])


def run(inputs, at, project):
    "What executors know."
    schema = "python string, headrace string, folder string, path string, errors int"
    return at.spark.range(0, 6, 1, 6).mapInPandas(look, schema)


def whereabouts(project):
    tiles = {"tiles": tiles_table(project.sources["visits"])}
    return Job("whereabouts", run, inputs=tiles, outputs=(WHEREABOUTS,), every=Once(project.span))


def graph(project):
    return (*(part.job(project) for part in (ingest_events, build_tiles, build_features)), whereabouts(project))
"""
CLUSTER = """\
home: there
storage: {warehouse: there/warehouse, landing: home/landing, shared: true}
spark: {settings: {spark.executor.extraJavaOptions: -XX:TieredStopAtLevel=1}}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tiny.make_project(tmp_path_factory.mktemp("on_a_cluster"))
    (folder / "tiny_graph.py").write_text(LOOK, encoding="utf-8")
    (folder / "conf/cluster.yaml").write_text(CLUSTER, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def ran(spark, project, tmp_path_factory):
    """All jobs and the look around as one application; the local run too."""
    from headrace.cli import main

    assert main(["run", "--project", str(project)]) == 0
    with servers.cluster(tmp_path_factory.mktemp("cluster")) as cluster:
        status, said = servers.submit(cluster, "run", "--project", str(project))
        assert status == 0, said
    return cluster, said


def test_a_cluster_makes_the_same_tables_as_one_machine(spark, project, ran):
    """Without --env the environment is conf/cluster.yaml, since the master is remote."""
    assert "environment cluster" in ran[1]
    assert tiny.hashes(spark, project, home="there") == tiny.hashes(spark, project)


def test_code_and_packages_come_from_what_was_sent(spark, project, ran):
    """No executor ran a Python, a headrace or a package of the clone; only Spark's own Python files are the worker's."""
    rows = spark.read.format("delta").load(str(project / "there/warehouse/ops/whereabouts")).collect()
    assert len(rows) == 6
    for row in rows:
        folder = Path(row["folder"])
        assert any(folder.is_relative_to(worker) for worker in ran[0].folders)
        assert Path(row["python"]) == folder / "environment/bin/python"
        assert Path(row["headrace"]).is_relative_to(folder)
        assert Path(row["headrace"]).parts[-3].endswith(".zip")
        assert row["errors"] > 50, "data files load from the wheel"
        ours = [place for place in row["path"].split(":") if place.startswith(str(servers.ROOT))]
        assert [place for place in ours if "/site-packages/pyspark/" not in place] == []


def test_without_its_environment_file_the_error_says_what_to_write(ran, tmp_path):
    """Refused before an executor starts, so the cluster need not be there any more."""
    project = tiny.make_project(tmp_path, days=1)
    status, said = servers.submit(ran[0], "run", "--project", str(project))
    assert status == 2, said
    assert "there is no environment 'cluster'" in said
    (project / "conf/cluster.yaml").write_text("home: there\n", encoding="utf-8")
    status, said = servers.submit(ran[0], "run", "--project", str(project))
    assert status == 2, said
    assert "REMOTE_PATH: storage.warehouse is a path of this machine" in said
    assert "Traceback" not in said
    assert not (project / "there").exists(), "nothing was started"

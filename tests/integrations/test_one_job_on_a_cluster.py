"""One job by its file, over an interval, on a standalone cluster: the table that one machine makes."""

from __future__ import annotations

import pytest
import servers
import tiny

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.e2e]
CLUSTER = "home: there\nstorage: {warehouse: there/warehouse, landing: home/landing, shared: true}\n"


def test_a_job_by_its_file_makes_the_same_table(spark, cluster, tmp_path):
    """Without --env the environment is conf/cluster.yaml, since the master is remote."""
    from headrace.cli import main

    project = tiny.make_project(tmp_path)
    (project / "conf/cluster.yaml").write_text(CLUSTER, encoding="utf-8")
    assert main(["run", "--project", str(project)]) == 0
    status, said = servers.submit(cluster, "run", "--select", "+build_tiles", "--project", str(project))
    assert status == 0, said
    words = ("jobs/build_features.py", "--from", "2024-03-01", "--to", "2024-03-11", "--project", str(project))
    status, said = servers.submit(cluster, *words)
    assert status == 0, said
    assert "environment cluster" in said
    assert tiny.hashes(spark, project, home="there") == tiny.hashes(spark, project)

"""The whole graph on 200 households, on a standalone cluster with MLflow on PostgreSQL: what one machine makes."""

from __future__ import annotations

from pathlib import Path

import pytest
import servers
from whole_project import copy_project

from headrace.tables.hash import table_hash

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.e2e]
MODEL = "conf/contracts/models/lapse_risk.yaml"
WHOLE = (
    "raw/events_shop_events", "raw/events_households", "raw/quarantine", "raw/tally", "tiles/shop_events", "tiles/households",
    "features/customer_activity", "features/customer_value", "features/product_variety", "features/coupon_affinity",
    "features/household_profile", "labels/lapsed", "training/lapse_risk", "scores/lapse_risk",
)  # fmt: skip
"""All tables but those that hold run ids, times and durations."""


def edit(path: Path, *changes: tuple[str, str]) -> None:
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """The demo with 200 households; the gate lets any candidate through, for releases are what is looked at here."""
    fewer = ("seed: 2017", "seed: 2017, households: 200")
    root = copy_project(tmp_path_factory.mktemp("whole"), {"local.yaml": fewer, "cluster.yaml": fewer})
    edit(
        root / MODEL,
        ("trials: 12", "trials: 4"),
        ("gain_lower_bound: 0.05", "gain_lower_bound: 0.0"),
        ("{least_auc: 0.83, delta: 0.005, segment_delta: 0.08, parity_gap: 0.25}",
         "{least_auc: 0.6, delta: 0.4, segment_delta: 0.9, parity_gap: 0.9}"),
    )  # fmt: skip
    return root


def on_cluster(cluster, project, uri, *words):
    return servers.submit(cluster, *words, "--project", str(project), HEADRACE_MLFLOW_URI=uri)


@pytest.fixture(scope="module")
def ran(cluster, tracking, project):
    """The whole graph as one application on the cluster; conf/cluster.yaml is the environment by itself."""
    status, said = on_cluster(cluster, project, tracking, "run")
    assert status == 0, said
    return said


def hashes(spark, folder):
    return {name: table_hash(spark.read.format("delta").load(str(folder / "warehouse" / name))) for name in WHOLE}


def test_a_cluster_makes_what_one_machine_makes(spark, project, ran):
    """Scores too: the search's trials ran on the executors, and the winner's distributed fit in a barrier stage there."""
    from headrace.cli import main

    assert "champion is version 1" in ran
    assert main(["run", "--project", str(project)]) == 0
    assert hashes(spark, project / ".headrace/cluster") == hashes(spark, project / ".headrace/local")


def test_nothing_of_mlflow_stays_on_this_machine(project, ran, tracking):
    assert not (project / ".headrace/cluster/mlflow").exists()
    assert tracking not in ran, "the address is a reference, and stays one"
    assert "env:HEADRACE_MLFLOW_URI" in ran


def test_a_second_release_and_the_way_back(cluster, project, ran, tracking):
    edit(project / MODEL, ("seed: 20170403", "seed: 20170404"))
    status, said = on_cluster(cluster, project, tracking, "run")
    assert status == 0, said
    assert "champion is version 2" in said
    status, said = on_cluster(cluster, project, tracking, "rollback", "model", "lapse_risk")
    assert status == 0, said
    assert "version 1 is champion again" in said
    status, said = on_cluster(cluster, project, tracking, "status")
    assert status == 0, said
    assert "champion is version 1" in said


def test_a_refused_password_is_not_repeated(postgres, project, ran):
    """The database itself as the store, on one machine; the database says no after the fit, at the commit."""
    wrong = postgres.store("n0t-the-password")
    local = servers.Cluster("local[2]", ())
    words = (
        "run",
        "train_model",
        "--full-refresh",
        "--verbose",
        "--env",
        "local",
        "--set",
        "tracking.uri=env:HEADRACE_STORE",
    )
    status, said = servers.submit(local, *words, "--project", str(project), HEADRACE_STORE=wrong)
    assert status == 1, said
    assert "password authentication failed" in said
    assert "n0t-the-password" not in said
    files = [path for path in (project / ".headrace/local").rglob("*") if path.is_file()]
    assert not [path for path in files if b"n0t-the-password" in path.read_bytes()]


def test_a_database_is_a_store_without_a_server(postgres, project, ran):
    postgres.make("alone")  # the server's experiments name a proxy for files, which only a server has
    local, store = servers.Cluster("local[2]", ()), postgres.store(database="alone")
    words = ("run", "train_model", "--full-refresh", "--env", "local", "--set", "tracking.uri=env:HEADRACE_STORE")
    status, said = servers.submit(local, *words, "--project", str(project), HEADRACE_STORE=store)
    assert status == 0, said
    assert "only-4-this-test" not in said

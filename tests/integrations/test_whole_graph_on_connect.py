"""Spark Connect, in processes of their own: the same tables as on classic Spark, and training that says what it did."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
import tiny
from agreed import agree
from connect_process import DEADLINE, OF_THIS_PROCESS, run
from whole_project import Whole, copy_whole, run_whole

ROOT = Path(__file__).resolve().parents[2]
pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.e2e]
SERVER = "org.apache.spark.sql.connect.service.SparkConnectServer"


def hashes(spark: object, root: Path, warehouse: str) -> dict[str, str]:
    """The hash of each table of the project's graph that its jobs have made."""
    from dataclasses import replace

    from headrace.cli.loading import load_graph, open_project
    from headrace.tables.hash import table_hash
    from headrace.tables.spec import Table
    from headrace.tables.store import Store

    store = Store(spark, root / warehouse)
    outputs = [output for job in load_graph(open_project(root, "local")) for output in job.outputs]
    tables = {output.name: replace(output, part=None) for output in outputs if isinstance(output, Table)}
    return {name: table_hash(store.load(table), table.unhashed) for name, table in tables.items()}


@pytest.fixture(scope="module")
def whole(spark, tmp_path_factory) -> Whole:
    """What classic Spark makes."""
    return run_whole(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="module")
def on_connect(whole, tmp_path_factory) -> SimpleNamespace:
    """The whole graph anew on Connect, beside what classic Spark made; then scores and page by the champion of both."""
    root = copy_whole(whole.root, tmp_path_factory.mktemp("connect"))
    here = ["--project", str(root)]
    commands = [
        ["run", "--full-refresh", *here],
        ["rollback", "model", "lapse_risk", *here],
        ["run", "score_users", "--full-refresh", *here],
        ["run", "monitor", "--full-refresh", *here],
        [],
    ]
    ran = run(commands, str(ROOT / "spark-submit.sh"), "--master", "local[2]", "--conf", "spark.api.mode=connect")
    return SimpleNamespace(root=root, ran=ran)


def test_the_whole_graph_runs_on_connect_and_the_process_ends(on_connect):
    ran = on_connect.ran
    assert (ran.status, ran.kind) == (0, "connect"), ran.said[-4000:]
    assert ran.statuses[0] in (0, 3), ran.said[-4000:]
    assert ran.statuses[2:4] == [0, 0], ran.said[-4000:]


def test_the_tables_are_the_same_bytes(spark, whole, on_connect):
    """Raw, tiles, features, labels, training set; scores and profile too, since the same model is champion again."""
    classic, connect = (hashes(spark, root, ".headrace/local/warehouse") for root in (whole.root, on_connect.root))
    assert len(classic) >= 12
    assert connect == classic


def test_the_server_turns_strangers_away(on_connect):
    assert on_connect.ran.statuses[4] == 0, on_connect.ran.said[-2000:]


def test_training_says_what_it_did_instead(on_connect, whole):
    from headrace.training.fit import DISTRIBUTED, FALLBACK, ON_SAMPLE
    from headrace.training.tracking import CANDIDATE, open_client

    said = " ".join(on_connect.ran.said.split())
    assert f"train_model: warning: train_model needs classic Spark, and this is Spark Connect: {FALLBACK}" in said
    runs = {}
    for root in (whole.root, on_connect.root):
        client = open_client(f"sqlite:///{root / '.headrace/local/mlflow/mlflow.db'}")
        version = client.get_model_version_by_alias("lapse_risk", CANDIDATE)
        runs[root] = client.get_run(version.run_id).data
    classic, connect = runs[whole.root], runs[on_connect.root]
    assert (classic.tags["headrace.fit"], connect.tags["headrace.fit"]) == (DISTRIBUTED, ON_SAMPLE)
    assert connect.params["fit"] == ON_SAMPLE
    assert connect.tags["headrace.sample"] == classic.tags["headrace.sample"], "the search looked at the same rows"
    assert connect.params["trial"] == classic.params["trial"], "and found the same winner"
    assert connect.metrics["validation_auc"] == pytest.approx(classic.metrics["validation_auc"], abs=1e-6)
    assert connect.params["rows_there"] == classic.params["rows"]


@pytest.fixture(scope="module")
def server(tmp_path_factory) -> Iterator[str]:
    """A Connect server of its own, as sbin/start-connect-server.sh would start it, on the loopback."""
    import pyspark

    from headrace.ground.session import BINDING, jars

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    settings = {
        **{key: value for key, value in BINDING.items() if key in ("spark.sql.extensions", "spark.sql.catalog.spark_catalog")},
        "spark.jars": ",".join(jars()),
        "spark.connect.grpc.binding.address": "127.0.0.1",
        "spark.connect.grpc.binding.port": str(port),
        "spark.ui.enabled": "false",
    }  # fmt: skip
    words = [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]
    submit = str(Path(pyspark.__path__[0]) / "bin" / "spark-submit")
    inherited = {name: value for name, value in os.environ.items() if name not in OF_THIS_PROCESS}
    log = tmp_path_factory.mktemp("server") / "server.log"
    with log.open("w") as out:
        process = subprocess.Popen(
            [submit, "--master", "local[2]", *words, "--class", SERVER, "spark-internal"],
            stdout=out, stderr=out, env=inherited | {"PYSPARK_PYTHON": sys.executable},
        )  # fmt: skip
        try:
            wait_for(port, process, log)
            yield f"sc://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait(timeout=300)


def wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + DEADLINE
    while True:
        with socket.socket() as knock:
            if knock.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, log.read_text()[-2000:]
        assert time.monotonic() < end, log.read_text()[-2000:]
        time.sleep(0.2)


def test_a_server_that_runs_already_makes_the_same_tables_and_its_errors_are_headrace_s(spark, server, tmp_path):
    from headrace.cli import main

    classic, connect, strict = (tmp_path / name for name in ("classic", "connect", "strict"))
    for folder in (classic, connect, strict):
        folder.mkdir()
        tiny.make_project(folder, days=4)
    assert main(["run", "--project", str(classic)]) == 0
    contract = strict / "conf/contracts/events/visits.yaml"
    contract.write_text(contract.read_text() + "new_columns: fail\n", encoding="utf-8")
    agree(strict)
    tiny.land(strict, tiny.START, "b", [tiny.visit(900, 0, 1, surprise=1)])
    ran = run(
        [["run", "--project", str(connect)], ["run", "--project", str(strict)]], sys.executable, SPARK_REMOTE=server
    )
    assert (ran.statuses[0], ran.kind) == (0, "connect"), ran.said[-4000:]
    assert tiny.hashes(spark, connect) == tiny.hashes(spark, classic)
    assert ran.statuses[1] in (1, 2), ran.said[-4000:]
    assert "NEW_COLUMN" in ran.said
    assert "Traceback" not in ran.said

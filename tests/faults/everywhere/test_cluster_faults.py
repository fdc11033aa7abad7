"""A killed executor and a deleted shuffle file on a standalone cluster: the run ends, with the tables of one machine."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import servers
import tiny

from headrace.tables.hash import table_hash

pytestmark = [pytest.mark.spark, pytest.mark.slow]
GRAPH = '''\
"""The tiny graph, and a job whose second stage waits until somebody has broken something."""

import time
from pathlib import Path

from headrace.features.tiling import tiles_table
from headrace.graph.job import Job, Once
from headrace.jobs import build_features, build_tiles, ingest_events
from headrace.tables.spec import Table

SPREAD = Table("own.spread", "Tiles by number of event days, spread over four tasks.")
FOLDER = Path("{folder}")


def wait(batches):
    for batch in batches:
        (FOLDER / "waits").touch()
        end = time.monotonic() + 60
        while not (FOLDER / "broken").exists() and time.monotonic() < end:
            time.sleep(0.05)
        yield batch


def spread(inputs, at, project):
    """Shuffles the tiles into four tasks, of which two run at once."""
    tiles = inputs.tiles.select("who", "event_day").repartition(4, "who")
    return tiles.mapInPandas(wait, tiles.schema)


def graph(project):
    tiles = {{"tiles": tiles_table(project.sources["visits"])}}
    own = Job("spread", spread, inputs=tiles, outputs=(SPREAD,), every=Once(project.span))
    return (*(part.job(project) for part in (ingest_events, build_tiles, build_features)), own)
'''
CLUSTER = """\
home: there
storage: {warehouse: there/warehouse, landing: home/landing, shared: true}
spark: {settings: {spark.executor.extraJavaOptions: -XX:TieredStopAtLevel=1, spark.sql.adaptive.enabled: 'false'}}
"""


def make_project(folder: Path) -> Path:
    project = tiny.make_project(folder)
    (project / "tiny_graph.py").write_text(GRAPH.format(folder=folder), encoding="utf-8")
    (project / "conf/cluster.yaml").write_text(CLUSTER, encoding="utf-8")
    return project


def hashes(spark: Any, project: Path, home: str) -> dict[str, str]:
    own = spark.read.format("delta").load(str(project / home / "warehouse/own/spread"))
    return tiny.hashes(spark, project, home=home) | {"own.spread": table_hash(own)}


@pytest.fixture(scope="module")
def undisturbed(spark: Any, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    from headrace.cli import main

    project = make_project(tmp_path_factory.mktemp("undisturbed"))
    (project / "broken").touch()
    assert main(["run", "--project", str(project)]) == 0
    return hashes(spark, project, "home")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Cluster]:
    with servers.cluster(tmp_path_factory.mktemp("cluster")) as started:
        yield started


def executors(cluster: servers.Cluster) -> list[int]:
    """The processes that run tasks: each works in a folder of its worker's."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has ended meanwhile
            runs_tasks = b"CoarseGrainedExecutorBackend" in (process / "cmdline").read_bytes()
            if runs_tasks and set((process / "cwd").readlink().parents) & set(cluster.folders):
                found.append(int(process.name))
    return sorted(found)


def kill_executor(cluster: servers.Cluster) -> None:
    os.kill(executors(cluster)[0], signal.SIGKILL)


def delete_shuffles(cluster: servers.Cluster) -> None:
    """Every shuffle file that is there now: the tasks that wait have read theirs, the others have not."""
    files = [path for folder in cluster.folders for path in servers.scratch_of(folder).rglob("shuffle_*")]
    assert files
    for path in files:
        path.unlink()


@pytest.mark.parametrize("fault", [kill_executor, delete_shuffles])
def test_the_run_ends_with_the_same_tables(
    spark: Any,
    cluster: servers.Cluster,
    undisturbed: dict[str, str],
    tmp_path: Path,
    fault: Callable[[servers.Cluster], None],
) -> None:
    project, broken = make_project(tmp_path), threading.Event()

    def breaks() -> None:
        end = time.monotonic() + 400
        while not (project / "waits").exists():
            if time.monotonic() > end:
                return
            time.sleep(0.05)
        fault(cluster)
        broken.set()
        (project / "broken").touch()

    breaking = threading.Thread(target=breaks, daemon=True)
    breaking.start()
    status, said = servers.submit(cluster, "run", "--project", str(project))
    breaking.join()
    assert broken.is_set()
    assert status == 0, said
    assert hashes(spark, project, "there") == undisturbed

"""Programs that a test starts on the loopback interface, each in a process group of its own that ends with the test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOOPBACK = "127.0.0.1"
DEADLINE = 600
"""Seconds that a program may take to answer; the machine may be busy with other tests."""
BARE = {"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
"""All that a worker's shell knows: no environment of the clone's on PATH, no PYTHONPATH, no class path."""


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody listens on a port."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


@contextmanager
def running(
    command: Sequence[str], folder: Path, env: Mapping[str, str], ready: Callable[[str], bool], **more: Any
) -> Iterator[Path]:
    """The program while it runs, once ``ready`` holds of what it has printed; gives the file of that."""
    folder.mkdir(parents=True, exist_ok=True)
    said = folder.with_name(folder.name + ".log")
    with said.open("wb") as out:
        process = subprocess.Popen(
            list(command), cwd=folder, env=dict(env), stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            start_new_session=True, **more,
        )  # fmt: skip
    try:
        _wait(process, said, ready)
        yield said
    finally:
        _stop(process)


def _wait(process: subprocess.Popen[bytes], said: Path, ready: Callable[[str], bool]) -> None:
    end = time.monotonic() + DEADLINE
    while not ready(said.read_text(encoding="utf-8", errors="replace")):
        assert process.poll() is None, said.read_text(errors="replace")[-3000:]
        assert time.monotonic() < end, said.read_text(errors="replace")[-3000:]
        time.sleep(0.1)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End the whole group: asked first, then made to, children of a dead leader too."""
    for sent, patience in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, sent)
        except ProcessLookupError:
            break
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


@dataclass(frozen=True)
class Cluster:
    """A standalone cluster: its address, and the folders in which its workers were started."""

    master: str
    folders: tuple[Path, ...]


def scratch_of(worker: Path) -> Path:
    """Where the executors of a worker keep what they shuffle and spill."""
    return worker.with_name(f"{worker.name}-scratch")


@contextmanager
def cluster(folder: Path, workers: int = 2) -> Iterator[Cluster]:
    """Spark's own master and workers of one core and 1 GB each, started in empty folders that know nothing of the clone."""
    import pyspark

    java = (Path(sys.prefix) / "share/headrace/java_home").read_text(encoding="utf-8").strip()
    daemons = {"SPARK_DAEMON_MEMORY": "256m", "SPARK_DAEMON_JAVA_OPTS": "-XX:+UseSerialGC -XX:TieredStopAtLevel=1"}
    env = {**BARE, **daemons, "JAVA_HOME": java, "SPARK_LOCAL_IP": LOOPBACK}
    launch = str(Path(pyspark.__file__).parent / "bin/spark-class")
    deploy, port = "org.apache.spark.deploy", free_port()
    with ExitStack() as stack:
        master = [f"{deploy}.master.Master", "--host", LOOPBACK, "--port", str(port), "--webui-port", str(free_port())]
        stack.enter_context(running([launch, *master], folder / "master", env, lambda _: answers(port)))
        url, folders = f"spark://{LOOPBACK}:{port}", tuple(folder / f"worker{n}" for n in range(workers))
        for place in folders:
            words = [
                f"{deploy}.worker.Worker",
                "--host",
                LOOPBACK,
                "--webui-port",
                str(free_port()),
                "-c",
                "1",
                "-m",
                "1g",
            ]
            command = [launch, *words, "-d", str(place), url]
            own = env | {"SPARK_LOCAL_DIRS": str(scratch_of(place))}
            stack.enter_context(running(command, place, own, lambda said: "registered with master" in said))
        yield Cluster(url, folders)


def submit(spark: Cluster, *words: str, **variables: str) -> tuple[int, str]:
    """What the command line of a user does on the cluster: (exit status, everything that was printed)."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in ("PATH", "HOME", "TMPDIR", "LANG", "SPARK_SUBMIT_OPTS")
    }
    command = [
        str(ROOT / "spark-submit.sh"),
        "--master",
        spark.master,
        "--conf",
        f"spark.driver.host={LOOPBACK}",
        *words,
    ]
    ended = subprocess.run(
        command, env={**kept, "SPARK_LOCAL_IP": LOOPBACK, **variables}, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return ended.returncode, ended.stdout


@contextmanager
def mlflow_server(folder: Path, store: str) -> Iterator[str]:
    """A tracking server over a store; it takes artifacts into ``folder`` itself. Gives its address."""
    port = free_port()
    words = [
        "server",
        "--host",
        LOOPBACK,
        "--port",
        str(port),
        "--workers",
        "1",
        "--artifacts-destination",
        str(folder / "files"),
    ]
    # The store's address may hold a password, so it is no word of a command line.
    env = {**BARE, "HOME": str(folder), "MLFLOW_BACKEND_STORE_URI": store, "MLFLOW_DISABLE_TELEMETRY": "true"}
    with running([sys.executable, "-m", "mlflow", *words], folder / "server", env, lambda _: answers(port)):
        yield f"http://{LOOPBACK}:{port}"

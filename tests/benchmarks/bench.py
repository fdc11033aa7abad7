"""``make bench``: synthetic events through ingest, tiles and features; prints what they took, and asserts nothing.

Figures are of one run on one machine: compare them within a run, or between runs in pairs (``--again`` keeps the landing
zone, ``--conf`` changes a setting of Spark). docs/guides/volume.md says how to read them.
"""

from __future__ import annotations

import argparse
import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import pyarrow.dataset as ds
from agreed import agree
from benchmarks import event_log
from benchmarks.memory import Peak
from whole_project import copy_project

ROOT = Path(__file__).resolve().parents[2]
LOGGED = {
    "spark.eventLog.enabled": "true",
    "spark.eventLog.rolling.enabled": "false",
    "spark.eventLog.compress": "false",
}
JOBS = ("generate_events", "ingest_events", "build_tiles", "build_features")


@dataclass(frozen=True)
class Size:
    """One run: how many events of how many users, and the folder (below the project) of what it makes."""

    events: int
    users: int
    home: str


@dataclass(frozen=True)
class Measured:
    """What an application of several runs left: each run, its part of the log, and the peak of memory over all."""

    runs: list[dict[str, float]]
    logs: list[event_log.Log]
    peak: dict[str, int]
    said: str


def measure(
    project: Path, sizes: list[Size], folder: Path, conf: dict[str, str], heap: str, extra: tuple[str, ...] = ()
) -> Measured:
    """Run the sizes one after the other in one application and look at it from outside; logs go to ``folder``.

    Raises:
        RuntimeError: a run failed; the text is what it said.
    """
    logs, told = folder / "eventlog", folder / "runs.json"
    shutil.rmtree(logs, ignore_errors=True)
    logs.mkdir(parents=True)
    settings = {**LOGGED, "spark.eventLog.dir": f"file://{logs}", **conf}
    options = [part for key, value in settings.items() for part in ("--conf", f"{key}={value}")]
    words = [f"{size.events}:{size.users}:{size.home}" for size in sizes]
    application = [
        "tests/benchmarks/application.py",
        str(project),
        str(told),
        *words,
        *(["--", *extra] if extra else []),
    ]
    command = ["./spark-submit.sh", "--driver-memory", heap, *options, *application]
    with (folder / "said.txt").open("w+", encoding="utf-8") as said:
        started = subprocess.Popen(command, cwd=ROOT, stdout=said, stderr=subprocess.STDOUT)
        with Peak(started.pid) as peak:
            status = started.wait()
        said.seek(0)
        text = said.read()
    if status:
        raise RuntimeError(text)
    runs = json.loads(told.read_text(encoding="utf-8"))
    log = event_log.read(next(logs.iterdir()))
    return Measured(runs, [log.between(run["began"], run["ended"]) for run in runs], dict(peak.bytes), text)


def steps(home: Path) -> dict[str, dict[str, float]]:
    """Of each job: seconds, rows in and out of its last step, from the ledger's files."""
    rows = ds.dataset(sorted(map(str, (home / "warehouse/ops/ledger").glob("*.parquet")))).to_table().to_pylist()
    return {row["job"]: row for row in sorted(rows, key=lambda row: row["at"]) if row["state"] == "done"}


def report(project: Path, measured: Measured, heap: str) -> Iterator[str]:
    """Lines for people, a block a run."""
    for run, log in zip(measured.runs, measured.logs, strict=True):
        done = steps(project / str(run["home"]))
        total = sum(done[job]["seconds"] for job in JOBS if job in done)
        yield f"{int(run['events']):,} events of {int(run['users']):,} users"
        heads = ("rows in", 12), ("rows out", 12), ("seconds", 9), ("of all", 7), ("rows/s", 10), ("task CPU s", 10)
        titles = " ".join(f"{name:>{width}}" for name, width in (*heads, ("tasks", 6), ("GC", 5), ("to driver", 11)))
        yield f"{'job':16} {titles}"
        for job in (name for name in JOBS if name in done):
            yield _line(job, done[job], total, log)
        for job in (name for name in JOBS if name in done):
            yield f"{job}: the three dearest operators, by share of its tasks' run time"
            yield from (f"  {share:6.1%}  {name}" for name, share in event_log.dearest(log.operators(job)))
    yield "peak resident memory: " + ", ".join(f"{kind} {size / 2**30:.2f} GiB" for kind, size in measured.peak.items())
    yield f"heap of the JVM: {heap} (driver and executor in one)"


def _line(job: str, step: dict[str, float], total: float, log: event_log.Log) -> str:
    stages = log.of(job)
    tasks, run_ms = sum(stage.tasks for stage in stages), sum(stage.run_ms for stage in stages)
    collected, pauses = sum(stage.result_bytes for stage in stages), sum(stage.gc_ms for stage in stages)
    rows = max(step["rows_in"] or 0, 0 if step["rows_in"] else step["rows_out"])
    cpu = sum(stage.cpu_ms for stage in stages) / 1000
    return (
        f"{job:16} {step['rows_in'] or 0:12,} {step['rows_out']:12,} {step['seconds']:9.1f} {step['seconds'] / total:7.1%} "
        f"{rows / step['seconds']:10,.0f} {cpu:10.1f} {tasks:6,} {pauses / max(run_ms, 1):5.1%} {collected / 1024:7,.0f} KiB"
    )


def landed_as(form: str) -> Path:
    """A copy of the project whose bench source lands in another format."""
    folder = ROOT / ".headrace" / f"project_{form}"
    shutil.rmtree(folder / "conf", ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    project = copy_project(folder, {"bench/events/visits.yaml": ("format: parquet", f"format: {form}")})
    agree(project, "bench")
    return project


def main(words: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--heap", default="3g", help="heap of the JVM, in which the driver and the tasks live")
    parser.add_argument("--home", default=".headrace/bench", help="folder of what is made, below the project")
    parser.add_argument(
        "--again", action="store_true", help="keep the landing zone of the last run, make the rest anew"
    )
    parser.add_argument("--conf", action="append", default=[], metavar="KEY=VALUE", help="a setting of Spark")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="a setting of the project")
    parser.add_argument("--format", choices=("parquet", "json"), default="parquet", help="of the landing zone")
    asked = parser.parse_args(words)
    project = ROOT if asked.format == "parquet" else landed_as(asked.format)
    home = project / asked.home
    for made in (home / "warehouse",) if asked.again else (home,):
        shutil.rmtree(made, ignore_errors=True)
    home.mkdir(parents=True, exist_ok=True)
    size = Size(asked.events, asked.users, asked.home)
    conf = dict(text.split("=", 1) for text in asked.conf)
    extra = tuple(part for text in asked.set for part in ("--set", text))
    for line in report(project, measure(project, [size], home, conf, asked.heap, extra), asked.heap):
        print(line, flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

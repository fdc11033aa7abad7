"""A process that writes one table of a warehouse when it is told to, through the store, as a run does."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from headrace.ground.errors import HeadraceError
from headrace.ground.interval import DAY, Interval
from headrace.tables.spec import Table
from headrace.tables.store import Store

TABLE = Table("raw.shared", "What several processes write.", replaced_by="day")
SCHEMA = "who string, n bigint, day date"
START = datetime(2024, 3, 1, tzinfo=UTC)
DEADLINE = 300
PROGRAM = "import sys, writers; writers.obey(sys.argv[1])"


def day(number: int) -> Interval:
    """A day of the table."""
    return Interval(START + number * DAY, START + (number + 1) * DAY)


def write(store: Store, who: str, first: int, count: int) -> list[str]:
    """So many commits, by turns a row appended and a day of its own replaced; the codes of those that were refused."""
    refused = []
    for number in range(count):
        at = day(first + number)
        row = {"who": who, "n": number, "day": at.start.date()}
        frame = store.spark.createDataFrame([tuple(row.values())], SCHEMA).coalesce(1)
        try:
            if number % 2:
                store.append_rows(TABLE, [row], SCHEMA)
            else:
                store.replace(TABLE, frame, at, {"who": who})
        except HeadraceError as error:
            refused.append(error.code)
    return refused


def write_slowly(store: Store, who: str, number: int) -> list[str]:
    """Two files of one day, the second some seconds after the first; as what it was refused, if it was."""
    from headrace.graph.failures import translate
    from headrace.graph.run import FROM_SPARK

    def row(batches: Any) -> Any:
        import time

        import pandas as pd

        for batch in batches:
            if 1 in list(batch["id"]):
                time.sleep(2)
            yield pd.DataFrame(
                {"who": [who] * len(batch), "n": batch["id"], "day": [day(number).start.date()] * len(batch)}
            )

    try:
        store.replace(TABLE, store.spark.range(0, 2, 1, 2).mapInPandas(row, SCHEMA), day(number), {"who": who})
    except FROM_SPARK as error:
        return [getattr(translate(error), "code", type(error).__name__)]
    return []


def obey(warehouse: str) -> None:
    """A line in, a task; a line out, what was refused."""
    from headrace.ground.session import open_session

    fast = {"spark.sql.shuffle.partitions": "1", "spark.databricks.delta.snapshotPartitions": "1"}
    store = Store(open_session("writer", "local[1]", fast), Path(warehouse))
    print(json.dumps("ready"), flush=True)
    for line in sys.stdin:
        task, *about = json.loads(line)
        print(json.dumps({"write": write, "write_slowly": write_slowly}[task](store, *about)), flush=True)


@dataclass
class Writer:
    """The process, JVM and all."""

    process: subprocess.Popen[str]

    def tell(self, *task: object) -> None:
        """Begin a task."""
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(task) + "\n")
        self.process.stdin.flush()

    def answer(self) -> Any:
        """What came of it."""
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert line, "the writer has ended"
        return json.loads(line)

    def send(self, number: signal.Signals) -> None:
        """A signal to Python and its JVM."""
        os.killpg(self.process.pid, number)

    def end(self) -> None:
        """Wait until nothing of it is left."""
        end = time.monotonic() + DEADLINE
        with suppress(ProcessLookupError):
            while time.monotonic() < end:
                os.killpg(self.process.pid, 0)
                time.sleep(0.05)
            raise AssertionError("a killed writer's Spark is still there")


@contextmanager
def writer(warehouse: Path) -> Iterator[Writer]:
    """One that is ready."""
    env = {**os.environ, "PYTHONPATH": str(Path(__file__).parent)}
    with warehouse.with_name("writer.log").open("a") as said:
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(warehouse)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=said, text=True, env=env, start_new_session=True,
        )  # fmt: skip
    one = Writer(process)
    try:
        assert one.answer() == "ready"
        yield one
    finally:
        with suppress(ProcessLookupError):
            one.send(signal.SIGKILL)
        process.communicate()


def suspend_at_write(one: Writer, warehouse: Path, who: str, number: int) -> None:
    """Begin a slow write, and suspend it when its first file is there and its commit is not."""
    place = warehouse / "raw/shared"
    before = set(place.glob("**/*.parquet"))
    commits = set(place.glob("_delta_log/*.json"))
    one.tell("write_slowly", who, number)
    end = time.monotonic() + DEADLINE
    while before.issuperset(place.glob("**/*.parquet")):
        assert time.monotonic() < end
        time.sleep(0.005)
    one.send(signal.SIGSTOP)
    assert commits == set(place.glob("_delta_log/*.json")), "it was suspended too late"


def rows(spark: Any, warehouse: Path) -> list[tuple[str, int]]:
    """Who wrote what."""
    frame = spark.read.format("delta").load(str(warehouse / "raw/shared"))
    return sorted((row["who"], row["n"]) for row in frame.select("who", "n").collect())

"""One key with 90 % of the rows: how evenly the tasks of as_of_join and window_features read, and with how much memory.

    ./spark-submit.sh --exec python tests/benchmarks/skew.py [--rows 10000000] [--parts 64] [--heap 3g]
        [--function as_of_join] [--keys heavy]

Both functions run over the same tables with and without the heavy key. Printed, from the event log, for each stage of
more than one task: the largest task's records (from files and shuffles) and shuffled bytes as a multiple of the stage's mean,
and its peak of execution memory. Then a sample of the answers is computed anew by joining it with all rows of its keys,
which costs rows x sample.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks import event_log
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from headrace.features.asof import as_of_join
from headrace.features.rollup import window_features
from headrace.ground.session import open_session

SPAN = 30 * 86_400
"""Seconds over which rows are spread."""
FEATURES = [
    {"name": "n", "aggregate": "count", "windows": ["6h", "7d"]},
    {"name": "total", "aggregate": "sum", "expression": "v", "scale": 2, "windows": ["7d", "all"]},
    {"name": "kinds", "aggregate": "count_distinct", "expression": "kind", "windows": ["6h"]},
    {"name": "least", "aggregate": "min", "expression": "v", "windows": ["6h"]},
    {"name": "last", "aggregate": "last", "expression": "v", "windows": ["7d"]},
    {"name": "latest", "aggregate": "last_k", "expression": "v", "k": 3, "windows": ["7d"]},
]


@dataclass(frozen=True)
class Tables:
    """Questions and what is asked about, in as many files as there are partitions."""

    left: DataFrame
    right: DataFrame


def make(spark: SparkSession, folder: Path, rows: int, parts: int, *, heavy: bool) -> Tables:
    """``left (k, t, n)`` of a tenth of the rows and ``right (k, at, known, v, kind, id)``; key 0 has 90 % of both, if heavy."""

    def written(name: str, count: int, *columns: str) -> DataFrame:
        drawn = "pmod(xxhash64(id, 1), 100) < 90" if heavy else "false"
        at = f"timestamp_micros(pmod(xxhash64(id, 2), {SPAN}L * 1000000))"
        made = spark.range(0, count, 1, parts).selectExpr(
            f"IF({drawn}, 0, 1 + pmod(xxhash64(id, 3), 1000)) AS k", f"{at} AS at", "id"
        )
        made.selectExpr(*columns).write.parquet(str(folder / name))
        return spark.read.parquet(str(folder / name))

    left = written("left", rows // 10, "k", "at + INTERVAL '3' DAY AS t", "id AS n")
    late = "make_dt_interval(0, 0, 0, IF(pmod(xxhash64(id, 4), 10) = 0, 1D, 0D) * pmod(xxhash64(id, 5), 400000))"
    right = written(
        "right", rows, "k", "at", f"at + {late} AS known",
        "CAST(pmod(xxhash64(id, 6), 100000) AS DECIMAL(8,2)) / 100 AS v", "pmod(xxhash64(id, 7), 50) AS kind", "id",
    )  # fmt: skip
    return Tables(left, right)


def joined(tables: Tables) -> DataFrame:
    """The as-of join of the tables, known then."""
    times = {"left_time": "t", "right_time": "at", "available_at": "known"}
    return as_of_join(tables.left, tables.right, by="k", **times, columns=["v", "id"])


def featured(tables: Tables) -> DataFrame:
    """The features of the tables, known then."""
    times = {"event_time": "at", "query_time": "t", "available_at": "known"}
    return window_features(tables.right, tables.left, by="k", **times, features=FEATURES)


FUNCTIONS = {"as_of_join": joined, "window_features": featured}


@contextmanager
def logged(spark: SparkSession, folder: Path) -> Iterator[list[event_log.Log]]:
    """The event log of what the session does within, as Spark itself writes it; there at the end."""
    jvm: Any = spark.sparkContext._jvm
    context: Any = spark.sparkContext._jsc.sc()
    conf = context.conf().clone().set("spark.eventLog.rolling.enabled", "false").set("spark.eventLog.compress", "false")
    folder.mkdir(parents=True, exist_ok=True)
    where, none = jvm.java.net.URI(folder.as_uri()), jvm.scala.Option.empty()
    hadoop = context.hadoopConfiguration()
    listener = jvm.org.apache.spark.scheduler.EventLoggingListener("skew", none, where, conf, hadoop)
    listener.start()
    context.addSparkListener(listener)
    found: list[event_log.Log] = []
    try:
        yield found
    finally:
        context.listenerBus().waitUntilEmpty()
        context.removeSparkListener(listener)
        listener.stop()
    found.append(event_log.read(next(path for path in folder.iterdir() if path.is_file())))


def unevenness(read: list[int]) -> float:
    """The largest task's reading as a multiple of the mean; 1 where nothing is read."""
    return max(read) * len(read) / sum(read) if sum(read) else 1.0


def even_bytes(stage: event_log.Stage) -> float:
    """The same of bytes, where all that is read is shuffled; 1 where some of it is a file's."""
    return unevenness(stage.shuffled_bytes) if all(stage.shuffled_bytes) else 1.0


def stages(log: event_log.Log) -> Iterator[tuple[int, event_log.Stage]]:
    """The stages with more than one task."""
    return ((number, stage) for (number, _), stage in sorted(log.stages.items()) if stage.tasks > 1)


def sampled(frame: DataFrame, questions: int, of: int) -> DataFrame:
    """About so many ``questions`` of a frame with all their numbers ``n``, which are ``of`` many; the same ones each time."""
    return frame.where(F.pmod(F.xxhash64("n", F.lit(9)), F.lit(of)) < questions)


def expected(questions: DataFrame, right: DataFrame) -> DataFrame:
    """``(n, id, v, a column a feature)``: each question by joining it with all rows of its key, without those of no row."""
    few = F.broadcast(questions.withColumnsRenamed({"k": "key", "n": "number"}))
    seen = right.join(few, on=F.expr("k = key AND at < t AND known <= t"), how="inner")
    in_week, in_hours = "FILTER (WHERE at >= t - INTERVAL '7' DAY)", "FILTER (WHERE at >= t - INTERVAL '6' HOUR)"
    return seen.groupBy(F.col("number").alias("n")).agg(
        F.expr("max_by(id, struct(at, known))").alias("id"),
        F.expr("max_by(v, struct(at, known))").alias("v"),
        F.expr(f"count(1) {in_hours}").alias("n_6h"),
        F.expr(f"count(1) {in_week}").alias("n_7d"),
        F.expr(f"sum(v) {in_week}").alias("total_7d"),
        F.expr("sum(v)").alias("total_all"),
        F.expr(f"size(collect_set(kind) {in_hours})").cast("bigint").alias("kinds_6h"),
        F.expr(f"min(v) {in_hours}").alias("least_6h"),
        F.expr(f"max_by(v, struct(at, known)) {in_week}").alias("last_7d"),
        F.expr(f"max_by(v, struct(at, known), 3) {in_week}").alias("latest_7d"),
    )


def check(answers: DataFrame, tables: Tables, questions: int) -> str:
    """A sample of a function's answers against ``expected``.

    Raises:
        AssertionError: an answer is another one.
    """
    asked = tables.left.count()
    wanted = {
        row["n"]: row.asDict() for row in expected(sampled(tables.left, questions, asked), tables.right).collect()
    }
    found = [row.asDict() for row in sampled(answers, questions, asked).collect()]
    nothing = {"n_6h": 0, "n_7d": 0, "kinds_6h": 0}
    compared = [name for name in answers.columns if name not in tables.left.columns]
    for row in found:
        answer = wanted.get(row["n"], nothing)
        for name in compared:
            assert row[name] == answer.get(name), (name, row, answer)
    return f"{len(found)} questions, {len(wanted)} of which have rows: as by joining each with all rows of its key"


def report(log: event_log.Log) -> Iterator[str]:
    """A line for each stage."""
    for number, stage in stages(log):
        uneven = f"records x {unevenness(stage.records):.2f}, shuffled bytes x {even_bytes(stage):.2f}"
        memory = f"peak {stage.peak_bytes / 2**20:.0f} MiB, {stage.run_ms / 1000:.0f} s of tasks"
        yield f"  stage {number}: {stage.tasks} tasks, {sum(stage.records)} records, {uneven}, {memory}"


def main(words: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--parts", type=int, default=64)
    parser.add_argument("--heap", default="3g")
    parser.add_argument("--function", choices=FUNCTIONS, help="this one only")
    parser.add_argument("--keys", choices=("heavy", "alike"), help="these tables only")
    parser.add_argument("--sample", type=int, default=30, help="questions that are answered anew")
    asked = parser.parse_args(words)
    settings = {"spark.sql.shuffle.partitions": str(asked.parts), "spark.driver.memory": asked.heap}
    spark = open_session("skew", "local[2]", settings | {"spark.sql.files.openCostInBytes": "128m"})
    with tempfile.TemporaryDirectory() as place:
        for keys in (asked.keys,) if asked.keys else ("heavy", "alike"):
            folder = Path(place) / keys
            tables = make(spark, folder, asked.rows, asked.parts, heavy=keys == "heavy")
            for name in (asked.function,) if asked.function else FUNCTIONS:
                began = time.monotonic()
                with logged(spark, folder / f"log-{name}") as logs:
                    FUNCTIONS[name](tables).write.parquet(str(folder / name))
                print(f"{name}, keys {keys}, {asked.rows} rows: {time.monotonic() - began:.0f} s")
                print(*report(logs[0]), sep="\n", flush=True)
                print(check(spark.read.parquet(str(folder / name)), tables, asked.sample), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

"""Settings of Spark in pairs: the same table written with and without a setting, in turn; prints ratios.

    ./spark-submit.sh --exec python tests/benchmarks/pairs.py TABLE [--pairs 5] [--only NAME]

TABLE is the folder of an events table (``make bench`` leaves one at .headrace/bench/warehouse/raw/events_visits). Each
write reads it, shuffles by event date, sorts within a date by entity and writes Delta partitioned by date, which is what
the end of an ingest does. The two of a pair follow each other and their order alternates, so that a drift of the machine
falls on both. A ratio below 1 says that the setting helps. CPU is that of the JVM, which others on the machine disturb
less than seconds.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
from pyspark.sql import DataFrame, SparkSession

from headrace.ground.session import open_session

BASE = {
    "spark.sql.shuffle.partitions": "4",
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
    "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS",
    "spark.sql.parquet.compression.codec": "zstd",
    "spark.databricks.delta.snapshotPartitions": "2",
}
PLAIN = ("event_key", "row_hash", "event_id", "event_time", "received_at")
SETTINGS: dict[str, tuple[dict[str, str], dict[str, str]]] = {
    # name: (without, with)
    "timestamps as INT64": (
        {"spark.sql.parquet.outputTimestampType": "INT96"},
        {"spark.sql.parquet.outputTimestampType": "TIMESTAMP_MICROS"},
    ),
    "no dictionary for keys and times": ({}, {f"parquet.enable.dictionary#{name}": "false" for name in PLAIN}),
    "no dictionary for headrace's own keys": ({}, {f"parquet.enable.dictionary#{name}": "false" for name in PLAIN[:2]}),
    "zstd level 1": ({}, {"parquet.compression.codec.zstd.level": "1"}),
    "lz4": ({}, {"spark.sql.parquet.compression.codec": "lz4_raw"}),
    "snappy": ({}, {"spark.sql.parquet.compression.codec": "snappy"}),
    "planned write off, 64 writers": (
        {},
        {"spark.sql.optimizer.plannedWrite.enabled": "false", "spark.sql.maxConcurrentOutputFileWriters": "64"},
    ),
    "statistics on filtered columns alone": ({}, {"delta.dataSkippingStatsColumns": "landed_on,user_id"}),
    "nothing (how even pairs are)": ({}, {}),
}


@dataclass(frozen=True)
class Cost:
    """Of one write."""

    seconds: float
    cpu: float
    bytes: int


def write(spark: SparkSession, source: DataFrame, settings: dict[str, str], folder: Path) -> Cost:
    """Write the table once with these settings, and remove it."""
    for key, value in settings.items():
        if not key.startswith("delta."):
            spark.conf.set(key, value)
    options = {key: value for key, value in settings.items() if key.startswith("delta.")}
    began, used = time.monotonic(), used_by_jvm()
    laid = source.repartition("event_date").sortWithinPartitions("event_date", "user_id")
    laid.write.format("delta").partitionBy("event_date").options(**options).save(str(folder))
    seconds, cpu = time.monotonic() - began, used_by_jvm() - used
    size = sum(file.stat().st_size for file in folder.rglob("*.parquet"))
    shutil.rmtree(folder)
    for key in settings:
        spark.conf.set(key, BASE[key]) if key in BASE else spark.conf.unset(key)
    return Cost(seconds, cpu, size)


def used_by_jvm() -> float:
    """CPU seconds so far of the JVM below this process."""
    below = psutil.Process().children(recursive=True)
    times = [process.cpu_times() for process in below if "java" in process.name()]
    return sum(spent.user + spent.system for spent in times)


def compare(spark: SparkSession, source: DataFrame, name: str, pairs: int, folder: Path) -> str:
    """One setting: ratios with/without (median, least and greatest of the pairs)."""
    without, with_it = SETTINGS[name]
    ratios: dict[str, list[float]] = {"seconds": [], "cpu": [], "bytes": []}
    for turn in range(pairs):
        order = (without, with_it) if turn % 2 == 0 else (with_it, without)
        done = [write(spark, source, settings, folder / "written") for settings in order]
        off, on = done if turn % 2 == 0 else reversed(done)
        for measure, found in ratios.items():
            found.append(getattr(on, measure) / getattr(off, measure))
    told = (f"{key} x {statistics.median(r):.2f} ({min(r):.2f} to {max(r):.2f})" for key, r in ratios.items())
    return f"{name:40} {', '.join(told)}"


def main(words: list[str]) -> int:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("table", type=Path)
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--only", action="append", choices=[*SETTINGS])
    asked = parser.parse_args(words)
    spark = open_session("pairs", "local[2]", BASE)
    source = spark.read.format("delta").load(str(asked.table.resolve()))
    with tempfile.TemporaryDirectory(dir=asked.table.resolve().parent) as folder:
        write(spark, source, {}, Path(folder) / "warm")
        for name in asked.only or SETTINGS:
            print(compare(spark, source, name, asked.pairs, Path(folder)), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))

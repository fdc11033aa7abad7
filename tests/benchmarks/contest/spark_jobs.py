"""What Spark users do without headrace: a job for each feature, or one competent job for all; both over the raw events.

    python tests/benchmarks/contest/spark_jobs.py naive WORK.json RESULT.json HEAP
    ./spark-submit.sh tests/benchmarks/contest/spark_jobs.py competent WORK.json RESULT.json HEAP

``naive`` runs with Spark's settings as they come (but for the memory and the time zone), its features one after the
other; ``competent`` with those of conf/. Each writes all features of all users who had an event in the window.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.contest.work import Feature, Result, Work, checksums_sql, inside, since, work_of
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

AGGREGATES = {
    "count": "count(CASE WHEN {seen} THEN 1 END)",
    "sum": "sum(CASE WHEN {seen} THEN {expression} END)",
    "max": "max(CASE WHEN {seen} THEN {expression} END)",
    "count_distinct": "size(collect_set(CASE WHEN {seen} THEN {expression} END))",
}
"""Spark's own distinct count would multiply the rows by the number of distinct columns: a set does not."""
PLAIN = AGGREGATES | {"count_distinct": "count(DISTINCT CASE WHEN {seen} THEN {expression} END)"}
"""What one writes for a single feature."""


def plain_session(heap: str) -> SparkSession:
    """Spark as it comes."""
    builder: SparkSession.Builder = SparkSession.builder.master("local[2]").appName("naive")
    settings = {"spark.driver.memory": heap, "spark.sql.session.timeZone": "UTC", "spark.ui.enabled": "false"}
    for key, value in settings.items():
        builder = builder.config(key, value)
    return builder.getOrCreate()


def tuned_session() -> SparkSession:
    """With what conf/base.yaml sets."""
    import yaml

    from headrace.ground.session import open_session

    conf = Path(__file__).resolve().parents[3] / "conf/base.yaml"
    told = yaml.safe_load(conf.read_text(encoding="utf-8"))["spark"]["settings"]
    settings = {
        key: value for key, value in told.items() if not key.startswith("spark.eventLog.")
    }  # a run has a folder for it
    return open_session("competent", "local[2]", settings)


def naive(spark: SparkSession, asked: Work, at: date, output: Path) -> Iterator[DataFrame]:
    """One feature after the other, each from the raw history of its window."""
    for feature in asked.features:
        events = spark.read.parquet(asked.events).where(inside(at, feature.days))
        value = PLAIN[feature.aggregate].format(seen=feature.where, expression=feature.expression)
        yield _written(events.groupBy("user_id").agg(F.expr(value).alias(feature.column)), output / feature.column)


def competent(spark: SparkSession, asked: Work, at: date, output: Path) -> Iterator[DataFrame]:
    """All features in one pass over the longest window."""
    events = spark.read.parquet(asked.events).where(inside(at, asked.longest))
    values = [F.expr(_value(feature, at)).alias(feature.column) for feature in asked.features]
    yield _written(events.groupBy("user_id").agg(*values), output)


def _value(feature: Feature, at: date) -> str:
    seen = f"event_date >= {since(at, feature.days)} AND ({feature.where})"
    return AGGREGATES[feature.aggregate].format(seen=seen, expression=feature.expression)


def _written(made: DataFrame, folder: Path) -> DataFrame:
    made.write.mode("overwrite").parquet(str(folder))
    return made.sparkSession.read.parquet(str(folder))


def checksums(asked: Work, written: list[DataFrame]) -> dict[str, str]:
    """By column, of what was written."""
    found: dict[str, str] = {}
    for frame in written:
        here = tuple(feature for feature in asked.features if feature.column in frame.columns)
        row = frame.agg(*(F.expr(sql) for sql in checksums_sql(here))).head(1)[0]
        found |= row.asDict()
    return found


def contend(kind: str, asked: Work, heap: str) -> Result:
    """The refreshes; the naive contender is warm from its first feature on, the competent one runs the day before first."""
    spark = plain_session(heap) if kind == "naive" else tuned_session()
    way = {"naive": naive, "competent": competent}[kind]
    output = Path(asked.output) / kind
    seconds, found = [], {}
    if kind == "competent":
        list(way(spark, asked, asked.backfill[-1], output))
    for at in asked.refreshes:
        began = time.perf_counter()
        written = list(way(spark, asked, at, output))
        seconds.append(time.perf_counter() - began)
        found[str(at)] = checksums(asked, written)
    shutil.rmtree(output)
    return Result({"refresh": seconds}, found)


if __name__ == "__main__":
    name, told, result, memory = sys.argv[1:5]
    done = contend(name, work_of(Path(told).read_text(encoding="utf-8")), memory)
    Path(result).write_text(done.told(), encoding="utf-8")

"""The as-of join against what else there is: union and last value on Spark, and DuckDB's ASOF join.

    ./spark-submit.sh tests/benchmarks/contest/instants.py spark FOLDER RESULT.json ROWS KEYS
    python tests/benchmarks/contest/instants.py duckdb FOLDER RESULT.json

ROWS questions about ROWS values of KEYS keys. The values arrive when they happen: what comes late is what the two
others cannot do, so it is left out. Instants are all different, so that the answers of all three have to be equal.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

SECONDS = 30 * 86_400
CHECK = "concat(count(v), ':', coalesce(sum(v * (1 + n % 1009)), 0))"


def make(spark: Any, folder: Path, rows: int, keys: int) -> None:
    """``left (k, t, n)`` and ``right (k, at, v)`` as Parquet; even microseconds ask, odd ones answer."""
    for name, odd, columns in (("left", 0, "k, at AS t, id AS n"), ("right", 1, "k, at, id AS v")):
        spark.range(0, rows, 1, 4).selectExpr(
            "id", f"pmod(xxhash64(id, {odd}), {keys}) AS k",
            f"timestamp_micros((pmod(xxhash64(id, 2, {odd}), {SECONDS}) * 1000000 + id % 500000) * 2 + {odd}) AS at",
        ).selectExpr(*columns.split(", ")).write.mode("overwrite").parquet(str(folder / name))  # fmt: skip


def ours(left: Any, right: Any) -> Any:
    """headrace's join."""
    from headrace.features.asof import as_of_join

    return as_of_join(left, right, by="k", left_time="t", right_time="at", columns=["v"])


def union_and_last(left: Any, right: Any) -> Any:
    """The usual way: both sides in one, and the last value so far of each key."""
    from pyspark.sql import Window
    from pyspark.sql import functions as F

    both = left.selectExpr("k", "t", "n", "CAST(NULL AS BIGINT) AS v").unionByName(
        right.selectExpr("k", "at AS t", "CAST(NULL AS BIGINT) AS n", "v")
    )
    so_far = Window.partitionBy("k").orderBy("t").rowsBetween(Window.unboundedPreceding, Window.currentRow)
    return both.withColumn("v", F.last("v", ignorenulls=True).over(so_far)).where("n IS NOT NULL")


def on_spark(folder: Path, rows: int, keys: int) -> dict[str, dict[str, Any]]:
    """Seconds and check of both ways; each once before it counts."""
    from benchmarks.contest.spark_jobs import tuned_session

    spark = tuned_session()
    make(spark, folder, rows, keys)
    left, right = (spark.read.parquet(str(folder / name)) for name in ("left", "right"))
    found = {}
    for name, way in (("headrace", ours), ("union and last", union_and_last)):
        for _ in range(2):
            began = time.perf_counter()
            way(left, right).write.mode("overwrite").parquet(str(folder / "out"))
            took = time.perf_counter() - began
        found[name] = {
            "seconds": took,
            "check": spark.read.parquet(str(folder / "out")).selectExpr(CHECK).head(1)[0][0],
        }
    return found


def on_duckdb(folder: Path) -> dict[str, dict[str, Any]]:
    """The same of DuckDB."""
    import duckdb

    base = duckdb.connect(config={"threads": 2})
    sides = {name: f"read_parquet('{folder}/{name}/*.parquet')" for name in ("left", "right")}
    out = folder / "duckdb.parquet"
    query = f"SELECT l.k, t, n, v FROM {sides['left']} l ASOF LEFT JOIN {sides['right']} r ON l.k = r.k AND l.t >= r.at"
    for _ in range(2):
        began = time.perf_counter()
        base.execute(f"COPY ({query}) TO '{out}' (FORMAT parquet)")
        took = time.perf_counter() - began
    check = base.execute(f"SELECT {CHECK} FROM '{out}'").fetchall()[0][0]
    return {"DuckDB's ASOF": {"seconds": took, "check": check}}


if __name__ == "__main__":
    engine, place, told, *sizes = sys.argv[1:]
    made = on_spark(Path(place), *map(int, sizes)) if engine == "spark" else on_duckdb(Path(place))
    Path(told).write_text(json.dumps(made), encoding="utf-8")

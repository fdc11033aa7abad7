"""The one place where a Spark session is made, and where what only classic Spark can do is named."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from pyspark.sql import SparkSession

from headrace.ground.artifacts import DELTA_PACKAGE, EXCLUDED

BINDING = {
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.enabled": "true",
    "spark.sql.caseSensitive": "false",
    "spark.sql.decimalOperations.allowPrecisionLoss": "true",
}
"""What headrace's meaning rests on; a session of ours always has it."""
MEANING = {
    key: value
    for key, value in BINDING.items()
    if key not in ("spark.sql.extensions", "spark.sql.catalog.spark_catalog")
}
"""The part of it that each session can have for itself, beside others of the same application."""
OURS = "spark.headrace.session"
"""Set where headrace made the application: then all of its jobs may be cancelled."""
TAG = "headrace"
LOCAL = {
    "spark.driver.memory": "3g",
    # Spark generates methods that HotSpot thinks too long to compile: parsing took 22 s without the second flag, 16 s with.
    "spark.driver.extraJavaOptions": "-XX:+UseParallelGC -XX:-DontCompileHugeMethods",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def jars() -> list[str]:
    """Delta's jars as the bootstrap resolved them into this environment; none where it has not run."""
    return sorted(map(str, (Path(sys.prefix) / "share" / "headrace" / "jars").glob("*.jar")))


def open_session(name: str, master: str, settings: Mapping[str, str]) -> SparkSession:
    """A session of our own beside the one that is there, which is left as it is; else a new application.

    What spark-submit was told on its command line stands above ``settings``, and those above the local defaults.
    """
    existing = SparkSession.getActiveSession()
    if existing is not None:
        return _beside(existing)
    name_interpreters()
    told = _told_by_spark_submit()
    found = jars()
    resolved = {"spark.jars.packages": DELTA_PACKAGE, "spark.jars.excludes": ",".join(EXCLUDED)}
    delta = {"spark.jars": ",".join(found)} if found else resolved
    wanted = LOCAL | delta | dict(settings) | BINDING | {OURS: "made"}
    builder: Any = SparkSession.builder.appName(name)
    if "spark.master" not in told:
        builder = builder.master(master)
    for key, value in wanted.items():
        if key not in told:
            builder = builder.config(key, value)
    session: SparkSession = builder.getOrCreate()
    return session


def _beside(existing: SparkSession) -> SparkSession:
    """A session of the same application that means what ours mean; the other keeps its settings and its views."""
    if not is_classic(existing):
        return existing
    return _meaning_ours(existing.newSession())


def _meaning_ours(session: SparkSession) -> SparkSession:
    for key, value in MEANING.items():
        if session.conf.get(key, None) != value:
            session.conf.set(key, value)
    return session


@contextmanager
def active_session_kept() -> Iterator[None]:
    """Afterwards the thread's active session is the one that it was: ``createDataFrame`` makes its own session active."""
    before = SparkSession.getActiveSession()
    try:
        yield
    finally:
        if before is not None and is_classic(before) and SparkSession.getActiveSession() is not before:
            before.createDataFrame([], "nothing int")


def is_ours(spark: SparkSession) -> bool:
    """Whether headrace made the application that a session belongs to."""
    return spark.conf.get(OURS, None) is not None


def told_master() -> str | None:
    """The master of the session that is there, or the one that spark-submit was told; None where neither is."""
    existing = SparkSession.getActiveSession()
    if existing is not None:
        return str(existing.sparkContext.master) if is_classic(existing) else None
    return _told_by_spark_submit().get("spark.master")


def name_interpreters() -> None:
    """Workers run this Python; the JVM is the Java that the bootstrap found. What the user has set stands."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    found = Path(sys.prefix) / "share" / "headrace" / "java_home"
    if found.is_file():
        os.environ.setdefault("JAVA_HOME", found.read_text(encoding="utf-8").strip())


def _told_by_spark_submit() -> dict[str, str]:
    """The properties of a JVM that spark-submit has started before us; none where Python comes first."""
    if "PYSPARK_GATEWAY_PORT" not in os.environ:
        return {}
    from pyspark import SparkConf, SparkContext

    SparkContext._ensure_initialized()
    return dict(SparkConf().getAll())


def send_by_value(names: Iterable[str]) -> None:
    """Functions of these imported packages travel to workers whole, not as names.

    A project's folder is on no worker's path, and two projects may both have a package of one name.
    """
    from pyspark import cloudpickle

    register: Any = cloudpickle.register_pickle_by_value
    for name in names:
        register(sys.modules[name])


def is_classic(spark: SparkSession) -> bool:
    """Whether the session drives a JVM itself, and is not a Spark Connect client."""
    return type(spark).__module__ == "pyspark.sql.session"


def session_for_thread(spark: SparkSession, pool: str) -> SparkSession:
    """A session of the same application with settings and temporary views of its own, in a FAIR pool of its own."""
    if not is_classic(spark):
        return spark
    spark.sparkContext.setLocalProperty("spark.scheduler.pool", pool)
    spark.sparkContext.addJobTag(TAG)
    return _meaning_ours(spark.newSession())


def running_stages(spark: SparkSession) -> tuple[tuple[str, int, int], ...]:
    """``(stage name, tasks done, tasks)`` of each running stage; empty on Spark Connect."""
    if not is_classic(spark):
        return ()
    tracker = spark.sparkContext.statusTracker()
    stages = (tracker.getStageInfo(stage) for stage in tracker.getActiveStageIds())
    return tuple((info.name, info.numCompletedTasks, info.numTasks) for info in stages if info is not None)


def cancel_all(spark: SparkSession) -> None:
    """Cancel what the application is doing, or, in somebody else's, what our job threads are; the session stays."""
    if is_classic(spark) and not is_ours(spark):
        spark.sparkContext.cancelJobsWithTag(TAG)
    elif is_classic(spark):
        spark.sparkContext.cancelAllJobs()
    else:
        spark.interruptAll()


def slots(spark: SparkSession) -> int:
    """How many tasks run at once; 1 where that cannot be known (Spark Connect)."""
    return int(spark.sparkContext.defaultParallelism) if is_classic(spark) else 1

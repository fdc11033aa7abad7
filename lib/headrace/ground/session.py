"""The one place where a Spark session is made, and where what only classic Spark can do is named."""

from __future__ import annotations

import atexit
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from hashlib import sha256
from typing import Any, cast

from pyspark.sql import SparkSession
from pyspark.sql.utils import is_remote as is_client

from headrace.ground.artifacts import DELTA_PACKAGE, EXCLUDED, jars, name_interpreters
from headrace.ground.server import check_reachable, is_here, read_address, settings_of_session
from headrace.ground.telling import hush

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
CONNECT = {
    "spark.plugins": "org.apache.spark.sql.connect.SparkConnectPlugin",
    "spark.connect.grpc.binding.address": "127.0.0.1",  # Spark's own default is every address of the machine
    "spark.connect.grpc.binding.port": "0",  # any free one, so that two runs on one machine do not meet
    "spark.sql.artifact.isolation.enabled": "true",
    "spark.sql.artifact.isolation.alwaysApplyClassloader": "true",
}
"""What makes the application's own JVM a Connect server (as pyspark starts one, but for the address and the port)."""
_MODE = ("spark.api.mode", "spark.remote")
_INITIAL = "PYSPARK_REMOTE_INIT_CONF_LEN"


def open_session(name: str, master: str, settings: Mapping[str, str]) -> SparkSession:
    """A session of our own beside the one that is there, which is left as it is; else a new application.

    What spark-submit was told on its command line stands above ``settings``, and those above the local defaults. An
    address of a Connect server (``--remote``, SPARK_REMOTE, ``spark.remote``) is connected to; ``spark.api.mode=connect``
    starts a server on the loopback and connects to it.

    Raises:
        HeadraceError: SERVER_ADDRESS, SERVER_UNREACHABLE.
    """
    existing = _existing()
    if existing is not None:
        return _beside(existing)
    name_interpreters()
    told = _told_by_spark_submit()
    found = jars()
    resolved = {"spark.jars.packages": DELTA_PACKAGE, "spark.jars.excludes": ",".join(EXCLUDED)}
    delta = {"spark.jars": ",".join(found)} if found else resolved
    asked = dict(settings) | told
    remote = _remote(asked)
    if remote and not remote.startswith("local"):
        return _connect(remote, asked)
    # An address that is no address is a master: --remote 'local[2]' is Spark's other way to ask for Connect.
    wanted = {"spark.master": remote or master, **LOCAL, **delta, **settings, **BINDING, OURS: "made"}
    wanted = {key: value for key, value in wanted.items() if key not in told}
    mode = asked.get("spark.api.mode", os.environ.get("SPARK_API_MODE", "classic"))
    return _serve(name, wanted, told) if remote or mode.lower() == "connect" else _build(name, wanted)


def _existing() -> SparkSession | None:
    """The session that is active in this thread; on Connect, where other threads see none, the process's."""
    active = SparkSession.getActiveSession()
    if active is None and is_client():
        from pyspark.errors import PySparkRuntimeError

        try:
            return SparkSession.active()
        except PySparkRuntimeError:
            return None
    return active


def _remote(asked: Mapping[str, str]) -> str:
    return asked.get("spark.remote") or os.environ.get("SPARK_REMOTE", "")


def _build(name: str, wanted: Mapping[str, str]) -> SparkSession:
    builder: Any = SparkSession.builder.appName(name)
    for key, value in wanted.items():
        if key not in _MODE:
            builder = builder.config(key, value)
    session: SparkSession = builder.getOrCreate()
    return session


def _serve(name: str, wanted: Mapping[str, str], told: Mapping[str, str]) -> SparkSession:
    """Start a Connect server in this application's JVM and connect to it; it ends with the process.

    pyspark would do the same for ``spark.api.mode=connect``, but always on port 15002, on every address of the machine
    and, in a JVM that spark-submit has started, without asking clients for a token.
    """
    from pyspark.sql.connect.session import SparkSession as Client

    serving = {**CONNECT, **wanted}
    if _INITIAL in os.environ:
        # spark-submit was told of Connect: its JVM has a client's class path and cannot serve. We start one that can.
        for variable in ("PYSPARK_GATEWAY_PORT", "PYSPARK_GATEWAY_SECRET", "SPARK_REMOTE"):
            os.environ.pop(variable, None)
        serving |= {key: value for key, value in told.items() if not key.startswith(("spark.submit.", "spark.app."))}
    token = _token(serving)
    driver: Any = _build(name, {"spark.connect.authenticate.token": token, **serving})
    service = getattr(driver.sparkContext._jvm, "org.apache.spark.sql.connect.service.SparkConnectService$")
    port = getattr(service, "MODULE$").localPort()  # a Scala object
    # How pyspark knows that its functions are Connect's, and that stopping the client stops the server.
    os.environ |= {"SPARK_LOCAL_REMOTE": "1", "SPARK_CONNECT_MODE_ENABLED": "1"}
    hush()
    session = cast(SparkSession, Client.builder.remote(f"sc://localhost:{port}/;token={token}").getOrCreate())
    atexit.register(session.stop)  # else threads of the server keep a JVM of spark-submit's alive
    return session


def _token(settings: Mapping[str, str]) -> str:
    """What a client has to show: made from the secret that opens this process's JVM anyway, so it opens no more."""
    from pyspark import SparkConf, SparkContext

    given = [(key, value) for key, value in settings.items() if key not in _MODE]
    SparkContext._ensure_initialized(conf=SparkConf().setAll(given))
    gateway: Any = SparkContext._gateway
    return sha256(f"connect {gateway.gateway_parameters.auth_token}".encode()).hexdigest()


def _connect(url: str, asked: Mapping[str, str]) -> SparkSession:
    """A session of a server that runs already; what only its start could decide is left as it is."""
    check_reachable(read_address(url))
    hush()
    session: SparkSession = SparkSession.builder.remote(url).getOrCreate()
    for key, value in settings_of_session(asked).items():
        session.conf.set(key, value)
    return _meaning_ours(session)


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
    """The master of the session that is there, or the one that spark-submit was told; None where neither is.

    A Connect server decides its master itself: ``local`` stands for one on this machine, its address for any other.
    """
    existing = _existing()
    if existing is not None:
        return str(existing.sparkContext.master) if is_classic(existing) else None
    told = _told_by_spark_submit()
    remote = _remote(told)
    if not remote or remote.startswith("local"):
        return remote or told.get("spark.master")
    server = read_address(remote)
    return "local" if is_here(server) else server.shown


def _told_by_spark_submit() -> dict[str, str]:
    """The properties of a JVM that spark-submit has started before us; none where Python comes first."""
    if _INITIAL in os.environ:
        parts = (os.environ[f"PYSPARK_REMOTE_INIT_CONF_{part}"] for part in range(int(os.environ[_INITIAL])))
        return {key: value for part in parts for key, value in json.loads(part).items()}
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


@contextmanager
def session_for_thread(spark: SparkSession, pool: str) -> Iterator[SparkSession]:
    """A session of the same application with settings and temporary views of its own, let go at the end.

    On classic Spark it works in a FAIR pool of its own; on Connect all sessions share one pool.
    """
    if is_classic(spark):
        spark.sparkContext.setLocalProperty("spark.scheduler.pool", pool)
        for tag in (TAG, _tag(pool)):
            spark.sparkContext.addJobTag(tag)
        try:
            yield _meaning_ours(spark.newSession())
        finally:
            spark.sparkContext.clearJobTags()
        return
    client: Any = spark
    cloned = client.cloneSession()
    try:
        yield cloned
    finally:
        cloned.client.release_session()
        cloned.client.close()


def active_stages(spark: SparkSession) -> list[Any] | None:
    """The running stages as Spark's status store has them (its ``v1.StageData``); None on Spark Connect."""
    if not is_classic(spark):
        return None
    context: Any = spark.sparkContext
    found = context._jsc.sc().statusStore().activeStages()
    return [found.apply(number) for number in range(found.size())]


def cancel_all(spark: SparkSession) -> None:
    """Cancel what the application is doing, or, in somebody else's, what our job threads are; the session stays."""
    if is_classic(spark) and not is_ours(spark):
        spark.sparkContext.cancelJobsWithTag(TAG)
    elif is_classic(spark):
        spark.sparkContext.cancelAllJobs()
    else:
        spark.interruptAll()


def cancel_job(session: SparkSession, pool: str) -> None:
    """Cancel what the thread of one job is doing; it may begin anew."""
    if is_classic(session):
        session.sparkContext.cancelJobsWithTag(_tag(pool))
    else:
        session.interruptAll()


def _tag(pool: str) -> str:
    return f"{TAG} {pool}"


def slots(spark: SparkSession) -> int:
    """How many tasks run at once. On Connect: into how many parts Spark cuts a range, which is the same number."""
    if is_classic(spark):
        return int(spark.sparkContext.defaultParallelism)
    return spark.range(1_000_000).selectExpr("spark_partition_id() AS part").distinct().count()

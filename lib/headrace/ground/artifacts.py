"""What the bootstrap brought into this environment, and Delta's artifacts for sessions that Spark resolves packages for."""

from __future__ import annotations

import os
import sys
from pathlib import Path

DELTA_PACKAGE = "io.delta:delta-spark_4.2_2.13:4.4.0"
EXCLUDED = tuple(
    f"{group}:{artifact}"
    for group, artifacts in {
        "com.fasterxml.jackson.core": "jackson-annotations jackson-core jackson-databind",
        "com.fasterxml.jackson.datatype": "jackson-datatype-jdk8",
        "com.github.luben": "zstd-jni",
        "com.google.code.findbugs": "jsr305",
        "commons-logging": "commons-logging",
        "commons-pool": "commons-pool",
        "io.airlift": "aircompressor",
        "javax.annotation": "javax.annotation-api",
        "org.apache.hadoop": "hadoop-client-api hadoop-client-runtime",
        "org.apache.logging.log4j": "log4j-api log4j-core log4j-slf4j2-impl",
        "org.apache.parquet": (
            "parquet-column parquet-common parquet-encoding parquet-format-structures parquet-hadoop parquet-jackson"
        ),
        "org.locationtech.jts": "jts-core",
        "org.roaringbitmap": "RoaringBitmap shims",
        "org.scala-lang": "scala-library",
        "org.slf4j": "slf4j-api",
        "org.xerial.snappy": "snappy-java",
    }.items()
    for artifact in artifacts.split()
)
"""What Delta asks for and Spark ships itself, most of it newer (docs/adr/0011): two versions of a class are luck."""


def jars() -> list[str]:
    """Delta's jars as the bootstrap resolved them into this environment; none where it has not run."""
    return sorted(map(str, (Path(sys.prefix) / "share" / "headrace" / "jars").glob("*.jar")))


def name_interpreters() -> None:
    """Workers run this Python; the JVM is the Java that the bootstrap found. What the user has set stands."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("PYSPARK_DRIVER_PYTHON", sys.executable)
    found = Path(sys.prefix) / "share" / "headrace" / "java_home"
    if found.is_file():
        os.environ.setdefault("JAVA_HOME", found.read_text(encoding="utf-8").strip())

"""Delta's Java artifacts, for sessions that Spark itself resolves packages for."""

from __future__ import annotations

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

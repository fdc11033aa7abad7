"""Whether the plans of the test session are interpreted or compiled."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

SETTINGS = {
    "spark.sql.codegen.wholeStage": "false",
    "spark.sql.codegen.factoryMode": "NO_CODEGEN",
    "spark.sql.shuffle.partitions": "2",
    "spark.databricks.delta.snapshotPartitions": "2",
    "spark.sql.sources.parallelPartitionDiscovery.parallelism": "2",
    "spark.default.parallelism": "2",
    "spark.sql.adaptive.coalescePartitions.enabled": "false",
    "spark.sql.files.openCostInBytes": "64k",
    "spark.sql.execution.replaceHashWithSortAgg": "true",
    "spark.sql.maxMetadataStringLength": "100000",  # a golden plan is whole: where Spark cuts depends on how long ids are
}
"""The session of the tests. Plans are interpreted: to compile one takes longer than to run it on a few hundred rows.

Six runs of the tiny project: 198 and 201 s of processor interpreted, 236 and 260 s compiled. What is compiled is seen by
the tests that ask for ``generated``, and by all that start an application of their own.
"""
GENERATED = {"spark.sql.codegen.wholeStage": "true", "spark.sql.codegen.factoryMode": "FALLBACK"}
"""Spark's own defaults."""


@contextmanager
def compiled(spark: Any) -> Iterator[None]:
    """Plans of the session, and of those that a run opens beside it, are compiled, as outside of the tests."""
    plain = type(spark).newSession

    def told(session: Any) -> Any:
        for key, value in GENERATED.items():
            session.conf.set(key, value)
        return session

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(spark), "newSession", lambda session: told(plain(session)))
        told(spark)
        yield
        for key in GENERATED:
            spark.conf.set(key, SETTINGS[key])

"""The tables of an environment, as its configuration has them."""

from __future__ import annotations

from collections.abc import Callable

from pyspark.sql import SparkSession

from headrace.graph.project import Project
from headrace.tables.retention import Retention
from headrace.tables.spec import QUARANTINE
from headrace.tables.store import Store


def store_of(project: Project, spark: SparkSession, guard: Callable[[], None] = lambda: None) -> Store:
    """The project's tables through a session, as its configuration has them; ``guard`` is called before each write."""
    kept, locks = project.config.retention, project.config.storage.locks == "files"
    places = {QUARANTINE: project.root_of(QUARANTINE)}
    return Store(spark, project.tables_at, locks, Retention(kept.tables, kept.quarantine), places, guard)

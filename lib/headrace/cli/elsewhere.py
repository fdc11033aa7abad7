"""Catalogs that are in no folder of this machine, read through Spark: a session is opened only where one is named."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from headrace.graph.catalogs import TABLE, Elsewhere
from headrace.ground.config import Config


def rows_elsewhere(config: Config, name: str) -> Elsewhere:
    """A reader of catalogs at URIs; ``name`` is the project's, as Spark's pages show it."""

    def read(location: str) -> Iterable[Mapping[str, Any]]:
        from headrace.cli.eventlog import unlogged
        from headrace.ground.session import open_session
        from headrace.tables.spec import place_of
        from headrace.tables.travel import small_rows

        asked = config.spark
        spark = open_session(f"headrace {name}", asked.master, unlogged(asked.settings))
        return small_rows(spark, place_of(location, TABLE))

    return read

"""Where Spark keeps its event log: what it is told, and which file that is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pyspark.sql import SparkSession

from headrace.cli.journal import prune
from headrace.ground.places import local_path

ENABLED, FOLDER = "spark.eventLog.enabled", "spark.eventLog.dir"
KEPT = 30
"""The logs of so many applications are kept, where they are in the environment's own folder."""
_PLAIN = {"spark.eventLog.rolling.enabled": "false", "spark.eventLog.compress": "false"}


def logged(settings: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The settings, and where they turn the event log on and name no place for it, ``folder``, which is then there."""
    if settings.get(ENABLED) != "true" or FOLDER in settings:
        return dict(settings)
    folder.mkdir(parents=True, exist_ok=True)
    prune(folder, "*", KEPT)
    return {**_PLAIN, **settings, FOLDER: folder.absolute().as_uri()}


def log_file(spark: SparkSession) -> Path | None:
    """The log that a session's application writes; None where it writes none that this machine can read."""
    place, application = (spark.conf.get(key, None) for key in (FOLDER, "spark.app.id"))
    if spark.conf.get(ENABLED, "false") != "true" or not place or not application:
        return None
    folder = local_path(Path(), place)
    return None if folder is None else folder / f"{application}.inprogress"

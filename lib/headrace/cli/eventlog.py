"""Where Spark keeps its event log: what it is told, and which file that is."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path

from pyspark.sql import SparkSession

from headrace.cli.journal import prune
from headrace.ground.places import local_path
from headrace.ground.secret import is_reference, reveal_all

ENABLED, FOLDER = "spark.eventLog.enabled", "spark.eventLog.dir"
HIDING = "spark.redaction.regex"
_SECRETS = "(?i)secret|password|token|access[.]?key"
"""Spark's own default."""
KEPT = 30
"""The logs of so many applications are kept, where they are in the environment's own folder."""
Told = Callable[[Mapping[str, str]], dict[str, str]]
"""From a configuration's settings to what Spark is told."""
_PLAIN = {"spark.eventLog.rolling.enabled": "false", "spark.eventLog.compress": "false"}


def logged(asked: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The settings with their references resolved; where they turn the event log on and name no place for it, ``folder``.

    Spark writes settings into the log, and hides those whose names sound like a secret; ours are hidden by name as well.

    Raises:
        HeadraceError: REFERENCE_UNSET.
    """
    settings = reveal_all(asked, "spark.settings")
    if settings.get(ENABLED) != "true":
        return settings
    secret = [re.escape(name) for name, value in asked.items() if is_reference(value)]
    found = settings | ({HIDING: "|".join((settings.get(HIDING, _SECRETS), *secret))} if secret else {})
    if FOLDER in settings:
        return found
    folder.mkdir(parents=True, exist_ok=True)
    prune(folder, "*", KEPT)
    return {**_PLAIN, **found, FOLDER: folder.absolute().as_uri()}


def unlogged(asked: Mapping[str, str]) -> dict[str, str]:
    """The settings with their references resolved, and no event log: for a session that only looks around.

    Raises:
        HeadraceError: REFERENCE_UNSET.
    """
    return reveal_all(asked, "spark.settings") | {ENABLED: "false"}


def log_file(spark: SparkSession) -> Path | None:
    """The log that a session's application writes; None where it writes none that this machine can read."""
    place, application = (spark.conf.get(key, None) for key in (FOLDER, "spark.app.id"))
    if spark.conf.get(ENABLED, "false") != "true" or not place or not application:
        return None
    folder = local_path(Path(), place)
    return None if folder is None else folder / f"{application}.inprogress"

"""What is done to tables besides writing rows: an earlier content given back, small files laid together, old ones let go."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from headrace.ground.errors import HeadraceError
from headrace.tables.layout import MEBIBYTE, Work
from headrace.tables.log import Commit
from headrace.tables.retention import FILES, interval, retained
from headrace.tables.spec import FORMAT_VERSION, Table, place_of
from headrace.tables.store import Store

LARGE = 128 * MEBIBYTE
"""How large a file may become by laying others together."""
_NOTE = "spark.databricks.delta.commitInfo.userMetadata"
LAID_ANEW = frozenset({"OPTIMIZE", "SET TBLPROPERTIES", "UNSET TBLPROPERTIES", "VACUUM START", "VACUUM END"})
"""Operations that leave every row as it was."""


def named(name: str) -> Table:
    """A table by its name alone: as much as is needed where no row is written."""
    return Table(name, "")


def restore(store: Store, name: str, version: int, decision: int) -> int:
    """Give a table the content of an earlier version, in one commit, which is returned. Files are named anew, not copied.

    The commit carries the decision: asked for again, it is found and nothing is done.

    Raises:
        HeadraceError: VERSION_GONE.
    """
    table = named(name)
    with store.writing(table):
        made = next((one for one in store.commits(table) if is_of(one, decision)), None)
        return _restore(store, table, version, decision) if made is None else made.version


def is_of(commit: Commit, decision: int) -> bool:
    """Whether a commit is the RESTORE of a decision."""
    return commit.operation == "RESTORE" and commit.note.get("decision") == str(decision)


def _restore(store: Store, table: Table, version: int, decision: int) -> int:
    note = json.dumps({"decision": decision, "format_version": FORMAT_VERSION}, sort_keys=True)
    try:
        with _set(store.spark, {_NOTE: note}):
            store.spark.sql(f"RESTORE TABLE delta.`{store.path(table)}` TO VERSION AS OF {version}")
    except PySparkException as error:
        problem = str(error).splitlines()[0]
        raise HeadraceError("VERSION_GONE", table=table.name, version=version, problem=problem) from error
    last = store.commits(table)[0]
    if not is_of(last, decision):
        raise HeadraceError("COMMIT_NOT_SEEN", table=table.name)
    return last.version


def tend(store: Store, work: Work, run_id: str) -> None:
    """Do what is to be done about a table: small files laid together, files of versions that are over let go.

    Compaction changes no row: its commit says so (``dataChange`` is false), and no stamp follows from it.

    Raises:
        HeadraceError: VACUUM_TOO_SHORT where less would be kept than the table promises.
    """
    table = named(work.table)
    place = f"delta.`{store.path(table)}`"
    with store.writing(table):
        if work.compact:
            where = f" WHERE {work.where}" if work.where else ""
            with _set(store.spark, {_NOTE: json.dumps({"upkeep": run_id}), **_sizes(work.small)}):
                store.spark.sql(f"OPTIMIZE {place}{where}")
        if work.hours is not None:
            promised = retained(store.properties(table), FILES)
            if timedelta(hours=work.hours) < promised:
                raise HeadraceError("VACUUM_TOO_SHORT", table=work.table, hours=work.hours, promised=interval(promised))
            store.spark.sql(f"VACUUM {place} RETAIN {work.hours} HOURS")


def tell(store: Store, table: Table, properties: Mapping[str, str]) -> None:
    """Give a table properties, in one commit; no row changes."""
    told = ", ".join(f"'{_escaped(key)}' = '{_escaped(value)}'" for key, value in properties.items())
    with store.writing(table):
        store.spark.sql(f"ALTER TABLE delta.`{store.path(table)}` SET TBLPROPERTIES ({told})")


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("'", "\\'")


def _sizes(small: int) -> dict[str, str]:
    return {
        "spark.databricks.delta.optimize.minFileSize": str(small),
        "spark.databricks.delta.optimize.maxFileSize": str(LARGE),
    }


@contextmanager
def _set(spark: SparkSession, settings: Mapping[str, str]) -> Iterator[None]:
    """Settings of a session while it is open; afterwards they are as they were."""
    before = {key: spark.conf.get(key, None) for key in settings}
    for key, value in settings.items():
        spark.conf.set(key, value)
    try:
        yield
    finally:
        for key, was in before.items():
            spark.conf.unset(key) if was is None else spark.conf.set(key, was)


def sql_name(warehouse: Path | str, table: str) -> str:
    """``schema.table`` as SQL names it in any session that has Delta; for people, who copy it."""
    return f"delta.`{place_of(warehouse, table)}`"

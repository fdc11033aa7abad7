"""What is done to tables besides writing rows: an earlier content given back."""

from __future__ import annotations

import json

from pyspark.errors import PySparkException

from headrace.ground.errors import HeadraceError
from headrace.tables.lock import commit_lock
from headrace.tables.log import Commit
from headrace.tables.spec import FORMAT_VERSION, Table
from headrace.tables.store import Store

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
    with commit_lock(store.lock_file(table)):
        made = next((one for one in store.commits(table) if is_of(one, decision)), None)
        return _restore(store, table, version, decision) if made is None else made.version


def is_of(commit: Commit, decision: int) -> bool:
    """Whether a commit is the RESTORE of a decision."""
    return commit.operation == "RESTORE" and commit.note.get("decision") == str(decision)


def _restore(store: Store, table: Table, version: int, decision: int) -> int:
    note = json.dumps({"decision": decision, "format_version": FORMAT_VERSION}, sort_keys=True)
    spark, place = store.spark, f"delta.`{store.path(table)}`"
    spark.conf.set(_NOTE, note)
    try:
        spark.sql(f"RESTORE TABLE {place} TO VERSION AS OF {version}")
    except PySparkException as error:
        problem = str(error).splitlines()[0]
        raise HeadraceError("VERSION_GONE", table=table.name, version=version, problem=problem) from error
    finally:
        spark.conf.unset(_NOTE)
    last = store.commits(table)[0]
    if not is_of(last, decision):
        raise HeadraceError("COMMIT_NOT_SEEN", table=table.name)
    return last.version

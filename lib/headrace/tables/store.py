"""The store: the only place where Delta tables are read and written."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from pathlib import Path
from types import MappingProxyType
from typing import Any

from pyspark.errors import AnalysisException, PySparkException
from pyspark.sql import DataFrame, DataFrameWriter, SparkSession

from headrace.ground.artifacts import DELTA_PACKAGE
from headrace.ground.asset import At, Receipt
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval
from headrace.ground.session import is_classic
from headrace.tables.lock import commit_lock
from headrace.tables.log import OF_A_LEDGER, Commit, commit_told, log_of, note_of
from headrace.tables.newest import all_rows
from headrace.tables.retention import Retention
from headrace.tables.spec import FORMAT_VERSION, Table, place_of
from headrace.tables.torn import check_whole

_MARKER = "_headrace.json"
_PRESENT = json.dumps({"format_version": FORMAT_VERSION})
_ALL = 100_000  # commits, where all are asked for
_NO_VERSION = (
    "DELTA_VERSION_NOT_FOUND", "DELTA_TRUNCATED_TRANSACTION_LOG", "DELTA_LOG_FILE_NOT_FOUND",
    "DELTA_UNSUPPORTED_TIME_TRAVEL_BEYOND_DELETED_FILE_RETENTION_DURATION",
)  # fmt: skip
_NO_TABLE = ("PATH_NOT_FOUND", "DELTA_TABLE_NOT_FOUND", "DELTA_PATH_DOES_NOT_EXIST")


class Store:
    """Tables below one warehouse, at ``{warehouse}/{schema}/{table}``, through one Spark session.

    A warehouse is a folder that this machine sees, or a URI that only Spark does. ``locks``: whether files beside the
    tables keep two processes from writing one table at once. ``retention``: for how long earlier versions are kept.
    ``places``: tables that lie below another root, by name. ``guard`` raises where nothing may be written any more.
    """

    def __init__(
        self,
        spark: SparkSession,
        warehouse: Path | str,
        locks: bool = True,
        retention: Retention | None = None,
        places: Mapping[str, Path | str] = MappingProxyType({}),
        guard: Callable[[], None] = lambda: None,
    ) -> None:
        self.spark = spark
        self.warehouse = warehouse
        self.locks = locks and isinstance(warehouse, Path)
        self.retention = retention or Retention()
        self.places = places
        self.guard = guard
        self._read: dict[str, int] = {}
        if isinstance(warehouse, Path):
            _check_format(warehouse)
        else:
            _check_format_by_spark(spark, warehouse)

    def through(self, spark: SparkSession) -> Store:
        """The same warehouse through another session."""
        other = copy(self)
        other.spark = spark
        other._read = {}
        return other

    def path(self, table: Table) -> str:
        """Where the table is."""
        return place_of(self._root(table), table.name)

    def _root(self, table: Table) -> Path | str:
        return self.places.get(table.name, self.warehouse)

    def exists(self, table: Table) -> bool:
        """Whether the table has a commit. A killed first write leaves a log folder with none."""
        if isinstance(self._root(table), Path):
            return any(Path(self.path(table), "_delta_log").glob("[0-9]*.json"))
        return self._answers(table)

    def load(self, table: Table, version: int | None = None) -> DataFrame:
        """The rows that the table's writer owns (all, but for a table in parts), at a version or the latest.

        The latest is that of the call: a frame of classic Spark is bound to it, one of Spark Connect would be looked up
        again at each use, and a job that reads what it also writes would see its own commit.

        Raises:
            HeadraceError: TABLE_MISSING; TABLE_LOG_TORN; VERSION_GONE where Delta does not give that version any more.
        """
        if not self.exists(table):
            raise HeadraceError("TABLE_MISSING", table=table.name, hint="headrace run makes all of them.")
        check_whole(self._root(table), table.name)
        if version is None and not is_classic(self.spark):
            version = self._latest(table)
        reader = self.spark.read.format("delta")
        if version is not None and is_classic(self.spark) and version == self._latest(table):
            version = None  # Delta refuses to travel to a version older than the retention, the latest one included
        if version is not None:
            reader = reader.option("versionAsOf", version)
        try:
            frame = reader.load(self.path(table))
        except AnalysisException as error:
            raise self._gone(table, version, error) from error
        owned = table.predicate(None)
        return frame if owned is None else frame.where(owned)

    def _gone(self, table: Table, version: int | None, error: AnalysisException) -> Exception:
        if error.getCondition() not in _NO_VERSION:
            return error
        problem = str(error).splitlines()[0]
        return HeadraceError("VERSION_GONE", table=table.name, version=version, problem=problem)

    def _latest(self, table: Table) -> int:
        if not isinstance(self._root(table), Path):
            return int(self.history(table, 1)[0]["version"])
        commits = (file.stem for file in Path(self.path(table), "_delta_log").glob("[0-9]*.json"))
        return max(int(commit) for commit in commits if commit.isdigit())

    def read(self, table: Table, at: At) -> DataFrame:
        """The table as it is now (the sink's side of ``load``), at a version that ``pinned_version`` names."""
        if not self.exists(table):
            return self.load(table)  # which says that it is missing
        version, frame = self._latest(table), self.load(table)
        while version != (now := self._latest(table)):  # somebody else wrote meanwhile
            version, frame = now, self.load(table)
        self._read[table.name] = version
        return frame

    def pinned_version(self, table: Table) -> str:
        """The version that was last read through this session; of a table that was not read, the latest."""
        if table.name in self._read:
            return str(self._read[table.name])
        return str(self._latest(table)) if self.exists(table) else "none"

    def commit(self, table: Table, value: DataFrame, at: At, identity: Mapping[str, str]) -> Receipt:
        """Replace what the table has for ``at.interval`` by ``value``, in one Delta commit."""
        return self.replace(table, value, at.interval, {**identity, "run_id": at.run_id, "began": at.now.isoformat()})

    def replace(
        self, table: Table, frame: DataFrame, interval: Interval | None, identity: Mapping[str, str]
    ) -> Receipt:
        """Replace the rows of ``interval`` (of the whole table where it is not cut by intervals).

        The commit's userMetadata carries ``identity``; the version returned is proven by reading it back.

        Raises:
            HeadraceError: COMMIT_NOT_SEEN.
        """
        note = json.dumps({**identity, "format_version": table.format_version}, sort_keys=True)
        with self.writing(table):
            writer = frame.write.format("delta").mode("overwrite").option("userMetadata", note)
            self._shape(writer, table, table.overwritten(interval)).save(self.path(table))
            return self._receipt(table, note, frame)

    def _shape(self, writer: DataFrameWriter, table: Table, predicate: str | None) -> DataFrameWriter:
        if not self.exists(table):
            properties = self._wanted(table) | {"delta.enableTypeWidening": "true"}
            return writer.options(**properties).partitionBy(*table.partitioned_by)
        if predicate is None:
            return writer.option("overwriteSchema", "true").partitionBy(*table.partitioned_by)
        return writer.option("replaceWhere", predicate).option("mergeSchema", "true")

    def _receipt(self, table: Table, note: str, frame: DataFrame) -> Receipt:
        """Prove the commit. Delta makes none where nothing is replaced by nothing; a write with rows must be there."""
        last = self._last(table)
        if last.note != note_of(note):
            if frame.isEmpty():
                return Receipt(version=str(last.version), rows=0)
            raise HeadraceError("COMMIT_NOT_SEEN", table=table.name)
        return Receipt(version=str(last.version), rows=last.rows or 0)

    def _last(self, table: Table) -> Commit:
        """The newest commit: from the log itself where this machine sees it, which asks no query of Spark."""
        read = log_of(self._root(table), table.name).commits(1)
        return read[0] if read else commit_told(self.history(table, 1)[0])

    def purge(self, table: Table, predicate: str) -> int:
        """Delete the rows for which ``predicate`` (SQL) holds, and files that were let go long enough ago; how many rows."""
        place = f"delta.`{self.path(table)}`"
        with self.writing(table):
            deleted = self.spark.sql(" ".join(("DELETE FROM", place, "WHERE", predicate))).head(1)[0]
            self.spark.sql(f"VACUUM {place}")
        return int(deleted["num_affected_rows"])

    def history(self, table: Table, most: int) -> list[dict[str, Any]]:
        """The latest ``most`` commits, newest first."""
        rows = self.spark.sql(f"DESCRIBE HISTORY delta.`{self.path(table)}` LIMIT {int(most)}").collect()
        return [row.asDict(recursive=True) for row in rows]

    def commits(self, table: Table) -> tuple[Commit, ...]:
        """All commits that the log still keeps, newest first, as ``TableLog.commits`` gives them; () where none is."""
        if not self.exists(table):
            return ()
        return tuple(commit_told(row) for row in self.history(table, _ALL))

    def read_rows(self, table: Table) -> list[dict[str, Any]]:
        """A small ledger (a row a job interval or decision) as plain rows: from its files, or by Spark where they are elsewhere."""
        check_whole(self._root(table), table.name)
        rows = all_rows(log_of(self._root(table), table.name))
        if rows is None and self.exists(table):
            rows = [row.asDict(recursive=True) for row in self.load(table).collect()]
        return rows or []

    def append_rows(self, table: Table, rows: list[dict[str, Any]], schema: str) -> None:
        """Append plain rows to a ledger table, in one commit."""
        frame = self.spark.createDataFrame([tuple(row.values()) for row in rows], schema).coalesce(1)
        with self.writing(table):
            writer = frame.write.format("delta").mode("append").option("mergeSchema", "true")
            if not self.exists(table):
                writer = writer.options(**self._wanted(table), **OF_A_LEDGER)
            writer.save(self.path(table))

    def _wanted(self, table: Table) -> dict[str, str]:
        """The properties that a table has: for how long it keeps versions, and of which columns its log has values."""
        columns = ",".join(table.statistics)
        told = {"delta.dataSkippingStatsColumns": columns} if columns else {"delta.dataSkippingNumIndexedCols": "0"}
        return self.retention.properties(table) | told

    def settle(self, tables: Iterable[Table]) -> tuple[str, ...]:
        """Bring tables that exist up to the properties of those that are made now; the names of those that had others.

        VACUUM and checkpoints then leave what the retention promises, whoever calls them.
        """
        changed = []
        for table in {table.name: table for table in tables}.values():
            wanted = self._wanted(table)
            if not self.exists(table) or wanted.items() <= self.properties(table).items():
                continue
            told = ", ".join(f"'{key}' = '{value}'" for key, value in wanted.items())
            with self.writing(table):
                self.spark.sql(f"ALTER TABLE delta.`{self.path(table)}` SET TBLPROPERTIES ({told})")
            changed.append(table.name)
        return tuple(changed)

    def properties(self, table: Table) -> Mapping[str, str]:
        """The table's properties: from its log, where this machine can read that."""
        told = log_of(self._root(table), table.name).properties()
        if told is not None:
            return told
        return dict(self.spark.sql(f"DESCRIBE DETAIL delta.`{self.path(table)}`").head(1)[0]["properties"])

    @contextmanager
    def writing(self, table: Table) -> Iterator[None]:
        """Be the only writer of a table (no file where Delta keeps writers apart), and one that still may write."""
        folder = self.warehouse / "_locks" if self.locks and isinstance(self.warehouse, Path) else None
        with commit_lock(folder / f"{table.name}.lock" if folder is not None else None):
            self.guard()
            yield

    def _answers(self, table: Table) -> bool:
        """Ask Delta itself, where there is no folder to look into."""
        try:
            return bool(self.spark.read.format("delta").load(self.path(table)).columns)
        except AnalysisException as error:
            if error.getCondition() in _NO_TABLE:
                return False
            raise


def check_delta(spark: SparkSession) -> None:
    """Refuse a session, made by others, that cannot do what is done here. Nothing is read: Delta's parser is asked.

    Raises:
        HeadraceError: SESSION_WITHOUT_DELTA.
    """
    try:  # there is no such table; Delta says so where it is at home, Spark's own parser reads other words
        spark.sql("DESCRIBE HISTORY delta.`/`")
    except PySparkException as error:
        condition = error.getCondition() or ""
        if not condition.startswith("DELTA_") or condition.startswith("DELTA_CONFIGURE"):
            raise HeadraceError("SESSION_WITHOUT_DELTA", condition=condition, package=DELTA_PACKAGE) from error


def _check_format(warehouse: Path) -> None:
    marker = warehouse / _MARKER
    if not marker.is_file():
        warehouse.mkdir(parents=True, exist_ok=True)
        marker.write_text(_PRESENT + "\n", encoding="utf-8")
    _check_version(warehouse, marker.read_text(encoding="utf-8"))


def _check_format_by_spark(spark: SparkSession, warehouse: str) -> None:
    """The same where only Spark can look: the marker is a folder with one line in it."""
    marker = f"{warehouse.rstrip('/')}/{_MARKER}"
    spark.createDataFrame([(_PRESENT,)], "value string").coalesce(1).write.mode("ignore").text(marker)
    _check_version(warehouse, spark.read.text(marker).head(1)[0]["value"])


def _check_version(warehouse: Path | str, text: str) -> None:
    found = json.loads(text).get("format_version")
    if not isinstance(found, int) or found > FORMAT_VERSION:
        raise HeadraceError("TABLE_FORMAT", table=warehouse, found=found, known=FORMAT_VERSION)

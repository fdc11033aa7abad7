"""Reading tables of others where they are: at one version, and by day of arrival.

A command looks at a table once. The version that it finds is *pinned*: it is what is planned from and what is read,
whatever is written meanwhile. What lies in an interval has an identity that is a hash of its rows (a day's count and
two sums of hashes), so a new version changes the identity of the days whose rows it changes and of no other; files
that were only rewritten change nothing. The hashes are noted beside the environment, for the version: while that stays,
looking costs no Spark job, and after appends to a Delta table only the days are read that its log says were added to.
"""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.types import DateType, StructType, TimestampNTZType, TimestampType

from headrace.contracts.names import quoted
from headrace.ground.asset import At, Receipt
from headrace.ground.errors import HeadraceError, nearest
from headrace.ground.interval import DAY, Interval
from headrace.tables.delta_log import Touched, proof_of, touched
from headrace.tables.files import listed, stamp_of
from headrace.tables.hash import hash_of, hash_sums
from headrace.tables.log import commit_files
from headrace.tables.parquet import FILE, read_parquet
from headrace.tables.source import SourceTable
from headrace.tables.spec import FORMAT_VERSION
from headrace.tables.travel import latest_commit, read_delta

_PLACED = "_arrived_on"
_NESTED = ("map", "array", "struct", "variant")


@dataclass(frozen=True)
class Pin:
    """A table as a command found it: its version, the identity of each day's rows, and how many rows have no day."""

    version: str
    days: Mapping[str, str]
    unplaced: int = 0

    @property
    def rows(self) -> int:
        """How many rows the table has; a hash begins with its count."""
        return self.unplaced + sum(int(found.partition("-")[0]) for found in self.days.values())


class Lake:
    """The source tables of one project, each pinned when first looked at."""

    def __init__(self, spark: SparkSession, notes: Path) -> None:
        self._spark = spark
        self._notes = notes
        self._pins: dict[SourceTable, Pin] = {}
        self._lock = threading.Lock()

    def pin(self, table: SourceTable) -> Pin:
        """The table as this command sees it from now on.

        Raises:
            HeadraceError: SOURCE_TABLE_MISSING, SOURCE_TABLE_COLUMN.
        """
        with self._lock:
            if table not in self._pins:
                self._pins[table] = self._look(table)
            return self._pins[table]

    def identity(self, table: SourceTable, interval: Interval) -> str:
        """A hash of the rows that arrived in the interval's days; a table that is not there has none."""
        if table.missing() is not None:
            return "missing"
        days = self.pin(table).days
        inside = (piece.start.date().isoformat() for piece in interval.cut(DAY))
        digest = hashlib.sha256("".join(f"{day}\0{days[day]}\n" for day in inside if day in days).encode())
        return digest.hexdigest()[:16]

    def load(self, spark: SparkSession, table: SourceTable) -> DataFrame:
        """All rows of the pinned version.

        Raises:
            HeadraceError: SOURCE_TABLE_CHANGED where files of a Parquet table are no longer those that were pinned.
        """
        return _read(spark, table, self.pin(table).version)

    def reach(self, table: SourceTable) -> date | None:
        """The last day that the table has rows of; None where it has none, or is not there."""
        days = self.pin(table).days if table.missing() is None else {}
        return date.fromisoformat(max(days)) if days else None

    def _look(self, table: SourceTable) -> Pin:
        missing = table.missing()
        if missing is not None:
            raise missing
        version = _version_now(self._spark, table)
        noted = self._noted(table)
        if noted is not None and noted.version == version:
            return noted
        pin = _measured(_read(self._spark, table, version), table, version, noted)
        self._note(table, pin)
        return pin

    def _noted(self, table: SourceTable) -> Pin | None:
        """What was noted of the table when it was last looked at, at whatever version."""
        path = self._path(table)
        if not path.is_file():
            return None
        try:
            kept = json.loads(path.read_text(encoding="utf-8"))
        except ValueError:
            return None  # cut short; the rows tell the same
        found = kept.get("format_version")
        if not isinstance(found, int) or found > FORMAT_VERSION:
            raise HeadraceError("TABLE_FORMAT", table=path, found=found, known=FORMAT_VERSION)
        return Pin(kept["version"], kept["days"], kept["unplaced"]) if kept["table"] == _told(table) else None

    def _note(self, table: SourceTable, pin: Pin) -> None:
        """Losing a note costs one more look at the rows, and nothing else."""
        path = self._path(table)
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = {"format_version": FORMAT_VERSION, "table": _told(table)}
        kept |= {"version": pin.version, "days": dict(pin.days), "unplaced": pin.unplaced}
        written = path.with_suffix(".new")
        written.write_text(json.dumps(kept, indent=1, sort_keys=True), encoding="utf-8")
        written.replace(path)

    def _path(self, table: SourceTable) -> Path:
        return self._notes / f"{table.source}.json"


class LakeSink:
    """Source tables as inputs of jobs. Nothing is ever committed to them."""

    def __init__(self, lake: Lake, spark: SparkSession) -> None:
        self.lake = lake
        self.spark = spark

    def exists(self, table: SourceTable) -> bool:
        """Whether the table is there, as far as can be seen without Spark."""
        return table.missing() is None

    def read(self, table: SourceTable, at: At) -> DataFrame:
        """The rows that arrived in the interval, at the pinned version, every column of the table as it is."""
        unplaced = self.lake.pin(table).unplaced
        if unplaced:
            at.warn(
                f"{table.source}: {unplaced:,} rows have no {table.arrived}; they arrived on no day and are not read"
            )
        frame = self.lake.load(self.spark, table)
        return frame.where(_within(frame.schema, table.arrived, at.interval))

    def commit(self, table: SourceTable, value: object, at: At, identity: object) -> Receipt:
        """Refused: the table belongs to somebody else."""
        raise TypeError(f"'{table.name}' is read in place and never written")

    def pinned_version(self, table: SourceTable) -> str:
        """What a commit that was made from the table says of it."""
        return self.lake.pin(table).version.partition(":")[0]


def _version_now(spark: SparkSession, table: SourceTable) -> str:
    """What a table is now: ``number:proof`` of a Delta table, a hash of a Parquet table's listing.

    The proof tells apart two tables that stood in one place. On local disks no Spark job, elsewhere a small one.
    """
    folder = table.folder
    if table.format == "parquet":
        return stamp_of(_listed(spark, table))
    if folder is None:
        row = latest_commit(spark, table.location)
        proof = hashlib.sha256(repr((row["timestamp"], row["operation"], row["operationMetrics"])).encode())
        return f"{row['version']}:{proof.hexdigest()[:16]}"
    there = commit_files(folder)
    if not there:
        raise HeadraceError("SOURCE_TABLE_MISSING", source=table.source, format=table.format, location=table.location)
    return f"{max(there)}:{proof_of(there[max(there)])}"


def _read(spark: SparkSession, table: SourceTable, version: str) -> DataFrame:
    if table.format == "delta":
        return read_delta(spark, table, version.partition(":")[0])
    files = _listed(spark, table)
    if stamp_of(files) != version:
        raise HeadraceError("SOURCE_TABLE_CHANGED", source=table.source, location=table.location)
    if table.folder is None:
        return spark.read.option("basePath", table.location).option("mergeSchema", "true").parquet(*sorted(files))
    return read_parquet(spark, sorted(files), table.location).drop(FILE)


def _listed(spark: SparkSession, table: SourceTable) -> dict[str, str]:
    """File -> size and time of change, for every file of a Parquet table; elsewhere than on local disks one Spark job."""
    folder = table.folder
    if folder is not None:
        found = listed(folder)
    else:
        rows = spark.read.format("binaryFile").load(table.location).select("path", "length", "modificationTime")
        found = {row["path"]: f"{row['length']}-{row['modificationTime']}" for row in rows.collect()}
    if not found:
        raise HeadraceError("SOURCE_TABLE_MISSING", source=table.source, format=table.format, location=table.location)
    return found


def _measure(frame: DataFrame, table: SourceTable, version: str) -> Pin:
    """One pass over the columns that shape events; a row a day of arrival comes back."""
    _check_arrived(frame.schema, table)
    kept = [field.name for field in frame.schema if field.name in table.columns or not table.columns]
    columns = [_hashable(frame.schema, name) for name in sorted({*kept, table.arrived})]
    by_day = frame.groupBy(F.to_date(F.col(quoted(table.arrived))).cast("string").alias(_PLACED)).agg(
        *hash_sums(columns)
    )
    rows = by_day.collect()
    days = {row[_PLACED]: hash_of(row) for row in rows if row[_PLACED] is not None}
    return Pin(version, dict(sorted(days.items())), sum(row["n"] for row in rows if row[_PLACED] is None))


def _added_since(table: SourceTable, noted: Pin, version: str) -> Touched | None:
    """What a Delta table's log says was added since a version; None where only the rows can tell what changed."""
    if table.format != "delta" or table.folder is None:
        return None
    there = commit_files(table.folder)
    before, now = (int(text.partition(":")[0]) for text in (noted.version, version))
    same = before in there and noted.version == f"{before}:{proof_of(there[before])}"
    since = [there[number] for number in range(before + 1, now + 1) if number in there]
    return touched(since, table.arrived) if same and len(since) == now - before > 0 else None


def _measured(frame: DataFrame, table: SourceTable, version: str, noted: Pin | None) -> Pin:
    """The table's days, as few of them read as the log allows."""
    added = _added_since(table, noted, version) if noted is not None else None
    if noted is None or added is None:
        return _measure(frame, table, version)
    again = _measure_again(frame, table, version, noted, added)
    # Bounds that belong to another column (one was renamed) would leave rows unseen: then the numbers do not add up.
    return again if again.rows == noted.rows + added.rows else _measure(frame, table, version)


def _measure_again(frame: DataFrame, table: SourceTable, version: str, noted: Pin, added: Touched) -> Pin:
    """The days that were added to, anew; the others as noted."""
    if added.days is None:
        return replace(noted, version=version)
    first, last = added.days
    start, end = (datetime.combine(day, time(), UTC) for day in (first, last + DAY))
    again = _measure(frame.where(_within(frame.schema, table.arrived, Interval(start, end))), table, version)
    kept = {day: found for day, found in noted.days.items() if not first.isoformat() <= day < end.date().isoformat()}
    return Pin(version, dict(sorted({**kept, **again.days}.items())), noted.unplaced + added.unplaced)


def _hashable(schema: StructType, name: str) -> Column:
    """A column that xxhash64 takes: nested values as JSON."""
    nested = schema[name].dataType.simpleString().startswith(_NESTED)
    return F.to_json(F.struct(F.col(quoted(name)))) if nested else F.col(quoted(name))


def _check_arrived(schema: StructType, table: SourceTable) -> None:
    if table.arrived not in schema.names:
        hint = nearest(table.arrived, schema.names)
        raise HeadraceError(
            "SOURCE_TABLE_COLUMN", source=table.source, column=table.arrived, problem="is not there", hint=hint
        )
    kind = schema[table.arrived].dataType
    if not isinstance(kind, DateType | TimestampType | TimestampNTZType):
        problem = f"is {kind.simpleString()}, and a date or timestamp is needed"
        hint = "Name another column as table.arrived."
        raise HeadraceError(
            "SOURCE_TABLE_COLUMN", source=table.source, column=table.arrived, problem=problem, hint=hint
        )


def _within(schema: StructType, column: str, interval: Interval) -> Column:
    """The rows of an interval's days, as a comparison with literals of the column's own type, so that files are skipped."""
    kind = schema[column].dataType.simpleString().upper()
    form = "%Y-%m-%d" if kind == "DATE" else "%Y-%m-%d %H:%M:%S" + ("" if kind == "TIMESTAMP_NTZ" else "Z")
    start, end = (F.expr(f"{kind} '{at:{form}}'") for at in (interval.start, interval.end))
    return (F.col(quoted(column)) >= start) & (F.col(quoted(column)) < end)


def _told(table: SourceTable) -> dict[str, Any]:
    return asdict(table) | {"columns": list(table.columns)}

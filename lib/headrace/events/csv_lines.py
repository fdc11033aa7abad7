"""CSV files as lines told apart into columns. Read on the executors, a file a task, streaming.

Spark's own reader knows one header for all files, gives values without the line that they came from, and stops at a
quote that is not closed; so the records are Python's (see ``csv_records``), and what is made of them is Spark's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from functools import partial
from itertools import islice
from pathlib import Path

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession

from headrace.contracts.arrival import Csv
from headrace.contracts.events import EventContract
from headrace.contracts.names import quoted
from headrace.events.csv_records import Record, Records
from headrace.events.parse import EXTRA, PROBLEM, told
from headrace.events.streams import open_stream
from headrace.ground.session import slots

_BATCH = 8_192
_LEAST_TASKS = 32


def told_by_csv(spark: SparkSession, files: Sequence[str], contract: EventContract) -> DataFrame:
    """``(raw, file, landed_on, told columns, _problem, _extra)`` of CSV files, each read by its own header."""
    dialect = contract.files.dialect
    texts = ", ".join(f"{quoted(told(name))} string" for name in contract.columns)
    schema = f"raw string, file string, landed_on date, {texts}, {PROBLEM} string, {EXTRA} string"
    tasks = max(1, min(len(files), max(_LEAST_TASKS, 4 * slots(spark))))
    listed = spark.createDataFrame([(file,) for file in files], "file string").repartition(tasks)
    return listed.mapInArrow(partial(_read, dialect, contract.called), schema)


def _read(dialect: Csv, called: dict[str, str], batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for file in batch.column(0).to_pylist():
            yield from _read_file(Path(file), dialect, called)


def _read_file(path: Path, dialect: Csv, called: dict[str, str]) -> Iterator[pa.RecordBatch]:
    """Batches of one file's records."""
    with open_stream(path) as stream:
        records = Records(stream, dialect, tuple(called.values()))
        rows = iter(records)
        while some := list(islice(rows, _BATCH)):
            yield _batch(some, records, path, called, frozenset(dialect.nulls))


def _batch(
    some: list[Record], records: Records, path: Path, called: dict[str, str], nulls: frozenset[str]
) -> pa.RecordBatch:
    names = records.header.names
    wanted = len(names)
    whole = [record.values if len(record.values) == wanted else None for record in some]
    columns: dict[str, pa.Array] = {
        "raw": pa.array([record.raw for record in some], pa.string()),
        "file": pa.array([f"{path.parent.name}/{path.name}"] * len(some), pa.string()),
        "landed_on": pa.array([date.fromisoformat(path.parent.name)] * len(some), pa.date32()),
    }
    for column, name in called.items():
        at = names.index(name) if name in names else None
        values = [None if at is None or row is None or row[at] in nulls else row[at] for row in whole]
        columns[told(column)] = pa.array(values, pa.string())
    problems = [record.problem or _counted(record, wanted) for record in some]
    columns[PROBLEM] = pa.array(problems, pa.string())
    columns[EXTRA] = pa.array([records.header.undeclared(called.values())] * len(some), pa.string())
    return pa.RecordBatch.from_pydict(columns)


def _counted(record: Record, wanted: int) -> str | None:
    found = len(record.values)
    return None if found == wanted else f"{found} values where {wanted} are expected"

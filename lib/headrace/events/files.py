"""Landing files as a whole: which can be read, and why the others cannot."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pyspark.sql import DataFrame, SparkSession

from headrace.contracts.arrival import Csv
from headrace.contracts.events import EventContract
from headrace.events.csv_records import Records
from headrace.events.streams import GZIP, ZSTD, open_stream
from headrace.tables.landing import LandedDay
from headrace.tables.parquet import nanoseconds

_BLOCK = 1 << 20
_LISTED = "file string, problem string, layout string"


@dataclass(frozen=True)
class Expected:
    """What is expected of each file: its format, and the columns without which none of its rows can be an event."""

    format: str
    dialect: Csv
    declared: tuple[str, ...]
    required: tuple[str, ...]


def expected_of(contract: EventContract) -> Expected:
    """What a contract expects of its landing files."""
    landing, called = contract.files, contract.called
    required = tuple(called[name] for name in contract.required)
    return Expected(landing.format, landing.dialect, tuple(called.values()), required)


def list_files(spark: SparkSession, days: tuple[LandedDay, ...], expected: Expected) -> DataFrame:
    """``(file string, problem string, layout string)`` for every entry of the days; problem is null where it can be read.

    Every packed file is read to its end, on the executors: a truncated one would otherwise fail the whole read, or
    lose its tail unseen. ``layout`` tells apart Parquet files whose columns differ; null for text.
    """
    entries = [(str(entry),) for day in days for entry in day.entries]
    listed = spark.createDataFrame(entries, "file string").repartition(max(1, min(64, len(entries) // 16)))
    return listed.mapInPandas(partial(_inspect, expected), _LISTED)


def _inspect(expected: Expected, batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for batch in batches:
        found = [inspect(Path(file), expected) for file in batch["file"]]
        problems, layouts = [problem for problem, _ in found], [layout for _, layout in found]
        yield pd.DataFrame({"file": batch["file"], "problem": problems, "layout": layouts})


def inspect(path: Path, expected: Expected) -> tuple[str | None, str | None]:
    """Why a landing file cannot be read, None where it can; and the layout of a Parquet file."""
    if path.is_dir():
        return "a directory, not a file", None
    try:
        if expected.format == "parquet":
            return _parquet(path, expected)
        return _text(path, expected), None
    except EOFError:
        return "the gzip stream is truncated", None
    except (gzip.BadGzipFile, zlib.error) as error:
        return f"not a sound gzip file ({error})", None
    except pa.ArrowInvalid as error:
        return f"not a sound Parquet file ({_first_line(error)})", None
    except OSError as error:
        return _told(path, error), None


def _told(path: Path, error: OSError) -> str:
    said = error.strerror or _first_line(error)
    if path.suffix in ZSTD and error.errno is None:
        return "the zstd stream is truncated" if said.startswith("Truncated") else f"not a sound zstd file ({said})"
    return f"cannot be read ({said})"


def _text(path: Path, expected: Expected) -> str | None:
    problem = _csv(path, expected) if expected.format == "csv" else _json(path)
    if problem is None and path.suffix in GZIP + ZSTD:
        with open_stream(path) as stream:
            while stream.read(_BLOCK):
                pass
    return problem


def _json(path: Path) -> str | None:
    with open_stream(path) as stream:
        start = stream.read(_BLOCK).removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    return None if start in (b"{", b"") else "not JSON lines (the first character is no '{')"


def _csv(path: Path, expected: Expected) -> str | None:
    """The header must be one of this source; a picture has none."""
    with open_stream(path) as stream:
        if b"\0" in stream.read(_BLOCK):
            return "not CSV (it holds zero bytes; UTF-16 is not read)"
    with open_stream(path) as stream:
        records = Records(stream, expected.dialect, expected.declared)
    return records.problem or (None if records.empty else records.header.problem(expected.required))


def _parquet(path: Path, expected: Expected) -> tuple[str | None, str | None]:
    """Every page is read, as every packed text is; a page that cannot be read would fail the whole ingest."""
    with pq.ParquetFile(path) as file:
        schema = file.schema_arrow.remove_metadata()
        missing = sorted(set(expected.required) - set(schema.names))
        odd = [field for field in schema if pa.types.is_time(field.type) or pa.types.is_float16(field.type)]
        if missing:
            return f"it has no column '{missing[0]}'", None
        if odd:
            return f"its column '{odd[0].name}' is {odd[0].type}, which Spark does not read", None
        for _ in file.iter_batches():
            pass
        return None, f"{schema.to_string(show_field_metadata=False)}\n{nanoseconds(file)}"


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0][:200]

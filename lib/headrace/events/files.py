"""Landing files as a whole: which can be read, and why the others cannot."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pandas as pd
from pyspark.sql import DataFrame, SparkSession

from headrace.tables.landing import LandedDay

_BLOCK = 1 << 20


class _Bytes(Protocol):
    def read(self, size: int, /) -> bytes: ...


def list_files(spark: SparkSession, days: tuple[LandedDay, ...]) -> DataFrame:
    """``(file string, problem string)`` for every entry of the days; problem is null where the file can be read.

    Every compressed file is read to its end, on the executors: a truncated one would otherwise fail the whole read, or
    lose its tail unseen. Costs about a fifth of parsing the same file.
    """
    entries = [(str(entry),) for day in days for entry in day.entries]
    listed = spark.createDataFrame(entries, "file string")
    return listed.repartition(max(1, min(64, len(entries) // 16))).mapInPandas(_inspect, "file string, problem string")


def _inspect(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
    for batch in batches:
        yield pd.DataFrame({"file": batch["file"], "problem": [problem_of(Path(file)) for file in batch["file"]]})


def problem_of(path: Path) -> str | None:
    """Why a landing file cannot be read as JSON lines; None where it can."""
    if path.is_dir():
        return "a directory, not a file"
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as stream:
                return _sniff(stream, to_end=True)
        with path.open("rb") as stream:
            return _sniff(stream, to_end=False)
    except EOFError:
        return "the gzip stream is truncated"
    except (gzip.BadGzipFile, zlib.error) as error:
        return f"not a sound gzip file ({error})"
    except OSError as error:
        return f"cannot be read ({error.strerror or error})"


def _sniff(stream: _Bytes, to_end: bool) -> str | None:
    block = stream.read(_BLOCK)
    start = block.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start not in (b"{", b""):
        return "not JSON lines (the first character is no '{')"
    while to_end and block:
        block = stream.read(_BLOCK)
    return None

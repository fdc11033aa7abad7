"""Writes generated events straight from the executors into a landing zone, a folder a day of arrival."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.ground.errors import HeadraceError, nearest
from headrace.ground.interval import DAY, Interval
from headrace.jobs.demo.feed import Landed, land_folder
from headrace.jobs.demo.synthetic.settings import GenerateSettings
from headrace.jobs.demo.synthetic.visits import COLUMNS, SCHEMA, Visits, visits

CHUNK = 1 << 14
"""Ordinals that a task makes at once: a few MB of arrays, and small tables still have several."""
EVENTS_A_PART = 1 << 21
WRITTEN_AS = {
    "json": {"compression": "gzip", "timestampFormat": "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'"},
    "parquet": {"compression": "zstd"},
}


def generate(spark: SparkSession, made: Visits, parts: int) -> DataFrame:
    """Every line that lands: SCHEMA's columns. The rows are the same for any number of ``parts`` (tasks)."""
    first, again = (
        _chunks(spark, made, parts).mapInArrow(partial(_rows, made, copies), SCHEMA) for copies in (False, True)
    )
    return first.unionByName(again)


def count(spark: SparkSession, made: Visits, parts: int) -> dict[str, int]:
    """``events``, ``late`` and ``duplicates``, counted on the executors; one row comes back."""
    counted = _chunks(spark, made, parts).mapInArrow(partial(_counts, made), "late bigint, duplicates bigint")
    row = counted.agg(F.sum("late").alias("late"), F.sum("duplicates").alias("duplicates")).head(1)[0]
    return {"events": made.settings.events, "late": int(row["late"]), "duplicates": int(row["duplicates"])}


def check_contract(contract: EventContract) -> None:
    """Refuse a source that cannot be generated: a table, another format, or a column that is not made.

    Raises:
        HeadraceError: DOCUMENT_INVALID, CONTRACT_REFERENCE.
    """
    if contract.landing is None or contract.landing.format not in WRITTEN_AS:
        told = (
            f"  - events/{contract.source}: generate_events fills a landing folder of {' or '.join(WRITTEN_AS)} files"
        )
        raise HeadraceError("DOCUMENT_INVALID", problems=told)
    for name in sorted(set(contract.columns) - set(COLUMNS)):
        where, hint = f"events/{contract.source}: columns", nearest(name, COLUMNS)
        raise HeadraceError("CONTRACT_REFERENCE", where=where, name=name, hint=hint)


def land(
    spark: SparkSession, landing: Path, contract: EventContract, settings: GenerateSettings, span: Interval
) -> Landed:
    """Make ``{landing}/{folder}`` in the contract's format, unless it is there already.

    Raises:
        HeadraceError: LANDING_OTHER.
    """
    made = visits(settings, span)
    parts = max(2, -(-settings.events // EVENTS_A_PART))
    form = contract.files.format

    columns = [F.col(name).alias(called) for name, called in contract.called.items()]

    def fill(folder: Path) -> Landed:
        lines = generate(spark, made, parts).select("landed_on", *columns)
        writer = lines.write.partitionBy("landed_on").format(form).options(**WRITTEN_AS[form])
        writer.option("maxRecordsPerFile", EVENTS_A_PART).save(str(folder))
        counts = count(spark, made, parts)
        files = _name_days(folder, span)
        return Landed(files, counts["events"] + counts["duplicates"], counts)

    origin = {"span": span.label(), "format": form, **settings.model_dump(mode="json", by_alias=True)}
    return land_folder(landing, contract.files.folder, origin, fill)


def _name_days(folder: Path, span: Interval) -> int:
    """``landed_on=D`` becomes ``D``; a day without events has an empty folder. Returns the number of files."""
    for day in (piece.start.date().isoformat() for piece in span.cut(DAY)):
        written = folder / f"landed_on={day}"
        written.rename(folder / day) if written.is_dir() else (folder / day).mkdir()
    return sum(1 for file in folder.glob("*/[!._]*"))


def _chunks(spark: SparkSession, made: Visits, parts: int) -> DataFrame:
    return spark.range(0, -(-made.settings.events // CHUNK), 1, parts)


def _ordinals(made: Visits, batches: Iterator[pa.RecordBatch]) -> Iterator[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    for batch in batches:
        for chunk in batch.column(0).to_pylist():
            yield np.arange(chunk * CHUNK, min((chunk + 1) * CHUNK, made.settings.events), dtype=np.int64)


def _rows(made: Visits, copies: bool, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    return (made.rows(ordinals, copies) for ordinals in _ordinals(made, batches))


def _counts(made: Visits, batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for ordinals in _ordinals(made, batches):
        late, again = made.counts(ordinals)
        yield pa.RecordBatch.from_pydict({"late": [late], "duplicates": [again]})

"""The whole of an ingest over some landing days, as one function from files to outcomes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import reduce

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.contracts.names import quoted
from headrace.events.corrections import decide_versions, signed
from headrace.events.csv_lines import told_by_csv
from headrace.events.deduplicate import decide_few, decide_outcomes, disputed_keys, identify, known_events
from headrace.events.files import expected_of, list_files
from headrace.events.parse import read_lines, read_told, told_by_json
from headrace.events.rows import told_by_rows
from headrace.events.validate import check_rows
from headrace.tables.landing import LandedDay
from headrace.tables.parquet import FILE, read_parquet

_BAD_FILE = "landed_on string, file string, rule string, detail string, raw string"

Hold = Callable[[DataFrame], DataFrame]
MOST_DISPUTED = 1_000_000
"""So many keys of 8 bytes are sent to every task, about 50 MB as a hash table; 0.3 % of 300 M rows."""


@dataclass(frozen=True)
class Sorted:
    """What landed in some days: the files that can be read by their layout, and the others as quarantine rows."""

    layouts: Mapping[str | None, Sequence[str]]
    bad: DataFrame


def sort_files(spark: SparkSession, days: tuple[LandedDay, ...], contract: EventContract) -> Sorted:
    """The files of the days; those that cannot be read as ``(landed_on, file, rule, detail, raw)``."""
    entries = [str(entry) for day in days for entry in day.entries]
    found = _inspected(spark, days, contract) if entries else {}
    layouts: dict[str | None, list[str]] = {}
    rows = []
    for entry in entries:
        problem, layout = found.get(entry, (None, None))
        if problem is None:
            layouts.setdefault(layout, []).append(entry)
        else:
            day, name = entry.split("/")[-2:]
            rows.append((day, f"{day}/{name}", "unreadable_file", problem, None))
    bad = spark.createDataFrame(rows, _BAD_FILE).withColumn("landed_on", F.to_date("landed_on"))
    return Sorted(layouts, bad)


def _inspected(
    spark: SparkSession, days: tuple[LandedDay, ...], contract: EventContract
) -> dict[str, tuple[str | None, str | None]]:
    """Bounded: the files of the days, where they have a problem or a layout of their own; never their lines."""
    listed = list_files(spark, days, expected_of(contract))
    told = listed.where(F.col("problem").isNotNull() | F.col("layout").isNotNull()).collect()
    return {row["file"]: (row["problem"], row["layout"]) for row in told}


def read_files(spark: SparkSession, layouts: Mapping[str | None, Sequence[str]], contract: EventContract) -> DataFrame:
    """The lines of landing files in the contract's types (see ``parse.read_told``)."""
    files = [file for some in layouts.values() for file in some]
    form = contract.files.format
    if not files or form == "json":
        return read_told(told_by_json(read_lines(spark, files) if files else _no_lines(spark), contract), contract)
    if form == "csv":
        return read_told(told_by_csv(spark, files, contract), contract)
    parts = [_read_layout(spark, some, contract) for _, some in sorted(layouts.items(), key=str)]
    return reduce(DataFrame.unionByName, parts)


def _read_layout(spark: SparkSession, files: Sequence[str], contract: EventContract) -> DataFrame:
    """Parquet files whose columns are the same."""
    rows = read_parquet(spark, files)
    file = F.substring_index(F.col(FILE), "/", -2)
    landed_on = F.to_date(F.substring_index(file, "/", 1))
    return read_told(told_by_rows(rows, contract, file, landed_on), contract)


def read_rows(rows: DataFrame, contract: EventContract) -> DataFrame:
    """The rows of a table in place, as lines that landed on the day on which they arrived (UTC)."""
    arrived = F.to_date(F.col(quoted(contract.arrived or "")))
    return read_told(told_by_rows(rows, contract, F.lit(contract.arrival.told()), arrived), contract)


def no_bad_files(spark: SparkSession) -> DataFrame:
    """Quarantine rows of files where there are none: a table is read whole or not at all."""
    return spark.createDataFrame([], _BAD_FILE).withColumn("landed_on", F.to_date("landed_on"))


def decide(read: DataFrame, contract: EventContract, known: DataFrame | None, hold: Hold) -> DataFrame:
    """Every landed line with its outcome (see ``deduplicate.decide_outcomes``), parsed once.

    Few keys are disputed as a rule: then the others are not compared at all. Where more are than MOST_DISPUTED, every
    row is shuffled by its key. ``hold`` keeps a frame that is used more than once. With ``corrections`` there are rows
    besides that are no lines (``corrections.TAKEN_BACK``).
    """
    identified = hold(identify(check_rows(read, contract), contract))
    disputed = hold(disputed_keys(identified, known))
    many = disputed.count() > MOST_DISPUTED
    if contract.corrections:
        sole, rest = decide_versions(identified, contract, known, disputed if many else F.broadcast(disputed))
    elif many:
        return hold(decide_outcomes(identified, contract, known))
    else:
        sole, rest = decide_few(identified, contract, known, disputed)
    return sole.unionByName(hold(rest))


def earlier_events(events: DataFrame, contract: EventContract, start: datetime) -> DataFrame:
    """Of the event table what a copy landing from ``start`` on could repeat: within the lateness, landed before.

    What can be corrected is needed whole.
    """
    reach = (start - contract.lateness).date()
    before = events.where((F.col("event_date") >= F.lit(reach)) & (F.col("landed_on") < F.lit(start.date())))
    return signed(before) if contract.corrections else known_events(before)


def _no_lines(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([], "raw string, file string, landed_on date")

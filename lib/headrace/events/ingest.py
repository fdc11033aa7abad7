"""The whole of an ingest over some landing days, as one function from files to outcomes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.events.deduplicate import decide_few, decide_outcomes, disputed_keys, identify, known_events
from headrace.events.files import list_files
from headrace.events.parse import parse_lines, read_lines
from headrace.events.validate import check_rows
from headrace.tables.landing import LandedDay

Hold = Callable[[DataFrame], DataFrame]
MOST_DISPUTED = 1_000_000
"""So many keys of 8 bytes are sent to every task, about 50 MB as a hash table; 0.3 % of 300 M rows."""


def split_files(spark: SparkSession, days: tuple[LandedDay, ...]) -> tuple[list[str], DataFrame]:
    """The files that can be read, and the others as quarantine rows ``(landed_on, file, rule, detail, raw)``."""
    entries = [entry for day in days for entry in day.entries]
    problems = _problems(spark, days) if entries else {}
    sound = [str(entry) for entry in entries if str(entry) not in problems]
    rows = [
        (entry.parent.name, f"{entry.parent.name}/{entry.name}", "unreadable_file", problems[str(entry)], None)
        for entry in entries
        if str(entry) in problems
    ]
    schema = "landed_on string, file string, rule string, detail string, raw string"
    bad = spark.createDataFrame(rows, schema).withColumn("landed_on", F.to_date("landed_on"))
    return sound, bad


def _problems(spark: SparkSession, days: tuple[LandedDay, ...]) -> dict[str, str]:
    """Bounded: only the files that cannot be read come back."""
    bad = list_files(spark, days).where(F.col("problem").isNotNull()).collect()
    return {row["file"]: row["problem"] for row in bad}


def decide(
    spark: SparkSession, files: list[str], contract: EventContract, known: DataFrame | None, hold: Hold
) -> DataFrame:
    """Every line of the files with its outcome (see ``deduplicate.decide_outcomes``), parsed once.

    Few keys are disputed as a rule: then the others are not compared at all. Where more are than MOST_DISPUTED, every
    row is shuffled by its key. ``hold`` keeps a frame that is used more than once.
    """
    lines = read_lines(spark, files) if files else _no_lines(spark)
    checked = check_rows(parse_lines(lines, contract), contract)
    identified = hold(identify(checked, contract))
    disputed = hold(disputed_keys(identified, known))
    if disputed.count() > MOST_DISPUTED:
        return hold(decide_outcomes(identified, contract, known))
    sole, rest = decide_few(identified, contract, known, disputed)
    return sole.unionByName(hold(rest))


def earlier_events(events: DataFrame, contract: EventContract, start: datetime) -> DataFrame:
    """Of the event table what a copy landing from ``start`` on could repeat: within the lateness, landed before."""
    reach = (start - contract.lateness).date()
    before = events.where((F.col("event_date") >= F.lit(reach)) & (F.col("landed_on") < F.lit(start.date())))
    return known_events(before)


def _no_lines(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame([], "raw string, file string, landed_on date")

"""The three tables of an ingest: events, quarantine, and the tally in which every line is accounted for."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.contracts.events import SYSTEM_COLUMNS, EventContract
from headrace.contracts.expectation import expectations_of
from headrace.events.corrections import CORRECTION, TAKEN_BACK, sign
from headrace.events.deduplicate import DUPLICATE, EVENT
from headrace.tables.spec import QUARANTINE, Table

_ENTERED = (EVENT, CORRECTION, TAKEN_BACK)
"""The outcomes of what becomes rows of events."""
QUARANTINE_COLUMNS = ("source", "landed_on", "file", "rule", "detail", "raw")


def events_table(contract: EventContract) -> Table:
    """``raw.events_{source}``: a row an event, partitioned by the day on which it happened.

    With ``corrections`` a row a version of an event, and one with ``sign`` -1 for each that was taken back.
    """
    return Table(
        name=f"raw.events_{contract.source}",
        meaning=contract.purpose,
        keys=("event_key", "row_hash", contract.sign) if contract.sign is not None else ("event_key",),
        partitioned_by=("event_date",),
        replaced_by="landed_on",
        indexed=("landed_on",),
        sorted_by=contract.entity,
        expects=expectations_of(contract.expectations),
    )


def quarantine_table(contract: EventContract) -> Table:
    """``raw.quarantine``: a row a refused line or file, with the rule that it broke and its raw text."""
    return Table(
        name=QUARANTINE,
        meaning="Lines and files that are no events by their contract, with the rule that they broke.",
        partitioned_by=("source",),
        replaced_by="landed_on",
        part=("source", contract.source),
        kept="raw text",
    )


def tally_table(contract: EventContract) -> Table:
    """``raw.tally``: for each landing day how many lines had which outcome; they add up to what landed."""
    return Table(
        name="raw.tally",
        meaning="How many landed lines became events, duplicates, or broke which rule.",
        keys=("source", "landed_on", "outcome"),
        partitioned_by=("source",),
        replaced_by="landed_on",
        part=("source", contract.source),
    )


def events_of(decided: DataFrame, contract: EventContract) -> DataFrame:
    """The good events, laid out for reading by day and entity."""
    columns = [*map(F.col, (*contract.columns, *SYSTEM_COLUMNS)), *([sign()] if contract.corrections else [])]
    events = decided.where(F.col("outcome").isin(*_ENTERED)).select(*columns)
    return events.repartition("event_date").sortWithinPartitions("event_date", *contract.entity)


def quarantine_of(decided: DataFrame, bad_files: DataFrame, contract: EventContract) -> DataFrame:
    """What was refused: lines by rule, and whole files."""
    lines = decided.where(~F.col("outcome").isin(*_ENTERED, DUPLICATE)).withColumnRenamed("outcome", "rule")
    named = (lines.withColumn("source", F.lit(contract.source)), bad_files.withColumn("source", F.lit(contract.source)))
    both = named[0].select(*QUARANTINE_COLUMNS).unionByName(named[1].select(*QUARANTINE_COLUMNS))
    return both.coalesce(1)


def tally_of(decided: DataFrame, bad_files: DataFrame, contract: EventContract) -> DataFrame:
    """``(source, landed_on, outcome, rows)``; a file that cannot be read counts as one."""
    lines = decided.where(F.col("outcome") != TAKEN_BACK) if contract.corrections else decided
    outcomes = lines.select("landed_on", "outcome").unionByName(
        bad_files.select("landed_on", F.col("rule").alias("outcome"))
    )
    counted = outcomes.groupBy("landed_on", "outcome").agg(F.count(F.lit(1)).alias("rows"))
    return counted.select(F.lit(contract.source).alias("source"), "landed_on", "outcome", "rows").coalesce(1)

"""Rule 16 where a contract says ``corrections: true``: what comes again with other content takes back what stood (ADR 54).

The *versions* of an id are its rows of different content, each once, in the order in which they were known: landing day,
arrival where the source tells it, sequence, hash. A version that finds another standing lands as two rows: itself, and
that one as it was, but for its landing day, with sign -1. So whatever is summed by sign counts, as of any landing day,
the version that stood then.
A copy of any version, also of one that was taken back, adds nothing. What happened longer ago than the lateness before
the landing day does not stand any more: no row of that landing day reaches so far (``tiles``, labels, ``validate``).
"""

from __future__ import annotations

from datetime import timedelta

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from headrace.contracts.events import SIGN, EventContract
from headrace.events.deduplicate import DUPLICATE, EVENT, kept_columns, of_keys, set_apart
from headrace.events.validate import arrival_instant, event_instant

CORRECTION, TAKEN_BACK = "correction", "taken_back"
"""The outcomes of a line that finds another version standing, and of the row, no line itself, that takes that one back."""


def decide_versions(
    identified: DataFrame, contract: EventContract, known: DataFrame | None, keys: DataFrame
) -> tuple[DataFrame, DataFrame]:
    """As ``deduplicate.decide_few``; among the outcomes of the second part are CORRECTION and TAKEN_BACK too.

    ``known`` holds whole rows of the event table, ``keys`` the disputed ones.
    """
    sole, disputed = set_apart(identified, contract, keys)
    rows = disputed.select(*_row(contract), "landed_on", "file", F.lit(1).alias(SIGN), F.lit(True).alias("fresh"))
    if known is not None:
        earlier = of_keys(known, keys).select(
            *_row(contract), "landed_on", F.lit(None).cast("string").alias("file"), SIGN, F.lit(False).alias("fresh")
        )
        rows = rows.unionByName(earlier)
    return sole, _outcomes(_chained(rows, contract), contract)


def signed(events: DataFrame) -> DataFrame:
    """An event table with its signs; rows from before its contract spoke of corrections all count."""
    own = F.coalesce(SIGN, F.lit(1)) if SIGN in events.columns else F.lit(1)
    return events.withColumn(SIGN, own)


def sign() -> Column:
    """The sign of a row, by its outcome."""
    return F.when(F.col("outcome") == TAKEN_BACK, -1).otherwise(1).alias(SIGN)


def _row(contract: EventContract) -> list[Column]:
    """What is the same in a version and in the row that takes it back, but for its arrival; and when it was known."""
    arrived = arrival_instant(contract) if contract.roles.available_at is not None else F.lit(None).cast("timestamp")
    day = F.to_date(event_instant(contract)).alias("event_date")
    return [
        *(F.col(name) for name in contract.columns),
        day,
        F.col("event_key"),
        F.col("row_hash"),
        arrived.alias("arrived"),
    ]


def _chained(rows: DataFrame, contract: EventContract) -> DataFrame:
    """Each row with ``copy`` (whether its content was there before it) and ``before``, the version before it.

    ``gone`` in it: whether it had been taken back in an earlier landing. One shuffle, by event key.
    """
    of_content = Window.partitionBy("event_key", "row_hash")
    copies = of_content.orderBy("fresh", F.desc(SIGN), "landed_on", "arrived", "file")
    counted = rows.repartition("event_key").select(
        "*", (F.row_number().over(copies) > 1).alias("copy"), (F.min(SIGN).over(of_content) < 0).alias("gone")
    )
    sequence = [contract.roles.sequence] if contract.roles.sequence is not None else []
    versions = Window.partitionBy("event_key", "copy").orderBy("landed_on", "arrived", *sequence, "row_hash")
    version = F.struct(*contract.columns, "event_date", "row_hash", "gone")
    return counted.withColumn("before", F.lag(version).over(versions))


def _outcomes(chained: DataFrame, contract: EventContract) -> DataFrame:
    """The landed lines with their outcome, and behind each correction the row that it takes back."""
    reach = F.col("landed_on").cast("timestamp") - F.expr(
        f"INTERVAL '{contract.lateness // timedelta(seconds=1)}' SECOND"
    )
    stands = ~F.col("before.gone") & (F.col("before.event_date") >= F.to_date(reach))
    corrects = F.coalesce(stands, F.lit(False))
    outcome = F.when(F.col("copy"), DUPLICATE).when(corrects, CORRECTION).otherwise(EVENT)
    decided = chained.where("fresh").withColumn("outcome", outcome)
    same = ("landed_on", "event_key", "file")
    line = F.struct(*contract.columns, "event_date", "row_hash", *same, "outcome")
    taken = [F.col(f"before.`{name}`").alias(name) for name in (*contract.columns, "event_date", "row_hash")]
    back = F.struct(*taken, *same, F.lit(TAKEN_BACK).alias("outcome"))
    lines = F.array_compact(F.array(line, F.when(F.col("outcome") == CORRECTION, back)))
    told = decided.select(F.explode(lines).alias("line")).select("line.*")
    nothing = F.lit(None).cast("string")
    return told.withColumns({"detail": nothing, "raw": nothing}).select(*kept_columns(contract))

"""One event an id (semantics 16): the copy that was known first stays.

The order of copies is (landing day, arrival, file, hash): an identical later copy is a ``duplicate``, one with other
content a ``conflicting_duplicate``.
"""

from __future__ import annotations

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract
from headrace.events.validate import arrival_instant, event_instant

EVENT, DUPLICATE, CONFLICT = "event", "duplicate", "conflicting_duplicate"


def identify(checked: DataFrame, contract: EventContract) -> DataFrame:
    """Adds ``event_key`` (the id, or a hash of the line and its ordinal among equal lines of its file) and ``row_hash``."""
    content = [name for name in contract.columns if name != contract.roles.available_at]
    hashed = F.xxhash64(*(part for name in content for part in (F.col(name), F.col(name).isNull())))
    return checked.withColumn("row_hash", hashed).withColumn("event_key", _event_key(contract))


def _event_key(contract: EventContract) -> Column:
    if contract.roles.event_id is not None:
        return F.col(contract.roles.event_id).cast("string")
    equal_lines = Window.partitionBy("file", "raw").orderBy("raw")
    return F.sha2(F.concat_ws("\x1f", F.col("raw"), F.row_number().over(equal_lines).cast("string")), 256)


def known_events(events: DataFrame) -> DataFrame:
    """What earlier landings hold, as far as copies can still come: ``(event_key, row_hash)`` of the event table."""
    return events.select("event_key", F.col("row_hash").alias("known_hash"))


def decide_outcomes(identified: DataFrame, contract: EventContract, known: DataFrame | None) -> DataFrame:
    """Every line with its ``outcome`` (``event``, ``duplicate`` or the name of the broken rule) and ``detail``.

    ``known`` is what ``known_events`` gives of earlier landings. One shuffle by event key.
    """
    key = F.when(F.col("broken").isNull(), F.col("event_key")).otherwise(F.col("raw"))
    copies = Window.partitionBy("key", F.col("broken").isNull())
    order = (F.col("landed_on"), arrival_instant(contract), F.col("file"), F.col("row_hash"))
    keyed = identified.withColumn("key", key)
    if known is not None:
        keyed = keyed.join(known.withColumnRenamed("event_key", "key"), on="key", how="left")
    else:
        keyed = keyed.withColumn("known_hash", F.lit(None).cast("bigint"))
    ranked = keyed.withColumn("rank", F.row_number().over(copies.orderBy(*order)))
    first = ranked.withColumn("first_hash", F.coalesce("known_hash", F.first("row_hash").over(copies.orderBy(*order))))
    outcome = (
        F.when(F.col("broken").isNotNull(), F.substring_index("broken", ":", 1))
        .when((F.col("rank") == 1) & F.col("known_hash").isNull(), F.lit(EVENT))
        .when(F.col("row_hash") == F.col("first_hash"), F.lit(DUPLICATE))
        .otherwise(F.lit(CONFLICT))
    )
    detail = F.coalesce(
        F.substring(F.col("broken"), F.instr("broken", ":") + 1, F.lit(1000)), F.lit("another event has this id")
    )
    decided = first.withColumn("outcome", outcome).withColumn("detail", detail)
    return decided.select(*_kept(contract))


def _kept(contract: EventContract) -> list[Column]:
    """The typed columns, the system columns, and the raw text of what is quarantined."""
    rewritten = F.to_json(F.struct(*(F.col(name) for name in contract.columns)))
    raw = F.when(F.col("outcome") == CONFLICT, rewritten).when(~F.col("outcome").isin(EVENT, DUPLICATE), F.col("raw"))
    return [
        *(F.col(name) for name in contract.columns),
        F.to_date(event_instant(contract)).alias("event_date"),
        F.col("landed_on"),
        F.col("event_key"),
        F.col("row_hash"),
        F.col("file"),
        F.col("outcome"),
        F.col("detail"),
        raw.alias("raw"),
    ]

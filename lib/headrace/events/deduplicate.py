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
    """Adds ``event_key`` (the id, or a hash of the line and its ordinal among equal lines of its file) and hashes.

    ``row_hash`` is that of the content, ``key_hash`` that of the key, null for a line that breaks a rule. From here on
    ``raw`` is kept of such lines alone: it is as heavy as all columns together.
    """
    content = [name for name in contract.columns if name != contract.roles.available_at]
    hashed = F.xxhash64(*(part for name in content for part in (F.col(name), F.col(name).isNull())))
    keyed = checked.withColumn("row_hash", hashed).withColumn("event_key", _event_key(contract, content))
    sound = F.col("broken").isNull()
    return keyed.withColumn("key_hash", F.when(sound, F.xxhash64("event_key"))).withColumn(
        "raw", F.when(~sound, F.col("raw"))
    )


def _event_key(contract: EventContract, content: list[str]) -> Column:
    """A table has no files: its equal rows are those of one landing day with equal values, however Delta lays them."""
    if contract.roles.event_id is not None:
        return F.col(contract.roles.event_id).cast("string")
    line, together = F.col("raw"), "file"
    if contract.table is not None:
        line, together = F.to_json(F.struct(*content), {"ignoreNullFields": "false"}), "landed_on"
    ordinal = F.row_number().over(Window.partitionBy(together, line).orderBy(line))
    return F.sha2(F.concat_ws("\x1f", line, ordinal.cast("string")), 256)


def known_events(events: DataFrame) -> DataFrame:
    """What earlier landings hold, as far as copies can still come: ``(event_key, row_hash)`` of the event table."""
    return events.select("event_key", F.col("row_hash").alias("known_hash"))


def disputed_keys(identified: DataFrame, known: DataFrame | None) -> DataFrame:
    """``(key_hash)``: the keys with more than one copy, here or here and in ``known``. One shuffle, of 8 bytes a row.

    Two keys of one hash are taken for disputed as well: that costs them a comparison, and changes nothing.
    """
    own = identified.where(F.col("key_hash").isNotNull()).select("key_hash")
    if known is None:
        return own.groupBy("key_hash").agg(F.count(F.lit(1)).alias("copies")).where("copies > 1").select("key_hash")
    earlier = known.select(F.xxhash64("event_key").alias("key_hash"), F.lit(0).alias("here"))
    both = own.withColumn("here", F.lit(1)).unionByName(earlier)
    counted = both.groupBy("key_hash").agg(F.count(F.lit(1)).alias("copies"), F.max("here").alias("here"))
    return counted.where("copies > 1 AND here = 1").select("key_hash")


def decide_few(
    identified: DataFrame, contract: EventContract, known: DataFrame | None, disputed: DataFrame
) -> tuple[DataFrame, DataFrame]:
    """``decide_outcomes`` in two parts: the lines whose key nothing else has, and those of few ``disputed`` keys.

    Only the second part is compared and shuffled; the keys go to every task.
    """
    few = F.broadcast(disputed)
    sole, rest = set_apart(identified, contract, few)
    return sole, decide_outcomes(rest, contract, of_keys(known, few) if known is not None else None)


def set_apart(identified: DataFrame, contract: EventContract, keys: DataFrame) -> tuple[DataFrame, DataFrame]:
    """The lines that have none of the ``keys`` (``(key_hash)``) with their outcome, and the others as they were."""
    marked = identified.join(keys.select("key_hash", F.lit(True).alias("disputed")), on="key_hash", how="left")
    sole = marked.where(F.col("disputed").isNull()).withColumn("outcome", F.coalesce(_rule(), F.lit(EVENT)))
    return sole.withColumn("detail", _detail()).select(*kept_columns(contract)), marked.where(F.col("disputed"))


def of_keys(known: DataFrame, keys: DataFrame) -> DataFrame:
    """Of earlier events those that have one of the ``keys``."""
    hashed = known.withColumn("key_hash", F.xxhash64("event_key"))
    return hashed.join(keys.select("key_hash"), on="key_hash", how="left_semi").drop("key_hash")


def decide_outcomes(identified: DataFrame, contract: EventContract, known: DataFrame | None) -> DataFrame:
    """Every line with its ``outcome`` (``event``, ``duplicate`` or the name of the broken rule) and ``detail``.

    ``known`` is what ``known_events`` gives of earlier landings. One shuffle of all rows by event key.
    """
    sound = F.col("broken").isNull()
    key = F.when(sound, F.col("event_key")).otherwise(F.sha2("raw", 256))
    keyed = identified.withColumns({"key": key, "sound": sound, "arrived": arrival_instant(contract)})
    if known is not None:
        keyed = keyed.join(known.withColumnRenamed("event_key", "key"), on="key", how="left")
    else:
        keyed = keyed.withColumn("known_hash", F.lit(None).cast("bigint"))
    # Columns and not expressions, and both functions in one select: else each has a shuffle and a sort of its own.
    copies = Window.partitionBy("key", "sound").orderBy("landed_on", "arrived", "file", "row_hash")
    first = F.first("row_hash").over(copies).alias("first_hash")
    ranked = keyed.select("*", F.row_number().over(copies).alias("rank"), first)
    outcome = (
        F.when(F.col("broken").isNotNull(), _rule())
        .when((F.col("rank") == 1) & F.col("known_hash").isNull(), F.lit(EVENT))
        .when(F.col("row_hash") == F.coalesce("known_hash", "first_hash"), F.lit(DUPLICATE))
        .otherwise(F.lit(CONFLICT))
    )
    decided = ranked.withColumn("outcome", outcome).withColumn("detail", _detail())
    return decided.select(*kept_columns(contract))


def _rule() -> Column:
    return F.substring_index("broken", ":", 1)


def _detail() -> Column:
    told = F.substring(F.col("broken"), F.instr("broken", ":") + 1, F.lit(1000))
    return F.coalesce(told, F.lit("another event has this id"))


def kept_columns(contract: EventContract) -> list[Column]:
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

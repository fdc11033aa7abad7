"""Questions to the quarantine table, each answered by a bounded aggregate."""

from __future__ import annotations

from datetime import UTC, datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F


def counts_by_rule(quarantined: DataFrame, rule: str | None) -> list[tuple[str, str, int, int]]:
    """(source, rule, rows, landing days), most rows first. Bounded: a row a source and rule."""
    counted = _of(quarantined, rule).groupBy("source", "rule")
    rows = (
        counted.agg(F.count(F.lit(1)).alias("rows"), F.countDistinct("landed_on").alias("days")).toArrow().to_pylist()
    )
    return sorted(((r["source"], r["rule"], r["rows"], r["days"]) for r in rows), key=lambda found: (-found[2], found))


def some_rows(quarantined: DataFrame, rule: str | None, most: int, raw: bool) -> list[tuple[str, ...]]:
    """At most ``most`` rows as text, the latest landing days first; raw text only where asked for."""
    columns = ["landed_on", "file", "rule", "detail", *(["raw"] if raw else [])]
    chosen = _of(quarantined, rule).orderBy(F.desc("landed_on"), "file", "rule").select(*columns).limit(most)
    return [
        tuple("" if value is None else str(value)[:200] for value in row.values())
        for row in chosen.toArrow().to_pylist()
    ]


def days_of(quarantined: DataFrame, rule: str) -> list[datetime]:
    """The landing days that hold rows of a rule, as midnights in UTC. Bounded: a row a day."""
    days = _of(quarantined, rule).select("landed_on").distinct().orderBy("landed_on").toArrow().to_pylist()
    return [datetime.combine(row["landed_on"], datetime.min.time(), UTC) for row in days]


def _of(quarantined: DataFrame, rule: str | None) -> DataFrame:
    return quarantined if rule is None else quarantined.where(F.col("rule") == rule)

"""Which rows are events by their contract: the first rule that a row breaks is its outcome."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from headrace.contracts.events import EventContract


def event_instant(contract: EventContract) -> Column:
    """When the event happened, as a timestamp."""
    return F.col(contract.roles.event_time).cast("timestamp")


def arrival_instant(contract: EventContract) -> Column:
    """When the event was known: as its source says, but never before the day on which it landed."""
    landed = F.col("landed_on").cast("timestamp")
    if contract.roles.available_at is not None:
        return F.greatest(F.col(contract.roles.available_at).cast("timestamp"), landed)
    return F.greatest(event_instant(contract) + F.expr(_seconds(contract.delay.total_seconds())), landed)


def check_rows(parsed: DataFrame, contract: EventContract) -> DataFrame:
    """``parsed`` with ``broken``: null for an event, else ``rule:detail`` of the first rule that it breaks."""
    return parsed.withColumn("broken", F.coalesce("unread", *_rules(contract))).drop("unread")


def _rules(contract: EventContract) -> list[Column]:
    rules = [F.when(F.col(name).isNull(), F.lit(f"missing_value:{name}")) for name in contract.required]
    if contract.roles.event_type is not None:
        known = F.col(contract.roles.event_type).isin(*contract.types)
        rules.append(F.when(~known, F.lit("unknown_type:not among the contract's types")))
    for rule in contract.rules:
        holds = F.coalesce(F.expr(rule.keep.sql), F.lit(False))
        rules.append(F.when(~holds, F.lit(f"{rule.name}:{rule.why}")))
    return [*rules, _after_landing(contract), _too_late(contract)]


def _after_landing(contract: EventContract) -> Column:
    end = F.date_add("landed_on", 1).cast("timestamp")
    return F.when(
        arrival_instant(contract) > end, F.lit("arrival_after_landing:it claims to arrive after its landing day")
    )


def _too_late(contract: EventContract) -> Column:
    limit = event_instant(contract) + F.expr(_seconds(contract.lateness.total_seconds()))
    return F.when(arrival_instant(contract) > limit, F.lit("too_late:it arrived after the contract's lateness"))


def _seconds(seconds: float) -> str:
    return f"INTERVAL '{int(seconds)}' SECOND"

"""The work of the contest as a list of columns, and the checksum by which results are compared. Nothing but the standard library.

The foreign contenders run in an environment of their own, which has neither Spark nor headrace nor YAML: what they need
comes to them as JSON (``Work.told``).
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any

WEIGHT = 1009
"""A value counts 1 to so many times, by its user: values that changed places change the sum."""


@dataclass(frozen=True)
class Feature:
    """One column: an aggregate over the events of the last ``days`` days."""

    column: str
    aggregate: str
    expression: str
    where: str
    days: int

    @property
    def cents(self) -> bool:
        """Whether the value is money; a checksum is made of cents."""
        return self.expression == "value"


@dataclass(frozen=True)
class Work:
    """Which features as of which midnights, of which files, and where results go."""

    features: tuple[Feature, ...]
    events: str
    output: str
    backfill: tuple[date, ...]
    refreshes: tuple[date, ...]

    @property
    def longest(self) -> int:
        """The days of the longest window."""
        return max(feature.days for feature in self.features)

    def told(self) -> str:
        """The work as JSON."""
        return json.dumps(asdict(self), default=date.isoformat)


def work_of(told: str) -> Work:
    """The work that was told as JSON."""
    read = json.loads(told)
    dates = {name: tuple(map(date.fromisoformat, read[name])) for name in ("backfill", "refreshes")}
    return Work(tuple(Feature(**each) for each in read["features"]), read["events"], read["output"], **dates)


def features_of(contract: dict[str, Any]) -> tuple[Feature, ...]:
    """A column for each window of each feature of the contract, named as headrace names it."""
    return tuple(
        Feature(
            f"{each['name']}_{window}",
            each["aggregate"],
            each.get("expression", "*"),
            each.get("where", "true"),
            int(window.removesuffix("d")),
        )
        for each in contract["features"]
        for window in each["windows"]
    )


def since(at: date, days: int) -> str:
    """The first day of a window, as SQL takes it."""
    return f"DATE '{at - timedelta(days=days)}'"


def inside(at: date, days: int) -> str:
    """SQL: an event that a window sees which ends at a midnight: it happened in it and had arrived by then."""
    return f"event_date >= {since(at, days)} AND event_date < DATE '{at}' AND landed_on < DATE '{at}'"


def checksums_sql(features: tuple[Feature, ...]) -> list[str]:
    """SQL aggregates that are the same in Spark and DuckDB: how many values are not 0, and their weighted sum, a feature each."""
    whole = {each.column: f"CAST({each.column}{' * 100' if each.cents else ''} AS BIGINT)" for each in features}
    return [
        f"concat(count(CASE WHEN {value} <> 0 THEN 1 END), ':', coalesce(sum({value} * (1 + user_id % {WEIGHT})), 0)) AS {column}"
        for column, value in whole.items()
    ]


def state(feature: Feature) -> str:
    """A tile's column: features that differ in their window alone share it."""
    return feature.column.rpartition("_")[0]


def timed(work: Callable[[], object]) -> float:
    """Seconds."""
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


@dataclass
class Result:
    """What a contender reports: seconds by what was timed, and checksums by midnight and column."""

    seconds: dict[str, list[float]]
    checksums: dict[str, dict[str, str]]

    def told(self) -> str:
        """The result as JSON."""
        return json.dumps(asdict(self))

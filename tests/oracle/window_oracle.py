"""The definition of a feature's value, in plain Python: what the tiles and their roll-up are held to."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from headrace.contracts.features import Feature
from headrace.ground.interval import parse_span

Event = dict[str, Any]


def visible(events: list[Event], as_of: datetime, window: str) -> list[Event]:
    """The events of ``[as_of - window, as_of)`` that had landed on a day before ``as_of`` (semantics 1, 3, 4)."""
    start = datetime.min.replace(tzinfo=as_of.tzinfo) if window == "all" else as_of - parse_span(window)
    return [e for e in events if start <= e["event_time"] < as_of and e["landed_on"] < as_of.date()]


def value_of(feature: Feature, window: str, events: list[Event], as_of: datetime) -> Any:
    """The feature's value for one entity at one instant, from that entity's events."""
    return value_over(feature, visible(events, as_of, window), as_of)


def value_over(feature: Feature, events: list[Event], as_of: datetime) -> Any:
    """The feature's value over the events of a window. ``where`` and ``expression`` are given as plain functions in the
    tests' literal contracts: here by column name ``amount``/``item`` and ``kind``."""
    rows = [e for e in events if feature.where is None or e["kind"] == "a"]
    column = feature.expression.text if feature.expression else None
    rows.sort(key=_place)
    values = [e[column] for e in rows if column and e[column] is not None]
    return _AGGREGATES[feature.aggregate](rows, values, column, as_of, feature)  # type: ignore[index]


def _place(event: Event) -> tuple[Any, ...]:
    """Where an event stands in the total order of rule 7; an event without a sequence is the least."""
    sequence = event.get("sequence")
    return event["event_time"], event["landed_on"], sequence is not None, sequence or 0, event["row_hash"]


def _units(values: list[Decimal], scale: int) -> list[int]:
    return [int((v.quantize(Decimal(1).scaleb(-scale), ROUND_HALF_UP)).scaleb(scale)) for v in values]


def _mean(values: list[Decimal], scale: int) -> float | None:
    return float(sum(_units(values, scale))) / (len(values) * 10**scale) if values else None


def _variance(values: list[Decimal], scale: int) -> float | None:
    n, units = len(values), _units(values, scale)
    if n < 2:
        return None
    return float(n * sum(u * u for u in units) - sum(units) ** 2) / (n * (n - 1) * 10**scale * 10**scale)


def _sessions(rows: list[Event], feature: Feature) -> int | float | None:
    """Walk the events in order; where the gap since the one before is reached, a session ends and another begins."""
    sessions: list[list[datetime]] = []
    for event in rows:
        if not sessions or event["event_time"] - sessions[-1][-1] >= feature.gap:
            sessions.append([])
        sessions[-1].append(event["event_time"])
    if feature.measure != "mean_duration":
        return len(sessions)
    total = sum((times[-1] - times[0] for times in sessions), timedelta(0)) // timedelta(microseconds=1)
    return float(total) / (len(sessions) * 1_000_000) if sessions else None


def _quantile(values: list[Decimal], feature: Feature) -> Decimal | None:
    """Each value raised to the next edge (lowered to the last one where it is above it), in order: the ceil(q n)-th."""
    raised = sorted(next((edge for edge in feature.edges if value <= edge), feature.edges[-1]) for value in values)
    return raised[math.ceil(feature.q * len(raised)) - 1] if raised else None


_AGGREGATES = {
    "count": lambda rows, values, column, at, f: len(values) if column else len(rows),
    "sum": lambda rows, values, column, at, f: (
        Decimal(sum(_units(values, f.scale))).scaleb(-f.scale) if values else f.when_empty
    ),
    "mean": lambda rows, values, column, at, f: _mean(values, f.scale),
    "variance": lambda rows, values, column, at, f: _variance(values, f.scale),
    "min": lambda rows, values, column, at, f: min(values, default=None),
    "max": lambda rows, values, column, at, f: max(values, default=None),
    "first": lambda rows, values, column, at, f: rows[0][column] if rows else None,
    "last": lambda rows, values, column, at, f: rows[-1][column] if rows else None,
    "last_k": lambda rows, values, column, at, f: [e[column] for e in rows[::-1][: f.k]] if rows else None,
    "count_distinct": lambda rows, values, column, at, f: len(set(values)),
    "active_days": lambda rows, values, column, at, f: len({e["event_date"] for e in rows}),
    "time_since_last": lambda rows, values, column, at, f: (
        (at - rows[-1]["event_time"]) // timedelta(seconds=1) if rows else None
    ),
    "sessions": lambda rows, values, column, at, f: _sessions(rows, f),
    "quantile": lambda rows, values, column, at, f: _quantile(values, f),
}

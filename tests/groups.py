"""Feature groups of several teams over one source, in a line each."""

from __future__ import annotations

from typing import Any

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup


def count(name: str, where: str | None = None, *windows: str, **others: Any) -> dict[str, Any]:
    kept = {} if where is None else {"where": where}
    return {"name": name, "meaning": name, "aggregate": "count", "windows": list(windows or ("7d",))} | kept | others


def total(name: str, *windows: str, **others: Any) -> dict[str, Any]:
    asked = {"aggregate": "sum", "expression": "value", "scale": 2, "windows": list(windows or ("7d",))}
    return {"name": name, "meaning": name} | asked | others


def derived(name: str, formula: str, **others: Any) -> dict[str, Any]:
    return {"name": name, "meaning": name, "derive": formula} | others


def group(team: str, *features: dict[str, Any], **others: Any) -> FeatureGroup:
    values = {
        "team": team, "group": "activity", "version": 1, "owner": f"{team}@example.com", "purpose": "p",
        "entity": ["who"], "source": "app_events", "features": list(features),
    }  # fmt: skip
    return FeatureGroup.model_validate(values | others)


def source(name: str = "app_events", key: str = "who") -> EventContract:
    kinds = {"at": "timestamp", "event_type": "string", "shop": "int", "device": "string", "value": "decimal(8,2)"}
    columns = {key: {"type": "bigint", "meaning": "w"}} | {
        one: {"type": kind, "meaning": one} for one, kind in kinds.items()
    }
    values = {
        "source": name, "version": 1, "owner": "o@example.com", "purpose": "p", "landing": {"folder": name},
        "roles": {"entity": [key], "event_time": "at"}, "lateness": "3d", "columns": columns,
    }  # fmt: skip
    return EventContract.model_validate(values)

"""A catalog of published groups laid out by hand, as Delta's files: for tests in which no Spark is started."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

from headrace.contracts.published import Listed, Published

AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
COLUMNS = {"paid_2d": "decimal(19,2)", "least_7d": "decimal(8,2)", "cautious": "decimal(19,1)"}


def paying(version: int = 1, columns: dict[str, str] = COLUMNS, **others: Any) -> Published:
    """A version of ``money.paying``."""
    said: dict[str, Any] = {
        "project": "payments", "team": "money", "group": "paying", "version": version, "fingerprint": f"1-v{version}",
        "owner": "money@example.com", "purpose": "What people pay.", "accuracy": "snapshot", "zone": "UTC",
        "keys": [{"name": "who", "type": "string", "sensitivity": "personal"}],
        "features": [{"name": name, "type": kind, "meaning": name} for name, kind in columns.items()],
        "snapshots_from": date(2024, 3, 2), "snapshots_every": 1, "agreed_on": date(2026, 11, 24), "why": "First entry.",
        "table": "features.paying" + (f"_v{version}" if version > 1 else ""),
    }  # fmt: skip
    return Published.model_validate(said | others)


def lay(warehouse: Path, rows: Iterable[tuple[Published, date | None]], tables: bool = True) -> None:
    """Write the catalog anew, and where asked for an empty table for each version."""
    listed = [Listed(group, until, AT, "run-1") for group, until in rows]
    folder = warehouse / "catalog/groups"
    version = len(list((folder / "_delta_log").glob("*.json")))
    table = pa.Table.from_pylist([one.row(AT.date()) for one in listed])
    _commit(folder, version, dict.fromkeys(table.column_names, "string"), table)
    for one in listed if tables else ():
        _commit(warehouse.joinpath(*one.group.table.split(".")), 0, dict(one.group.types), None)


def _commit(folder: Path, version: int, columns: dict[str, str], table: pa.Table | None) -> None:
    log = folder / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    fields = [
        {"name": name, "type": kind.replace("bigint", "long"), "nullable": True, "metadata": {}}
        for name, kind in columns.items()
    ]
    schema = json.dumps({"type": "struct", "fields": fields})
    actions: list[dict[str, Any]] = [
        {"commitInfo": {"timestamp": int(AT.timestamp() * 1000), "operation": "WRITE"}},
        {"metaData": {"id": "x", "schemaString": schema, "partitionColumns": [], "configuration": {}}},
    ]
    actions += [{"remove": {"path": f"part-{earlier}.parquet"}} for earlier in range(version)]
    if table is not None:
        parquet.write_table(table, folder / f"part-{version}.parquet")
        size = (folder / f"part-{version}.parquet").stat().st_size
        actions.append(
            {"add": {"path": f"part-{version}.parquet", "size": size, "partitionValues": {}, "dataChange": True}}
        )
    text = "".join(json.dumps(action) + "\n" for action in actions)
    (log / f"{version:020}.json").write_text(text, encoding="utf-8")

"""A small table whose rows a test lays down, as one commit of Delta."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet


def lay_rows(folder: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """The table in ``folder`` has these rows, and no history."""
    log = folder / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    parquet.write_table(pa.Table.from_pylist([dict(row) for row in rows]), folder / "rows.parquet")
    added = {"path": "rows.parquet", "size": 1, "partitionValues": {}, "dataChange": True}
    metadata = {
        "schemaString": json.dumps({"type": "struct", "fields": []}),
        "partitionColumns": [],
        "configuration": {},
    }
    actions = ({"metaData": metadata}, {"add": added})
    (log / f"{0:020}.json").write_text("".join(json.dumps(one) + "\n" for one in actions), encoding="utf-8")

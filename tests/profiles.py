"""``monitor.profile`` as ``monitor`` leaves it, written without Spark: parquet files and a log that names them."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

Row = dict[str, Any]
_COUNTS = pa.list_(pa.struct([("bin", pa.int32()), ("rows", pa.int64())]))
SCHEMA = pa.schema(
    [
        *((name, pa.string()) for name in ("table", "column", "slice", "window", "fingerprint")),
        ("user_bucket", pa.int32()),
        *((name, pa.int64()) for name in ("n", "nulls", "nans", "infinities", "zeros")),
        *((name, pa.float64()) for name in ("least", "greatest")),
        *((name, pa.decimal128(38, 12)) for name in ("total", "squares")),
        ("counts", _COUNTS),
        ("as_of", pa.timestamp("us", "UTC")),
        ("cuts", pa.list_(pa.float64())),
    ]
)


def profile_row(
    column: str, counts: Mapping[int, int], cuts: Sequence[float] | None, day: int = 2, **others: Any
) -> Row:
    """A row of a column's profile on a day of January 2018: ``counts`` by bin (0 is null, 4 zero, 5 below the cuts)."""
    at = datetime(2018, 1, day, tzinfo=UTC)
    facts = {
        "n": sum(counts.values()),
        "nulls": counts.get(0, 0),
        "nans": 0,
        "infinities": 0,
        "zeros": counts.get(4, 0),
    }
    told = {
        "table": "training.m",
        "column": column,
        "slice": "all",
        "window": f"2018-01-{day:02}",
        "fingerprint": "f",
        "user_bucket": 0,
    }
    bins = [{"bin": place, "rows": rows} for place, rows in sorted(counts.items())]
    return {
        **told,
        **facts,
        "least": 0.0,
        "greatest": 1.0,
        "total": None,
        "squares": None,
        "counts": bins,
        "as_of": at,
        "cuts": cuts,
        **others,
    }


def write_profile(folder: Path, files: Sequence[tuple[str, Sequence[Row]]], *, told: bool = True, **more: Any) -> None:
    """The table in ``folder``: each file is (model, rows). ``told``: the log has their statistics; ``more`` its ``add`` keys."""
    log = folder / "_delta_log"
    log.mkdir(parents=True)
    actions: list[dict[str, Any]] = [{"commitInfo": {"timestamp": 0, "operation": "WRITE"}}]
    for place, (model, rows) in enumerate(files):
        path = f"model={model}/part-{place}.parquet"
        (folder / path).parent.mkdir(exist_ok=True)
        parquet.write_table(pa.Table.from_pylist(list(rows), schema=SCHEMA), folder / path)
        last = max(row["as_of"] for row in rows).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        stats = {"numRecords": len(rows)} | ({"maxValues": {"as_of": last}} if told else {})
        add = {
            "path": path,
            "partitionValues": {"model": model},
            "size": 1,
            "dataChange": True,
            "stats": json.dumps(stats),
        }
        actions.append({"add": {**add, **more}})
    (log / f"{0:020}.json").write_text("\n".join(map(json.dumps, actions)), encoding="utf-8")

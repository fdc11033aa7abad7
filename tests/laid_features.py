"""A project whose features tables are laid out by hand, as Delta's files: serving is tested without a run, and without Spark."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
from agreed import agree
from pyarrow import parquet

FILES = {
    "headrace.yaml": 'name: corner-shop\nheadrace: ">=0.1"\nconf: conf\ngraph: shop_graph:graph\n',
    "shop_graph.py": (
        "from headrace.jobs import build_features, build_tiles, check_online, ingest_events, publish_online\n\n\n"
        "def graph(project):\n"
        "    parts = (ingest_events, build_tiles, build_features)\n"
        "    jobs = tuple(part.job(project) for part in parts)\n"
        "    return (*jobs, *publish_online.jobs(project), *check_online.jobs(project))\n"
    ),
    "conf/base.yaml": "home: home\nspan: {from: 2024-03-01, to: 2024-03-04}\nonline: {store: sqlite, batch: 2}\n",
    "conf/local.yaml": "seed: 1\n",
    "conf/contracts/events/visits.yaml": (
        "source: visits\nversion: 1\nowner: a@example.com\npurpose: Visits.\nlanding: {format: json, folder: visits}\n"
        "roles: {entity: [who], event_id: id, event_time: at, available_at: got}\nlateness: 3d\ncolumns:\n"
        "  id: {type: string, meaning: i}\n  who: {type: bigint, meaning: Who came., sensitivity: personal}\n"
        "  shop: {type: string, meaning: Where.}\n  at: {type: timestamp, meaning: t}\n  got: {type: timestamp, meaning: g}\n"
        "  paid: {type: 'decimal(8,2)', meaning: p}\n  born: {type: date, meaning: b}\n"
    ),
    "conf/contracts/features/visiting.yaml": (
        "team: growth\ngroup: visiting\nversion: 1\nowner: growth@example.com\npurpose: >-\n  How often somebody comes, and\n"
        "  what it's \"worth\".\n"
        "entity: [who]\nsource: visits\nfeatures:\n"
        "  - {name: visits, meaning: Visits., aggregate: count, windows: [3d, all]}\n"
        "  - {name: paid, meaning: Money., unit: EUR, aggregate: sum, expression: paid, scale: 2, windows: [7d]}\n"
        "  - {name: shops, meaning: Latest shops., aggregate: last_k, k: 2, expression: shop, windows: [7d]}\n"
        "  - {name: seen, meaning: Last seen., aggregate: max, expression: at, windows: [all]}\n"
        "  - {name: born, meaning: Born., aggregate: last, expression: born, windows: [all]}\n"
        "  - {name: typical, meaning: Mean., aggregate: mean, expression: paid, scale: 2, windows: [7d]}\n"
    ),
    "conf/contracts/features/shopping.yaml": (
        "team: growth\ngroup: shopping\nversion: 1\nowner: growth@example.com\npurpose: Visits of one shop.\n"
        "entity: [who, shop]\nsource: visits\nfeatures:\n"
        "  - {name: calls, meaning: Visits., aggregate: count, windows: [7d]}\n"
    ),
}  # fmt: skip
VISITING = {
    "who": "long", "as_of": "timestamp", "as_of_month": "date", "visits_3d": "long", "visits_all": "long",
    "paid_7d": "decimal(38,2)", "shops_7d": {"type": "array", "elementType": "string", "containsNull": True},
    "seen_all": "timestamp", "born_all": "date", "typical_7d": "double",
}  # fmt: skip
SHOPPING = {"who": "long", "shop": "string", "as_of": "timestamp", "as_of_month": "date", "calls_7d": "long"}
_ARROW = {
    "long": pa.int64(), "string": pa.string(), "double": pa.float64(), "date": pa.date32(),
    "timestamp": pa.timestamp("us", tz="UTC"), "decimal(38,2)": pa.decimal128(38, 2),
}  # fmt: skip
DAY = timedelta(days=1)


def midnight(day: int) -> datetime:
    """A midnight of March 2024."""
    return datetime(2024, 3, day, tzinfo=UTC)


def visitor(who: int, day: int, **others: Any) -> dict[str, Any]:
    """A row of ``features.visiting``; numbers that say whose they are, and of when."""
    seen = midnight(day) - timedelta(hours=who, microseconds=1)
    row = {
        "who": who, "as_of": midnight(day), "as_of_month": date(2024, 3, 1), "visits_3d": who, "visits_all": who * 100 + day,
        "paid_7d": Decimal(f"{who}00000000000000000.{day:02}"), "shops_7d": [f"s{day}", f"s{who}"], "seen_all": seen,
        "born_all": date(1990, 1, who), "typical_7d": who / day,
    }  # fmt: skip
    return row | others


def caller(who: int, shop: str, day: int) -> dict[str, Any]:
    """A row of ``features.shopping``."""
    return {
        "who": who, "shop": shop, "as_of": midnight(day), "as_of_month": date(2024, 3, 1), "calls_7d": who * 10 + day,
    }  # fmt: skip


def make_project(folder: Path, *sets: str) -> Any:
    """The project, its contracts agreed to."""
    from headrace.graph.project import load_project

    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    agree(folder)
    return load_project(folder, "local", sets)


def lay(folder: Path, columns: Mapping[str, Any], rows: Iterable[Mapping[str, Any]], replace: bool = True) -> Path:
    """Commit rows to the table in ``folder``: in place of all that was there, or beside it."""
    log = folder / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    version = len(list(log.glob("*.json")))
    fields = [{"name": name, "type": kind, "nullable": True, "metadata": {}} for name, kind in columns.items()]
    schema = json.dumps({"type": "struct", "fields": fields})
    metadata = {"id": "x", "schemaString": schema, "partitionColumns": ["as_of_month"], "configuration": {}}
    actions: list[dict[str, Any]] = [{"metaData": metadata}]
    earlier = range(version) if replace else ()
    actions += [{"remove": {"path": f"as_of_month=2024-03-01/part%20{one}.parquet"}} for one in earlier]
    path = folder / f"as_of_month=2024-03-01/part {version}.parquet"
    path.parent.mkdir(exist_ok=True)
    kinds = {name: pa.list_(pa.string()) if isinstance(kind, dict) else _ARROW[kind] for name, kind in columns.items()}
    kept = pa.schema([(name, kind) for name, kind in kinds.items() if name != "as_of_month"])
    parquet.write_table(pa.Table.from_pylist(list(rows), schema=kept), path)
    about = {"size": path.stat().st_size, "partitionValues": {"as_of_month": "2024-03-01"}, "dataChange": True}
    actions.append({"add": {"path": f"as_of_month=2024-03-01/part%20{version}.parquet", **about}})
    text = "".join(json.dumps(action) + "\n" for action in actions)
    (log / f"{version:020}.json").write_text(text, encoding="utf-8")
    return folder

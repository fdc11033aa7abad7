"""A tiny project with one source, whose landing zone the tests fill themselves."""

from __future__ import annotations

import gzip
import json
from datetime import date, timedelta
from pathlib import Path

from agreed import agree

START = date(2024, 3, 1)
FILES = {
    "headrace.yaml": 'name: tiny\nheadrace: ">=0.1"\nconf: conf\ngraph: tiny_graph:graph\n',
    "tiny_graph.py": (
        "from headrace.jobs import build_features, build_tiles, ingest_events\n\n\n"
        "def graph(project):\n"
        "    return tuple(part.job(project) for part in (ingest_events, build_tiles, build_features))\n"
    ),
    "conf/base.yaml": (
        "home: home\nspan: {from: 2024-03-01, to: 2024-03-11}\n"
        "spark:\n  settings:\n    spark.sql.shuffle.partitions: '2'\n    spark.databricks.delta.snapshotPartitions: '2'\n"
    ),
    "conf/local.yaml": "seed: 1\n",
    "conf/contracts/events/visits.yaml": (
        "source: visits\nversion: 1\nowner: a@example.com\npurpose: Visits.\nlanding: {format: json, folder: visits}\n"
        "roles: {entity: [who], event_id: id, event_time: at, available_at: got}\nlateness: 3d\ncolumns:\n"
        "  id: {type: string, meaning: i}\n  who: {type: bigint, meaning: w}\n  at: {type: timestamp, meaning: t}\n"
        "  got: {type: timestamp, meaning: g}\n  paid: {type: 'decimal(8,2)', meaning: p}\n"
    ),
    "conf/contracts/features/visiting.yaml": (
        "team: t\ngroup: visiting\nversion: 1\nowner: a@example.com\npurpose: Visits.\nentity: [who]\nsource: visits\nfeatures:\n"
        "  - {name: visits, meaning: n, aggregate: count, windows: [3d, all]}\n"
        "  - {name: paid, meaning: p, aggregate: sum, expression: paid, scale: 2, windows: [7d]}\n"
    ),
}
EXPECTATIONS = """\
expectations:
  - {rule: rows_at_least, rows: 6}
  - {rule: within, column: paid_7d, low: 0, high: 1000}
  - {rule: rows_hold, expression: visits_3d <= visits_all}
"""
TABLES = ("raw.events_visits", "raw.quarantine", "raw.tally", "tiles.visits", "features.visiting")


def make_project(folder: Path, days: int = 10, a_day: int = 6) -> Path:
    """The project with ``days`` landing days of ``a_day`` visits."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    agree(folder)
    for day in range(days):
        land(folder, START + timedelta(days=day), "a", [visit(day * a_day + n, day, n) for n in range(a_day)])
    return folder


def expecting(folder: Path) -> Path:
    """The project, whose features are staged and audited before they are published."""
    contract = folder / "conf/contracts/features/visiting.yaml"
    contract.write_text(contract.read_text(encoding="utf-8") + EXPECTATIONS, encoding="utf-8")
    return folder


def visit(number: int, day: int, who: int, late: int = 0, paid: str = "1.25", **others: object) -> str:
    """One line: a visit on ``day`` that is received ``late`` days later."""
    at, got = (f"{START + timedelta(days=d)}T10:00:{number % 60:02d}Z" for d in (day, day + late))
    return json.dumps({"id": f"v{number}", "who": who, "at": at, "got": got, "paid": float(paid), **others})


def land(folder: Path, day: date, name: str, lines: list[str]) -> Path:
    """A gzip file of lines in a day's folder."""
    path = folder / "home/landing/visits" / day.isoformat() / f"{name}.json.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.GzipFile(path, "wb", mtime=0) as file:
        file.write(("\n".join(lines) + "\n").encode())
    return path


def hashes(spark: object, folder: Path, tables: tuple[str, ...] = TABLES, home: str = "home") -> dict[str, str]:
    """The hash of every table of the project, or of some."""
    from headrace.tables.hash import table_hash

    root = folder / home / "warehouse"
    frames = {name: spark.read.format("delta").load(str(root / name.replace(".", "/"))) for name in tables}  # type: ignore[attr-defined]
    return {name: table_hash(frame) for name, frame in frames.items()}

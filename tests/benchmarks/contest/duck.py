"""DuckDB as a contender: the same steps (tiles written, then features at the cutoffs in one pass), and straight from raw.

python tests/benchmarks/contest/duck.py WORK.json RESULT.json MEMORY
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable
from datetime import date
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import duckdb
from benchmarks.contest.work import Feature, Result, Work, checksums_sql, inside, since, state, timed, work_of

LIFTED = {
    "count": "count(*) FILTER (WHERE {where})",
    "sum": "sum({expression}) FILTER (WHERE {where})",
    "max": "max({expression}) FILTER (WHERE {where})",
    "count_distinct": "list(DISTINCT {expression}) FILTER (WHERE {where} AND {expression} IS NOT NULL)",
}
MERGED = {
    "count": "coalesce(sum({state}) FILTER (WHERE {seen}), 0)",
    "sum": "sum({state}) FILTER (WHERE {seen})",
    "max": "max({state}) FILTER (WHERE {seen})",
    "count_distinct": "coalesce(len(list_distinct(flatten(list({state}) FILTER (WHERE {seen} AND {state} IS NOT NULL)))), 0)",
}
DIRECT = {
    "count": "count(*) FILTER (WHERE {seen})",
    "sum": "sum({expression}) FILTER (WHERE {seen})",
    "max": "max({expression}) FILTER (WHERE {seen})",
    "count_distinct": "count(DISTINCT {expression}) FILTER (WHERE {seen})",
}


def tiles(asked: Work, target: Path) -> str:
    """SQL that writes the tiles of all events that arrived before the last cutoff."""
    last = asked.backfill[-1]
    lifts = {state(each): LIFTED[each.aggregate].format_map(vars(each)) for each in asked.features}
    columns = ", ".join(f"{lift} AS {name}" for name, lift in lifts.items())
    return (
        f"COPY (SELECT user_id, event_date, landed_on, {columns} FROM {_events(asked)} WHERE landed_on < DATE '{last}' "
        f"AND event_date < DATE '{last}' GROUP BY ALL) TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
    )


def from_tiles(asked: Work, source: Path, target: Path) -> str:
    """SQL that writes the features at all cutoffs in one pass over the tiles."""
    values = (
        MERGED[each.aggregate].format(state=state(each), seen=f"event_date >= midnight - {each.days}")
        for each in asked.features
    )
    return _by_cutoff(asked, f"'{source}'", zip(asked.features, values, strict=True), target)


def from_raw(asked: Work, target: Path) -> str:
    """SQL that writes the same straight from the events."""
    values = (
        DIRECT[each.aggregate].format(
            expression=each.expression, seen=f"event_date >= midnight - {each.days} AND ({each.where})"
        )
        for each in asked.features
    )
    return _by_cutoff(asked, _events(asked), zip(asked.features, values, strict=True), target)


def _by_cutoff(asked: Work, source: str, values: Iterable[tuple[Feature, str]], target: Path) -> str:
    columns = ", ".join(f"{value} AS {feature.column}" for feature, value in values)
    cutoffs = ", ".join(f"(DATE '{at}')" for at in asked.backfill)
    return (
        f"COPY (SELECT user_id, midnight, {columns} FROM {source} JOIN (VALUES {cutoffs})AS cutoffs(midnight) ON event_date < midnight "
        f"AND event_date >= midnight - {asked.longest} AND landed_on < midnight GROUP BY user_id, midnight) "
        f"TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
    )


def refreshed(asked: Work, at: date, target: Path) -> str:
    """SQL that writes the features of one midnight straight from the events."""
    values = ", ".join(
        DIRECT[each.aggregate].format(
            expression=each.expression, seen=f"event_date >= {since(at, each.days)} AND ({each.where})"
        )
        + f" AS {each.column}"
        for each in asked.features
    )
    return (
        f"COPY (SELECT user_id, {values} FROM {_events(asked)} WHERE {inside(at, asked.longest)} GROUP BY user_id) "
        f"TO '{target}' (FORMAT parquet, COMPRESSION zstd)"
    )


def _events(asked: Work) -> str:
    return f"read_parquet('{asked.events}/*/*.parquet', hive_partitioning = true, hive_types = {{'event_date': DATE}})"


def contend(asked: Work, memory: str) -> Result:
    """Both ways of the backfill, and the refreshes straight from raw, in one connection that is warm from the tiles on."""
    folder = Path(asked.output) / "duckdb"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    base = duckdb.connect(config={"threads": 2, "memory_limit": memory, "temp_directory": str(folder / "spill")})
    tile, made, straight = (folder / f"{name}.parquet" for name in ("tiles", "features", "straight"))
    base.execute(f"SELECT count(*), max(value) FROM {_events(asked)}").fetchall()
    seconds = {
        "backfill": [
            timed(lambda: base.execute(tiles(asked, tile))),
            timed(lambda: base.execute(from_tiles(asked, tile, made))),
        ],
        "backfill from raw": [timed(lambda: base.execute(from_raw(asked, straight)))],
        "refresh": [],
    }
    found = _checksums(base, asked, f"'{made}'", by_cutoff=True)
    assert found == _checksums(base, asked, f"'{straight}'", by_cutoff=True), "its two ways differ"
    for at in asked.refreshes:
        target = folder / f"{at}.parquet"
        seconds["refresh"].append(timed(lambda at=at, target=target: base.execute(refreshed(asked, at, target))))
        found[str(at)] = _checksums(base, asked, f"'{target}'", by_cutoff=False)[""]
    shutil.rmtree(folder)
    return Result(seconds, found)


def _checksums(
    base: duckdb.DuckDBPyConnection, asked: Work, table: str, *, by_cutoff: bool
) -> dict[str, dict[str, str]]:
    at = "midnight" if by_cutoff else "''"
    rows = base.execute(f"SELECT {at}, {', '.join(checksums_sql(asked.features))} FROM {table} GROUP BY 1").fetchall()
    return {str(row[0]): dict(zip((each.column for each in asked.features), row[1:], strict=True)) for row in rows}


if __name__ == "__main__":
    told, result, most = sys.argv[1:4]
    done = contend(work_of(Path(told).read_text(encoding="utf-8")), most)
    Path(result).write_text(done.told(), encoding="utf-8")

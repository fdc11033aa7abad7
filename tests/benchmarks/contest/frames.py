"""Polars as a contender: the same steps as DuckDB's, by its streaming engine.

python tests/benchmarks/contest/frames.py WORK.json RESULT.json
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import polars as pl
from benchmarks.contest.work import WEIGHT, Feature, Result, Work, state, timed, work_of

WHOLE = pl.Int64


def lifted(feature: Feature) -> pl.Expr:
    """A tile's state of a feature; money in cents."""
    seen = pl.col("event_date").is_not_null() & pl.sql_expr(
        feature.where
    )  # a literal alone is one value, not one a row
    if feature.aggregate == "count":
        return seen.sum()
    value = pl.when(seen).then(_value(feature))
    if feature.aggregate == "count_distinct":
        return value.drop_nulls().unique()
    return value.sum() if feature.aggregate == "sum" else value.max()


def _value(feature: Feature) -> pl.Expr:
    return (pl.col("value") * 100).cast(WHOLE) if feature.cents else pl.sql_expr(feature.expression)


def merged(feature: Feature, at: date) -> pl.Expr:
    """A feature's value at a cutoff, of the states in its window."""
    seen = pl.col(state(feature)).filter(pl.col("event_date") >= at - timedelta(days=feature.days))
    if feature.aggregate == "count_distinct":
        return seen.list.explode().drop_nulls().n_unique()
    return seen.max() if feature.aggregate == "max" else seen.sum()


def events(asked: Work) -> pl.LazyFrame:
    """All events."""
    return pl.scan_parquet(f"{asked.events}/*/*.parquet", hive_partitioning=True, hive_schema={"event_date": pl.Date})


def _inside(frame: pl.LazyFrame, at: date, days: int) -> pl.LazyFrame:
    day = pl.col("event_date")
    return frame.filter((day >= at - timedelta(days=days)) & (day < at) & (pl.col("landed_on") < at))


def tiles(asked: Work, target: Path) -> None:
    """Writes the tiles of all events that arrived before the last cutoff."""
    before = _inside(events(asked), asked.backfill[-1], 10_000)
    states = {state(each): lifted(each) for each in asked.features}
    cells = before.group_by("user_id", "event_date", "landed_on").agg(**states)
    cells.sink_parquet(target, compression="zstd", engine="streaming")


def from_tiles(asked: Work, source: Path, folder: Path) -> None:
    """Writes the features of each cutoff; the four are one query, whose scan Polars shares where it can."""
    cells = pl.scan_parquet(source)
    _each(asked, folder, lambda at: _inside(cells, at, asked.longest), merged)


def from_raw(asked: Work, folder: Path) -> None:
    """Writes the same straight from the events."""
    _each(asked, folder, lambda at: _inside(events(asked), at, asked.longest), straight)


def straight(feature: Feature, at: date) -> pl.Expr:
    """A feature's value at a cutoff, of the events."""
    seen = (pl.col("event_date") >= at - timedelta(days=feature.days)) & pl.sql_expr(feature.where)
    if feature.aggregate == "count":
        return seen.sum()
    value = pl.when(seen).then(_value(feature))
    if feature.aggregate == "count_distinct":
        return value.drop_nulls().n_unique()
    return value.max() if feature.aggregate == "max" else value.sum()


def _each(
    asked: Work, folder: Path, inside: Callable[[date], pl.LazyFrame], value: Callable[[Feature, date], pl.Expr]
) -> None:
    folder.mkdir(exist_ok=True)
    sinks = []
    for at in asked.backfill:
        columns = {each.column: value(each, at) for each in asked.features}
        grouped = inside(at).group_by("user_id").agg(**columns)
        sinks.append(grouped.sink_parquet(folder / f"{at}.parquet", compression="zstd", lazy=True))
    pl.collect_all(sinks, engine="streaming")


def checksums(asked: Work, folder: Path) -> dict[str, dict[str, str]]:
    """By cutoff and column; see ``work.checksums_sql``."""
    found = {}
    for at in asked.backfill:
        frame = pl.read_parquet(folder / f"{at}.parquet")
        weight = 1 + pl.col("user_id") % WEIGHT
        sums = {
            each.column: pl.format(
                "{}:{}", (pl.col(each.column) != 0).sum(), (pl.col(each.column).cast(WHOLE) * weight).sum()
            )
            for each in asked.features
        }
        found[str(at)] = frame.select(**sums).row(0, named=True)
    return found


def contend(asked: Work) -> Result:
    """Both ways of the backfill."""
    folder = Path(asked.output) / "polars"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    tile, made, direct = folder / "tiles.parquet", folder / "made", folder / "straight"
    events(asked).select(pl.len(), pl.col("value").max()).collect(engine="streaming")
    seconds = {
        "backfill": [timed(lambda: tiles(asked, tile)), timed(lambda: from_tiles(asked, tile, made))],
        "backfill from raw": [timed(lambda: from_raw(asked, direct))],
    }
    found = checksums(asked, made)
    assert found == checksums(asked, direct), "its two ways differ"
    shutil.rmtree(folder)
    return Result(seconds, found)


if __name__ == "__main__":
    told, result = sys.argv[1:3]
    done = contend(work_of(Path(told).read_text(encoding="utf-8")))
    Path(result).write_text(done.told(), encoding="utf-8")

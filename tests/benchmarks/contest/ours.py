"""headrace as a contender: through its engine, with commits and ledger, in one warm process.

    ./spark-submit.sh tests/benchmarks/contest/ours.py FOLDER EVENTS USERS DAYS REFRESHES

Not timed: the events, and the daily project up to the day before the first refresh. Timed: the backfill (tiles of all
events, then the features at four weekly cutoffs) in a home of its own over the same files, and each refresh.
"""

from __future__ import annotations

import contextlib
import io
import shutil
import sys
import time
from datetime import date, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from benchmarks.contest.project import START, Size, make_project, work
from benchmarks.contest.work import Result, Work, checksums_sql
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from headrace.cli import main


def run(*words: str) -> float:
    """A headrace command in this process: seconds from call to return.

    Raises:
        RuntimeError: it did not end with 0; the text is what it said.
    """
    said = io.StringIO()
    began = time.perf_counter()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = main(["run", *words])
    if status:
        raise RuntimeError(said.getvalue())
    return time.perf_counter() - began


def make_events(folder: Path) -> None:
    """The events, in the home ``events``, unless they are there."""
    run("make_events", "--project", str(folder))


def lay_out(folder: Path, home: str) -> None:
    """A home with links to the files of the events, and with the ledger that says that they are made."""
    shutil.rmtree(folder / home, ignore_errors=True)
    shutil.copytree(folder / "events", folder / home, copy_function=_link, ignore=shutil.ignore_patterns("*.lock"))


def _link(source: str, target: str) -> None:
    Path(target).hardlink_to(source)


def backfill(folder: Path, size: Size) -> list[float]:
    """Seconds of the tiles of all days, and of the features at the weekly cutoffs."""
    weekly = ("--project", str(folder), "--set", "home=weekly", "--set", "snapshots_every=7d")
    until = ("--to", str(size.first))
    tiles = run("build_tiles", "--from", str(START), *until, *weekly)
    since = str(size.cutoffs[0] - timedelta(weeks=1))
    return [tiles, run("build_features", "--from", since, *until, *weekly)]


def begin(folder: Path, size: Size) -> None:
    """The daily project as it stands before the first refresh: tiles of all days, the last day's snapshot."""
    daily = ("--to", str(size.first), "--project", str(folder), "--set", "home=daily")
    run("build_tiles", "--from", str(START), *daily)
    run("build_features", "--from", str(size.first - timedelta(days=1)), *daily)


def refresh(folder: Path, end: date) -> float:
    """Seconds of one day: its tiles, then everybody's features at its end."""
    day = ("--from", str(end - timedelta(days=1)), "--to", str(end))
    return run("--select", "tag:features", *day, "--project", str(folder), "--set", "home=daily")


def checksums(spark: SparkSession, table: Path, asked: Work, midnights: tuple[date, ...]) -> dict[str, dict[str, str]]:
    """By midnight and column."""
    rows = spark.read.format("delta").load(str(table))
    summed = rows.groupBy("as_of").agg(*(F.expr(sql) for sql in checksums_sql(asked.features))).collect()
    found = {row["as_of"].date().isoformat(): row.asDict() for row in summed}
    return {str(at): {each.column: found[str(at)][each.column] for each in asked.features} for at in midnights}


def contend(folder: Path, size: Size) -> Result:
    """Everything that this contender does."""
    asked = work(folder, size, "daily")
    make_events(folder)
    for home in ("daily", "weekly"):
        lay_out(folder, home)
    begin(folder, size)
    filled = backfill(folder, size)
    refreshed = [refresh(folder, end) for end in size.refreshed]
    spark = SparkSession.active()
    found = checksums(spark, folder / "weekly/warehouse/features/work", asked, size.cutoffs)
    found |= checksums(spark, folder / "daily/warehouse/features/work", asked, size.refreshed)
    return Result({"backfill": filled, "refresh": refreshed}, found)


if __name__ == "__main__":
    place = Path(sys.argv[1])
    asked_size = Size(*map(int, sys.argv[2:6]))
    (place / "ours.json").write_text(contend(make_project(place, asked_size), asked_size).told(), encoding="utf-8")

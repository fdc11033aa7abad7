"""Small files are laid together and stray ones let go: nothing below becomes due, and every promised version is there.

Short form, in `make test`: tests/unit/tables/test_layout.py on made-up logs, and the job itself in test_whole_graph.py.
"""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import Any

import pytest
import tiny

from headrace.tables.delta_log import touched
from headrace.tables.hash import table_hash
from headrace.tables.log import TableLog, actions_of, commit_files

pytestmark = [pytest.mark.spark, pytest.mark.e2e, pytest.mark.dear]
GRAPH = """\
from headrace.jobs import build_features, build_tiles, ingest_events, maintain


def graph(project):
    jobs = tuple(part.job(project) for part in (ingest_events, build_tiles, build_features))
    return (*jobs, maintain.job(project, jobs))
"""
SCATTERED = ("tiles.visits", "features.visiting")
STRAY = 1234


def scatter(spark: Any, place: Path, months: str) -> None:
    """The same rows in six files."""
    rows = spark.read.format("delta").load(str(place)).repartition(6)
    rows.write.format("delta").mode("overwrite").partitionBy(months).save(str(place))


def test_maintenance_changes_no_row_and_makes_nothing_due(spark: Any, call: Any, tmp_path: Path) -> None:
    project = tiny.make_project(tmp_path, days=3)
    (project / "tiny_graph.py").write_text(GRAPH)
    base = tiny.FILES["conf/base.yaml"].replace("2024-03-11", "2024-03-04")
    (project / "conf/base.yaml").write_text(base + "maintenance: {least_files: 5}\n")
    words, warehouse = ("--project", str(project)), project / "home/warehouse"
    status, said = call("run", *words)
    assert (status, bool(re.search(r"^maintain +done", said, flags=re.MULTILINE))) == (0, True), said
    status, said = call("run", *words)
    assert (status, "Everything is up to date" in said) == (0, True), said

    places = {name: warehouse / name.replace(".", "/") for name in SCATTERED}
    for name, months in zip(SCATTERED, ("arrival_month", "as_of_month"), strict=True):
        scatter(spark, places[name], months)
    stray = places["tiles.visits"] / "arrival_month=2024-03-01/of-a-killed-run.parquet"
    stray.write_bytes(b"x" * STRAY)
    long_ago = time.time() - 100 * 86_400
    os.utime(stray, (long_ago, long_ago))
    before = tiny.hashes(spark, project, SCATTERED)
    latest = {name: max(commit_files(place)) for name, place in places.items()}

    status, said = call("maintain", "--dry-run", *words)
    assert (status, "Nothing was written." in said) == (0, True), said
    assert re.search(
        r"^tiles\.visits +6 .*compact 1 partition; let go what was replaced more than 2160 hours ago$",
        said,
        re.MULTILINE,
    ), said
    assert re.search(r"^features\.visiting +6 .*compact 1 partition *$", said, flags=re.MULTILINE), said
    assert re.search(r"^raw\.tally .*nothing *$", said, flags=re.MULTILINE), said
    assert {name: max(commit_files(place)) for name, place in places.items()} == latest

    status, said = call("maintain", *words)
    assert status == 0, said
    assert re.search(r"^tiles\.visits +6 +1 ", said, flags=re.MULTILINE), said
    assert re.search(r"^features\.visiting +6 +1 ", said, flags=re.MULTILINE), said
    assert tiny.hashes(spark, project, SCATTERED) == before
    for name, place in places.items():
        log = TableLog(place)
        anew = next(commit for commit in log.commits() if commit.operation == "OPTIMIZE")
        changed = [
            a[kind]["dataChange"]
            for a in actions_of(commit_files(place)[anew.version])
            for kind in ("add", "remove")
            if kind in a
        ]
        assert changed == [False] * 7, "six files out, one in"
        assert touched([commit_files(place)[anew.version]], "event_day").rows == 0, (
            "whoever reads it in place sees no new row"
        )
        old = spark.read.format("delta").option("versionAsOf", latest[name]).load(str(place))
        assert table_hash(old) == before[name], "the version that was laid anew can still be read"
    assert not stray.exists()
    row = spark.read.format("delta").load(str(warehouse / "ops/maintenance")).where("table = 'tiles.visits'").head()
    assert (row["files_before"], row["files_after"]) == (6, 1)
    assert row["bytes_freed"] == STRAY - row["bytes_after"], "what compaction replaced is still there"

    status, said = call("plan", *words)
    assert (status, "everything is up to date" in said.lower()) == (0, True), said
    status, said = call("maintain", *words)
    assert (status, "Nothing is worth doing." in said) == (0, True), said

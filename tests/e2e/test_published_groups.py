"""A group that another project reads: published, taken, bumped, pinned, accepted, retired. Two tiny projects."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny
from agreed import agree
from pyarrow import parquet

from headrace.contracts.published import listed_of
from headrace.tables.log import log_of

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
VISITING = tiny.FILES["conf/contracts/features/visiting.yaml"].replace("purpose:", "published: true\npurpose:") + (
    "  - {name: cautious, meaning: c, derive: visits_all + 1, scale: 1}\n"
    "  - {name: least, meaning: l, unit: EUR, aggregate: min, expression: paid, windows: [3d], when_empty: 9.99, sensitivity: personal}\n"
)


def make_publisher(folder: Path) -> Path:
    tiny.make_project(folder, days=4)
    (folder / "conf/base.yaml").write_text(tiny.FILES["conf/base.yaml"].replace("2024-03-11", "2024-03-05"))
    (folder / "conf/contracts/features/visiting.yaml").write_text(VISITING, encoding="utf-8")
    (folder / "tiny_graph.py").write_text(
        "from headrace.jobs import build_features, build_tiles, ingest_events, publish_groups\n\n\n"
        "def graph(project):\n"
        "    jobs = tuple(part.job(project) for part in (ingest_events, build_tiles, build_features))\n"
        "    return (*jobs, *publish_groups.jobs(project))\n"
    )
    agree(folder)
    return folder


def rows_of(folder: Path):
    files = log_of(folder / "home/warehouse", "catalog.groups").files()
    return [listed_of(row) for file in files for row in parquet.read_table(file).to_pylist()]


def test_a_published_group_is_a_row(spark, call, tmp_path):
    project = make_publisher(tmp_path)
    words = ("--project", str(project))
    status, said = call("run", *words)
    assert status == 0, said
    (one,) = rows_of(project)
    assert (one.group.reference, one.group.table, one.retire_after) == ("t.visiting@1", "features.visiting", None)
    assert one.group.types == {
        "who": "bigint", "as_of": "timestamp", "visits_3d": "bigint", "visits_all": "bigint", "paid_7d": "decimal(19,2)",
        "cautious": "decimal(19,1)", "least_3d": "decimal(8,2)",
    }  # fmt: skip
    empty = {column.name: column.when_empty for column in one.group.features}
    assert empty == {"visits_3d": "0", "visits_all": "0", "paid_7d": None, "cautious": "1.0", "least_3d": "9.99"}
    assert (one.group.column("least_3d").unit, one.group.column("least_3d").sensitivity) == ("EUR", "personal")
    status, said = call("table", "show", "catalog.groups", *words)
    assert status == 0, said
    assert "publish_groups" in said
    assert "Why there is this version." in said
    assert "everything is up to date" in call("plan", *words)[1].lower()
    before = rows_of(project)
    assert call("run", "publish_groups", "--full-refresh", *words)[0] == 0
    assert rows_of(project) == before, "the row says when it was first written"

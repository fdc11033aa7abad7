"""Releases from ledgers that lie in files, and what of them can still be read. No Spark is started."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pytest
from calling import Command, command, refuse_sessions
from pyarrow import parquet
from whole_project import copy_project

import headrace
from headrace.cli.releasing import by_log, released, version_at
from headrace.cli.whole_run import restorable, run_target
from headrace.cli.workbench import Workbench
from headrace.graph.ledger import LEDGER
from headrace.ground.errors import HeadraceError
from headrace.tables.log import Commit, TableLog
from headrace.tables.newest import all_rows
from headrace.tables.spec import Table

NOW = datetime.now(UTC).replace(microsecond=0)
FIRST, SECOND = NOW - timedelta(days=3), NOW - timedelta(days=2)
TILES, VALUES = "tiles.shop_events", "features.customer_value"


def commit(folder: Path, version: int, at: datetime, *actions: Mapping[str, Any]) -> None:
    """A commit; the files that it adds lie in the folder."""
    told = {"commitInfo": {"timestamp": round(at.timestamp() * 1000), "operation": "WRITE"}}
    path = folder / "_delta_log" / f"{version:020}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(json.dumps(line) for line in (told, *actions)) + "\n", encoding="utf-8")
    for action in actions:
        if "add" in action and not (folder / action["add"]["path"]).exists():
            (folder / action["add"]["path"]).touch()


def add(path: str) -> dict[str, Any]:
    return {"add": {"path": path, "size": 1, "partitionValues": {}}}


METADATA = {"metaData": {"schemaString": json.dumps({"fields": []}), "configuration": {
    "delta.deletedFileRetentionDuration": "interval 90 days", "delta.logRetentionDuration": "interval 90 days"}}}  # fmt: skip


def lay_ledger(folder: Path, version: int, rows: list[dict[str, Any]], zone: str | None = "UTC") -> None:
    """A commit of the ledger, with instants as Spark writes them, or as it did of old."""
    folder.mkdir(parents=True, exist_ok=True)
    instant = pa.timestamp("us", tz=zone) if zone else pa.timestamp("ns")
    kinds = {"at": instant, "start": instant, "end": instant}
    arrays = {}
    for name in rows[0]:
        values = [row[name] for row in rows]
        if name in kinds and zone is None:
            values = [value.replace(tzinfo=None) for value in values]
        arrays[name] = pa.array(values, kinds.get(name))
    parquet.write_table(
        pa.table(arrays), folder / f"part-{version}.parquet", use_deprecated_int96_timestamps=zone is None
    )
    commit(folder, version, rows[0]["at"], METADATA, add(f"part-{version}.parquet"))


def row(at: datetime, run: str, job: str, **outputs: str) -> dict[str, Any]:
    named = {name.replace("__", "."): version for name, version in outputs.items()}
    return {
        "at": at, "run_id": run, "job": job, "start": datetime(2017, 1, 1, tzinfo=UTC),
        "end": datetime(2017, 1, 2, tzinfo=UTC), "state": "done", "stamp": "s", "seconds": 1.0, "rows_in": 1,
        "rows_out": 1, "intervals": 1, "outputs": json.dumps(named), "note": "",
    }  # fmt: skip


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    """Two runs: each made tiles, and the second made features anew."""
    root = copy_project(tmp_path, {}) / ".headrace/local/warehouse"
    first = [row(FIRST, "first", "build_tiles", tiles__shop_events="0")]
    first += [row(FIRST, "first", "build_features", features__customer_value="0")]
    first += [row(FIRST, "first", "release_model", champion__lapse_risk="1")]
    lay_ledger(root / "ops/ledger", 0, first)
    second = [row(SECOND, "second", "build_tiles", tiles__shop_events="1")]
    second += [row(SECOND, "second", "build_features", features__customer_value="1")]
    lay_ledger(root / "ops/ledger", 1, second, zone=None)
    for table in ("tiles/shop_events", "features/customer_value"):
        commit(root / table, 0, FIRST - timedelta(minutes=1), METADATA, add("old"))
        commit(root / table, 1, SECOND - timedelta(minutes=1), {"remove": {"path": "old"}}, add("new"))
    return root


@pytest.fixture
def call(warehouse: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Run a command on the project; opening a session is an error."""
    refuse_sessions(monkeypatch)
    return command(capsys, "--project", str(warehouse.parents[2]))


def bench(warehouse: Path) -> Workbench:
    return headrace.open(warehouse.parents[2], "local")


def test_the_ledgers_files_say_what_it_says(warehouse: Path) -> None:
    opened = bench(warehouse)
    found = released(opened.project, opened.graph, by_log(opened.project, opened.graph))
    assert [(one.id, one.at) for one in found.releases] == [("first", FIRST), ("second", SECOND)], "INT96 is UTC too"
    assert [dict(one.tables) for one in found.releases] == [{TILES: 0, VALUES: 0}, {TILES: 1, VALUES: 1}]
    assert found.releases[1].others == {"champion.lapse_risk": "1"}
    assert all_rows(TableLog(warehouse / "ops/decisions")) == [], "never made"
    assert all_rows(TableLog(None)) is None, "elsewhere"


def test_releases_are_listed_and_shown(call: Command) -> None:
    status, said = call("release", "list")
    lines = [line.split() for line in said.splitlines()[1:]]
    assert (status, [line[0] for line in lines], [line[-1] for line in lines]) == (
        0,
        ["second", "first"],
        ["all", "all"],
    )
    assert [line[0] for line in map(str.split, call("release", "list", "--rows", "1")[1].splitlines()[1:])] == [
        "second"
    ]
    status, said = call("release", "show", "first")
    assert status == 0
    until = f"{FIRST - timedelta(minutes=1) + timedelta(days=90):%Y-%m-%d}"
    assert any(line.split() == [TILES, "0", "by", "this", "run", "until", until] for line in said.splitlines()), said
    assert "champion.lapse_risk: 1" in said
    assert 'headrace.open(env="local").at_release("first")' in said
    assert "for as long as it is the latest" in call("release", "show", "second")[1]


def test_a_difference_names_who_made_it(call: Command) -> None:
    said = call("release", "diff", "first")[1]
    assert [line.split() for line in said.splitlines()[1:]] == [
        [VALUES, "0", "1", "build_features"],
        [TILES, "0", "1", "build_tiles"],
    ]
    assert "have the same versions of all tables" in call("release", "diff", "second", "second")[1]
    status, said = call("release", "diff", "frst")
    assert (status, "Did you mean 'first'?" in said) == (2, True)


def test_what_was_let_go_is_told_with_what_is_left(warehouse: Path, call: Command) -> None:
    (warehouse / "features/customer_value/old").unlink()
    assert f"all but {VALUES}" in call("release", "list")[1]
    assert "no: 1 of its 1 files were removed" in call("release", "show", "first")[1]
    opened = bench(warehouse).at_release("first")
    assert opened.release is not None
    assert version_at(opened.at_release("second").release or opened.release, VALUES, opened.project) == 1
    with pytest.raises(HeadraceError) as refused:
        opened.table(VALUES)
    told = str(refused.value)
    assert "RELEASE_GONE: release first cannot be read whole any more" in told
    assert f"{VALUES} version 0: 1 of its 1 files were removed" in told
    assert f"{TILES} version 0" in told.partition("still there is")[2]


def test_a_version_whose_retention_is_over_is_not_promised(warehouse: Path, call: Command) -> None:
    long_ago = NOW - timedelta(days=100)
    commit(warehouse / "tiles/shop_events", 0, long_ago, METADATA, add("old"))
    assert f"no: its retention ended on {long_ago + timedelta(days=90):%Y-%m-%d}" in call("release", "show", "first")[1]
    shutil.rmtree(warehouse / "tiles/shop_events")
    assert "no: the table is gone, or its log is" in call("release", "show", "first")[1]


def test_what_a_release_has_not_is_said(warehouse: Path) -> None:
    opened = bench(warehouse)
    with pytest.raises(HeadraceError, match="RELEASE_UNKNOWN"):
        opened.at_release("third")
    for read in (lambda one: one.table("scores.lapse_risk"), lambda one: one.training_set("lapse_risk")):
        with pytest.raises(HeadraceError, match="RELEASE_WITHOUT"):
            read(opened.at_release("first"))
    with pytest.raises(HeadraceError, match=r"TABLE_UNKNOWN.*"):
        opened.at_release("first").table("scores.lapse_rsk")


def test_before_any_run_there_is_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from headrace.cli import main

    root = copy_project(tmp_path, {})
    assert main(["release", "list", "--project", str(root)]) == 0
    assert "No run has left anything yet. Next: headrace run" in capsys.readouterr().out
    assert LEDGER.name == "ops.ledger"


def parts_of(warehouse: Path) -> Any:
    """What ``run_target`` asks of an environment, from its logs."""
    opened = bench(warehouse)

    def commits(table: Table) -> tuple[Commit, ...]:
        return TableLog(warehouse.joinpath(*table.name.split("."))).commits()

    store = SimpleNamespace(read_rows=by_log(opened.project, opened.graph), commits=commits)
    return SimpleNamespace(project=opened.project, graph=opened.graph, store=store)


def test_what_a_rollback_of_a_run_would_do(warehouse: Path) -> None:
    third = [row(NOW - timedelta(days=1), "third", "score_users", scores__lapse_risk="0", champion__lapse_risk="2")]
    lay_ledger(warehouse / "ops/ledger", 2, third)
    found = run_target(parts_of(warehouse), "second", NOW)
    assert list(found.told) == [
        f"run second: back to release first, as of {FIRST:%Y-%m-%d %H:%M:%S} UTC",
        "  with what was written since by third",
        f"  {VALUES}: version 1 -> version 0 again",
        "  scores.lapse_risk was first made since then; it stays as it is",
        "  the champion of lapse_risk is another one since then; `headrace rollback model lapse_risk` gives it back",
    ]
    (change,) = found.changes
    assert (change.table, change.to, change.before) == (VALUES, 0, 1)
    assert change.identity == parts_of(warehouse).project.identity("customer_value")
    assert (found.about, found.to.id, found.now.id) == ("run second", "first", "third")


def test_a_rollback_of_a_run_is_refused_by_name(warehouse: Path) -> None:
    for run, code in (("first", "ROLLBACK_FIRST"), ("fourth", "RELEASE_UNKNOWN")):
        with pytest.raises(HeadraceError, match=code):
            run_target(parts_of(warehouse), run, NOW)
    (warehouse / "features/customer_value/old").unlink()
    with pytest.raises(HeadraceError) as refused:
        run_target(parts_of(warehouse), "second", NOW)
    assert refused.value.code == "RELEASE_GONE"
    assert f"{VALUES} version 0: 1 of its 1 files were removed" in str(refused.value)
    lay_ledger(warehouse / "ops/ledger", 2, [row(NOW, "third", "build_tiles", tiles__shop_events="1")])
    with pytest.raises(HeadraceError, match="ROLLBACK_FIRST"):
        run_target(parts_of(warehouse), "third", NOW)


@pytest.mark.parametrize(
    ("table", "goes"),
    [("features.x", True), ("scores.x", True), ("own.x", True), ("raw.events_x", False), ("carried.x", False)],
)
def test_what_is_a_function_of_what_landed_is_left_alone(table: str, goes: bool) -> None:
    assert restorable(table) == goes

"""Two processes write one table of a local warehouse: all rows are there. One that is suspended commits on top of nobody."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from writers import TABLE, Writer, rows, suspend_at_write, write, writer

from headrace.ground.errors import HeadraceError
from headrace.tables import lock
from headrace.tables.log import TableLog
from headrace.tables.store import Store

pytestmark = [pytest.mark.spark, pytest.mark.slow]
COMMITS = 10


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("shared") / "warehouse"


@pytest.fixture(scope="module")
def other(warehouse: Path) -> Iterator[Writer]:
    """A process of its own, with its own Spark."""
    warehouse.mkdir()
    with writer(warehouse) as one:
        yield one


@pytest.fixture
def store(spark: Any, warehouse: Path) -> Store:
    return Store(spark, warehouse)


def test_every_row_of_both_is_there_once(spark: Any, warehouse: Path, other: Writer, store: Store) -> None:
    other.tell("write", "other", COMMITS, COMMITS)
    assert write(store, "own", 0, COMMITS) == []
    assert other.answer() == []
    assert rows(spark, warehouse) == [(who, n) for who in ("other", "own") for n in range(COMMITS)]
    assert len(TableLog(warehouse / "raw/shared").commits()) == 2 * COMMITS


def test_a_suspended_writer_keeps_its_turn(
    spark: Any, warehouse: Path, other: Writer, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "PATIENCE", 0.5)
    before = rows(spark, warehouse) if store.exists(TABLE) else []
    suspend_at_write(other, warehouse, "suspended", 900)
    with pytest.raises(HeadraceError) as held:
        store.append_rows(TABLE, [{"who": "own", "n": 901, "day": None}], "who string, n bigint, day date")
    assert (held.value.code, held.value.exit_status) == ("TABLE_HELD", 75)
    assert f"process {other.process.pid}, which is suspended" in str(held.value)
    other.send(signal.SIGCONT)
    assert write(store, "after", 901, 1) == []
    assert other.answer() == []
    assert rows(spark, warehouse) == sorted([*before, ("after", 0), ("suspended", 0), ("suspended", 1)])


def test_one_that_outlives_its_lock_is_refused(spark: Any, warehouse: Path, other: Writer, store: Store) -> None:
    """Somebody removes the lock's file; another writes the same day meanwhile; then the suspended one goes on."""
    before = rows(spark, warehouse) if store.exists(TABLE) else []
    suspend_at_write(other, warehouse, "late", 910)
    (warehouse / "_locks/raw.shared.lock").unlink()
    assert write(store, "first", 910, 1) == []
    other.send(signal.SIGCONT)
    assert other.answer() == ["WRITE_CONFLICT"]
    assert rows(spark, warehouse) == sorted([*before, ("first", 0)])


def test_a_killed_one_whose_spark_goes_on_is_refused_too(
    spark: Any, warehouse: Path, other: Writer, store: Store
) -> None:
    """The lock goes with Python's process; its JVM may be suspended in the middle of a write, and go on later."""
    assert write(store, "base", 920, 1) == []
    before = rows(spark, warehouse)
    suspend_at_write(other, warehouse, "late", 930)
    other.process.kill()
    other.process.wait()
    assert write(store, "first", 930, 1) == []
    other.send(signal.SIGCONT)
    other.end()
    assert rows(spark, warehouse) == sorted([*before, ("first", 0)])

"""A warehouse that only Spark sees: the same tables, versions and refusals as in a folder. (A ``file:`` URI stands for it.)"""

from __future__ import annotations

import json

import pytest

from headrace.ground.asset import At
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval, parse_instant
from headrace.tables.hash import table_hash
from headrace.tables.spec import Table
from headrace.tables.staging import Staging
from headrace.tables.store import Store

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
TABLE = Table("raw.visits", "Visits.", replaced_by="day")


def rows(spark, *days):
    return spark.sql(" UNION ALL ".join(f"SELECT DATE '2024-03-0{day}' AS day, {value} AS n" for day, value in days))


def test_a_warehouse_by_uri_works_like_a_folder(spark, tmp_path):
    folder, uri = Store(spark, tmp_path / "folder"), Store(spark, (tmp_path / "uri").as_uri())
    second = Interval(parse_instant("2024-03-02"), parse_instant("2024-03-03"))
    for store in (folder, uri):
        assert not store.exists(TABLE)
        with pytest.raises(HeadraceError, match="TABLE_MISSING"):
            store.load(TABLE)
        assert store.replace(TABLE, rows(spark, (1, 10), (2, 20)), None, {"run_id": "a"}).rows == 2
        assert store.exists(TABLE)
        receipt = store.through(spark.newSession()).replace(TABLE, rows(spark, (2, 21)), second, {"run_id": "b"})
        assert (receipt.version, receipt.rows) == ("1", 1)
        assert [json.loads(commit["userMetadata"])["run_id"] for commit in store.history(TABLE, 5)] == ["b", "a"]
        assert table_hash(store.load(TABLE, 0)) == table_hash(rows(spark, (1, 10), (2, 20)))
        assert table_hash(store.load(TABLE)) == table_hash(rows(spark, (1, 10), (2, 21)))
    assert (tmp_path / "folder/_locks").exists()
    assert not (tmp_path / "uri/_locks").exists(), "no file locks where Delta's log store decides"


def test_rows_are_staged_published_and_let_go_by_uri(spark, tmp_path):
    """What cannot be listed is emptied: of the stage there is a log, and no row."""
    store = Store(spark, (tmp_path / "uri").as_uri())
    at = At(Interval(parse_instant("2024-03-01"), parse_instant("2024-03-03")), "r", parse_instant("2024-03-03"), 1)
    for attempt in (20, 21):
        staging = Staging(store, "visit", at.interval)
        staging.clear((TABLE,))
        assert staging.write(TABLE, rows(spark, (1, 10), (2, attempt)), at, {}).count() == 2
        staging.refuse(TABLE, "it's too few")
    assert not store.exists(TABLE)
    assert staging.publish(TABLE, at, {"job": "visit"}).rows == 2
    staging.clear((TABLE,))
    assert table_hash(store.load(TABLE)) == table_hash(rows(spark, (1, 10), (2, 21)))
    assert not any((tmp_path / "uri/_staged").rglob("*.parquet"))


def test_a_killed_first_write_and_a_newer_format_are_known_by_uri_too(spark, tmp_path):
    store = Store(spark, tmp_path.as_uri())
    (tmp_path / "raw/visits/_delta_log").mkdir(parents=True)
    assert not store.exists(TABLE)
    (marker,) = (tmp_path / "_headrace.json").glob("part-*")
    for checksum in (tmp_path / "_headrace.json").glob(".*.crc"):
        checksum.unlink()
    marker.write_text('{"format_version": 99}\n', encoding="utf-8")
    with pytest.raises(HeadraceError, match="TABLE_FORMAT"):
        Store(spark, tmp_path.as_uri())

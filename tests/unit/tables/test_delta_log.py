"""Which days a stretch of commits touched, by the log alone."""

from __future__ import annotations

import json
from datetime import date

import pytest

from headrace.tables.delta_log import Touched, touched


def add(first, last=None, nulls=0, **more):
    stats = {
        "numRecords": 3,
        "minValues": {"got": first},
        "maxValues": {"got": last or first},
        "nullCount": {"got": nulls},
    }
    return {"add": {"path": "p", "partitionValues": {}, "dataChange": True, "stats": json.dumps(stats), **more}}


def written(folder, *actions, version=1):
    path = folder / f"{version:020d}.json"
    lines = [{"commitInfo": {"operation": "WRITE"}}, *actions]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def test_the_days_of_all_that_was_added(tmp_path):
    one = written(tmp_path, add("2024-03-02T10:00:00.000Z", "2024-03-03T09:00:00.000Z", nulls=1))
    two = written(tmp_path, add("2024-03-01T00:30:00.000+01:00"), {"txn": {"appId": "x"}}, version=2)
    assert touched([one], "got") == Touched((date(2024, 3, 2), date(2024, 3, 3)), 3, 1)
    assert touched([one, two], "got") == Touched((date(2024, 2, 29), date(2024, 3, 3)), 6, 1)


def test_dates_and_partitions(tmp_path):
    assert touched([written(tmp_path, add("2024-03-02"))], "got") == Touched((date(2024, 3, 2), date(2024, 3, 2)), 3)
    parted = {
        "add": {"path": "p", "partitionValues": {"got": "2024-03-05"}, "dataChange": True, "stats": '{"numRecords": 7}'}
    }
    assert touched([written(tmp_path, parted)], "got") == Touched((date(2024, 3, 5), date(2024, 3, 5)), 7)


def test_files_that_were_only_laid_anew_touch_nothing(tmp_path):
    moved = [add("2024-01-01", dataChange=False), {"remove": {"path": "q", "dataChange": False}}]
    assert touched([written(tmp_path, *moved, add("2024-03-02"))], "got") == Touched(
        (date(2024, 3, 2), date(2024, 3, 2)), 3
    )


@pytest.mark.parametrize(
    "action",
    [
        {"remove": {"path": "q", "dataChange": True}},
        {"metaData": {"id": "x"}},
        {"protocol": {"minReaderVersion": 3}},
        {"add": {"path": "p", "partitionValues": {}, "dataChange": True}},
        {"add": {"path": "p", "partitionValues": {}, "dataChange": True, "stats": '{"numRecords": 3}'}},
        {"add": {"path": "p", "partitionValues": {"got": None}, "dataChange": True}},
        add("yesterday"),
    ],
)
def test_where_the_log_cannot_tell(tmp_path, action):
    assert touched([written(tmp_path, add("2024-03-02"), action)], "got") is None


def test_a_stretch_that_adds_nothing(tmp_path):
    assert touched([written(tmp_path)], "got") == Touched(None)

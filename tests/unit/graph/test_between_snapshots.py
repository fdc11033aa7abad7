"""Which instants are snapshots of a group: against all of them, laid out one by one."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest

from headrace.features.snapshots import Snapshots
from headrace.graph.asked import between_snapshots
from headrace.ground.interval import DAY, HOUR, Interval
from headrace.ground.zones import midnight

START = datetime(2024, 3, 20, tzinfo=UTC)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Etc/GMT+12"])
@pytest.mark.parametrize("days", [1, 2, 7])
def test_rule_3_an_instant_is_a_snapshot_where_a_table_has_rows_of_it(zone: str, days: int) -> None:
    """Over Berlin's 31 March, which has 23 hours, each half hour of it."""
    every = days * DAY
    span = Interval(START, START + 28 * DAY)
    kept = {
        midnight(grid.first + number * grid.step * DAY, zone)
        for grid in Snapshots(START, every, 28 // days).midnights(zone)
        for number in range(grid.count)
    }
    project = SimpleNamespace(config=SimpleNamespace(snapshots_every=every), span=span)
    group = SimpleNamespace(accuracy="temporal", zone=zone)
    first = datetime.combine(date(2024, 3, 28), datetime.min.time(), UTC)
    instants = [first + n * timedelta(minutes=30) for n in range(14 * 48)]
    between = between_snapshots(project, group, instants)
    assert set(instants) - set(between) == kept & set(instants)
    assert kept & set(instants), "some are"
    assert first + HOUR * 3 + timedelta(minutes=30) in between

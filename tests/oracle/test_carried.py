"""A snapshot from the one before equals that from all tiles, and what it leaves for the next does too, to the byte."""

from __future__ import annotations

from datetime import timedelta

import pytest
from test_windows import DAILY, EVERY_THIRD, GROUP, SOURCE, frame_of, random_events

from headrace.contracts.features import FeatureGroup
from headrace.features.carried import carried_of
from headrace.features.midnights import Midnights
from headrace.features.rollup import roll_up
from headrace.features.tiles import build_tiles

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def tiles(spark):
    return build_tiles(frame_of(spark, random_events(31, 400)), [GROUP], SOURCE).localCheckpoint()


def rows(frame):
    return sorted(map(str, frame.collect()))


@pytest.mark.parametrize(("at", "first", "count"), [(DAILY, 3, 5), (EVERY_THIRD, 1, 2)])
def test_carried_on_equals_made_afresh(tiles, at, first, count):
    (carried,) = carried_of([GROUP], SOURCE, timedelta(days=at.step))
    days = [at.first + timedelta(days=at.step * index) for index in range(at.count)]
    kept = carried.afresh(tiles, days[first]).localCheckpoint()
    for index in range(first + 1, first + 1 + count):
        kept = carried.onward(kept, tiles, days[index], days[index - 1]).localCheckpoint()
        assert rows(kept) == rows(carried.afresh(tiles, days[index])), days[index]
        snapshot = carried.snapshot(kept, GROUP, days[index])
        assert rows(snapshot) == rows(roll_up(tiles, GROUP, SOURCE, Midnights(days[index], 1, 1))), days[index]

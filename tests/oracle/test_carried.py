"""A snapshot from the one before equals that from all tiles, and what it leaves for the next does too, to the byte."""

from __future__ import annotations

from datetime import timedelta

import pytest
from test_windows import DAILY, EVERY_THIRD, GROUP, SOURCE, frame_of, random_events

from headrace.features.carried import afresh, onward, snapshot
from headrace.features.chain import chains_of
from headrace.features.midnights import Midnights
from headrace.features.rollup import roll_up
from headrace.features.tiles import build_tiles

pytestmark = pytest.mark.spark


@pytest.fixture(scope="module")
def tiles(spark):
    return build_tiles(frame_of(spark, random_events(31, 400)), [GROUP], SOURCE).localCheckpoint()


def over(*windows):
    """The group of all aggregates over some of its windows."""
    features = tuple(feature.model_copy(update={"windows": windows}) for feature in GROUP.features)
    return GROUP.model_copy(update={"features": features})


def rows(frame):
    return sorted(map(str, frame.collect()))


@pytest.mark.parametrize(
    ("group", "at", "first", "steps"),
    [(over("60h", "1w"), DAILY, 4, (1, 1, 1, 2)), (over("6h", "all"), EVERY_THIRD, 1, (1, 1))],
)
def test_carried_on_equals_made_afresh(tiles, group, at, first, steps):
    """Midnight by midnight, over several at once, while late cells come and windows are left: sums, sets, least values,
    sessions, the newest; in windows of days, of hours and of all time."""
    (chain,) = chains_of([group], SOURCE, timedelta(days=at.step))
    days = [at.first + timedelta(days=at.step * index) for index in range(at.count)]
    kept, here = afresh(chain, tiles, days[first]).localCheckpoint(), first
    for step in steps:
        kept = onward(chain, kept, tiles, days[here + step], days[here]).localCheckpoint()
        here += step
    assert rows(kept) == rows(afresh(chain, tiles, days[here]))
    assert rows(snapshot(chain, kept, group, days[here])) == rows(
        roll_up(tiles, group, SOURCE, Midnights(days[here], 1, 1))
    )

"""When a target wakes the graph up."""

from __future__ import annotations

import pytest
from manifests import DAILY, manifest_of, node

from headrace.export.schedule import cron, quartz
from headrace.graph.manifest import Cadence
from headrace.ground.errors import HeadraceError

WEEKLY, ONCE = Cadence("latest", "7d"), Cadence("once", start="2017-01-01", end="2017-01-08")


@pytest.mark.parametrize(
    ("cadences", "start", "expected"),
    [
        ((ONCE, WEEKLY, DAILY), "2017-01-01", "0 4 * * *"),
        ((ONCE, WEEKLY), "2017-01-01", "0 4 * * 0"),  # a Sunday
        ((WEEKLY,), "2017-01-04", "0 4 * * 3"),
        ((WEEKLY,), "2017-01-07T12:00:00+00:00", "0 4 * * 6"),
        ((ONCE,), "2017-01-01", None),
        ((DAILY, Cadence("each", "1h")), "2017-01-01", "10 * * * *"),
        ((Cadence("each", "6h"), WEEKLY), "2017-01-01", "10 */6 * * *"),
    ],
)
def test_it_follows_from_the_shortest_interval(cadences, start, expected):
    jobs = [node(f"j{at}", cadence=cadence) for at, cadence in enumerate(cadences)]
    assert cron(manifest_of(*jobs, start=start)) == expected


@pytest.mark.parametrize("length", ["14d", "2d", "7h", "36h"])
def test_an_interval_that_no_cron_has_is_refused_by_job_unless_conf_says_when(length):
    jobs = (node("weekly", cadence=Cadence("each", "21d")), node("odd", cadence=Cadence("each", length)))
    with pytest.raises(HeadraceError) as caught:
        cron(manifest_of(*jobs))
    assert (caught.value.code, caught.value.parameters["job"]) == ("EXPORT_SCHEDULE", "odd")
    assert f"no cron has an interval of {length}" in caught.value.render()
    assert "targets: {schedule: '0 4 * * *'}" in caught.value.render()
    assert cron(manifest_of(*jobs, targets={"schedule": "15 6 * * 1-5"})) == "15 6 * * 1-5"


@pytest.mark.parametrize(
    ("five", "six"),
    [
        ("0 4 * * *", "0 0 4 * * ?"),
        ("0 4 * * 0", "0 0 4 ? * 1"),
        ("0 4 * * 7", "0 0 4 ? * 1"),
        ("15 6 * * 1-5", "0 15 6 ? * 2-6"),
        ("0 4 1 * *", "0 0 4 1 * ?"),
        ("*/20 4 1,15 1-6 *", "0 */20 4 1,15 1-6 ?"),
        ("0 4 * * MON,3", "0 0 4 ? * MON,4"),
        ("0 4 * * 1-6/2", "0 0 4 ? * 2-7/2"),
    ],
)
def test_quartz_counts_days_from_one(five, six):
    assert quartz(five, "j") == six


def test_quartz_has_no_two_kinds_of_day():
    with pytest.raises(HeadraceError) as caught:
        quartz("0 4 1 * 1", "tiles")
    assert (caught.value.code, caught.value.parameters["job"]) == ("EXPORT_SCHEDULE", "tiles")

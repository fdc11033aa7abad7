"""When a target wakes the graph up."""

from __future__ import annotations

import pytest
from manifests import DAILY, manifest_of, node

from headrace.export.schedule import by_day, cron, quartz, timezone
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


def laid(length, zone="UTC", begins=""):
    return Cadence("each", length, zone=zone, begins=begins)


@pytest.mark.parametrize(
    ("cadences", "targets", "expected"),
    [
        ((laid("7d", begins="monday"),), {}, ("0 4 * * 1", "UTC")),
        ((laid("7d", "Asia/Tokyo", "sunday"),), {}, ("0 4 * * 0", "Asia/Tokyo")),
        ((laid("7d", begins="saturday"), laid("7d", begins="monday")), {}, ("0 4 * * 1,6", "UTC")),
        ((laid("1d", "Asia/Tokyo"), laid("7d", "Asia/Tokyo", "monday")), {}, ("0 4 * * *", "Asia/Tokyo")),
        ((laid("1d", "Asia/Tokyo"), DAILY), {}, ("0 4 * * *", "UTC")),  # it reads what UTC's midnight ends
        ((laid("1d", "Asia/Tokyo"), laid("1d", "Europe/London")), {}, ("0 4 * * *", "UTC")),
        ((laid("1h", "Asia/Kolkata"), DAILY), {}, ("10 * * * *", "Asia/Kolkata")),
        ((laid("1d", "Asia/Tokyo"),), {"timezone": "Europe/Vienna"}, ("0 4 * * *", "Europe/Vienna")),
        ((laid("1d", "Asia/Tokyo"),), {"schedule": "15 6 * * *"}, ("15 6 * * *", "UTC")),
        ((ONCE,), {}, (None, "UTC")),
    ],
)
def test_where_the_shortest_intervals_lie_in_one_zone_the_cron_is_of_its_clocks(cadences, targets, expected):
    jobs = [node(f"j{at}", cadence=cadence) for at, cadence in enumerate(cadences)]
    found = manifest_of(*jobs, targets=targets)
    assert (cron(found), timezone(found)) == expected


@pytest.mark.parametrize(
    ("cadences", "expected"),
    [
        ((ONCE, WEEKLY, DAILY, laid("7d", begins="monday")), True),
        ((DAILY, Cadence("each", "6h")), False),
        ((DAILY, laid("7d", "Asia/Tokyo", "monday")), False),
    ],
)
def test_a_day_is_enough_to_say_until_when_where_all_intervals_end_at_midnights_of_utc(cadences, expected):
    assert by_day(manifest_of(*(node(f"j{at}", cadence=one) for at, one in enumerate(cadences)))) is expected


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
        ("0 4 * * 0,6", "0 0 4 ? * 1,7"),
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

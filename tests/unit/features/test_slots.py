"""Which states a window needs: whole days, the late part of a day, or both; shared where they are the same."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.features.slots import atoms_in_use, group_slots
from headrace.ground.interval import DAY, HOUR

SOURCE = EventContract.model_validate(
    {
        "source": "acts", "version": 1, "owner": "o", "purpose": "p", "landing": {"folder": "acts"}, "lateness": "1d",
        "roles": {"entity": ["who"], "event_time": "at"},
        "columns": {"who": {"type": "bigint", "meaning": "w"}, "at": {"type": "timestamp", "meaning": "t"},
                    "paid": {"type": "decimal(8,2)", "meaning": "p"}},
    }
)  # fmt: skip


def group_of(*features: dict[str, Any], name: str = "g", **keys: str) -> FeatureGroup:
    whole = {
        "team": "t",
        "group": name,
        "version": 1,
        "owner": "o",
        "purpose": "p",
        "entity": ["who"],
        "source": "acts",
    }
    return FeatureGroup.model_validate(whole | {"features": [{"meaning": "m"} | one for one in features]} | keys)


def counted(*windows: str, **keys: str) -> FeatureGroup:
    return group_of({"name": "n", "aggregate": "count", "windows": windows}, **keys)


@pytest.mark.parametrize(
    ("window", "days", "hours", "late", "length"),
    [
        ("1d", 1, 0, None, DAY), ("24h", 1, 0, None, DAY), ("1w", 7, 0, None, 7 * DAY), ("48h", 2, 0, None, 2 * DAY),
        ("36h", 1, 12, "hour(CAST(`at` AS TIMESTAMP)) >= 12", 36 * HOUR),
        ("73h", 3, 1, "hour(CAST(`at` AS TIMESTAMP)) >= 23", 73 * HOUR),
        ("all", None, 0, None, None),
    ],
)  # fmt: skip
def test_a_window_is_whole_days_and_the_late_part_of_the_day_before(window, days, hours, late, length):
    (slot,) = group_slots(counted(window), SOURCE)
    assert (slot.days, slot.hours, slot.length) == (days, hours, length)
    assert (slot.late and slot.late.value) == (late and f"CASE WHEN {late} THEN 1 END")
    assert slot.atom.value == "1"


@pytest.mark.parametrize(
    ("zone", "window", "days", "parts"),
    [
        ("Europe/Berlin", "36h", 1, [2]), ("Europe/Berlin", "24h", 1, [1, 2]), ("Europe/Berlin", "48h", 1, [2, 3]),
        ("Europe/Berlin", "6h", 1, [1]), ("Asia/Kolkata", "60h", 2, [3]), ("Etc/GMT+5", "24h", 1, []),
        ("Etc/GMT+5", "36h", 1, [2]),
    ],
)  # fmt: skip
def test_rule_14_hours_before_midnights_of_a_zone_are_told_by_how_long_they_are_held(zone, window, days, parts):
    """A part a midnight, ``days`` after that of the event's own day; a day of 25 hours is not always out after 24."""
    (slot,) = group_slots(counted(window, zone=zone), SOURCE)
    told = [slot.atom.value, *(part.value for part in slot.parts)]
    asked = [value.partition("date_add(event_date, ")[2].partition(")")[0] for value in told]
    assert (slot.days, [int(day) for day in asked if day]) == (days, parts)
    assert slot.length == timedelta(hours=int(window[:-1]))
    (since,) = group_slots(
        group_of({"name": "s", "aggregate": "time_since_last", "windows": [window]}, zone=zone), SOURCE
    )
    assert (since.parts, since.length) == ((), slot.length), "an instant tells by itself whether it lies inside"


def test_less_than_a_day_is_the_late_part_of_one_day():
    (slot,) = group_slots(counted("6h"), SOURCE)
    assert (slot.days, slot.hours, slot.late) == (1, 0, None)
    assert slot.atom.value == "CASE WHEN hour(CAST(`at` AS TIMESTAMP)) >= 18 THEN 1 END"


def test_what_is_last_by_time_tells_itself_whether_it_is_inside():
    (slot,) = group_slots(group_of({"name": "s", "aggregate": "time_since_last", "windows": ["30h"]}), SOURCE)
    assert (slot.days, slot.hours, slot.late, slot.length) == (1, 6, None, timedelta(hours=30))


def test_windows_that_begin_at_the_same_hour_share_their_column():
    assert len(atoms_in_use([counted("6h", "30h", "54h", "7d")], SOURCE)) == 2
    assert len(atoms_in_use([counted("30h"), counted("31h", name="h")], SOURCE)) == 3
    shared = atoms_in_use([counted("1d"), counted("7d", name="h")], SOURCE)
    assert [features for _, features in shared.values()] == ["g.n, h.n"], "and an error names all whom it concerns"


@pytest.mark.parametrize(("window", "days"), [("6h", 1), ("24h", 1), ("25h", 2), ("2d", 2)])
def test_rule_2_a_tail_of_days_begins_with_the_day_of_its_edge(window, days):
    (slot,) = group_slots(counted(window, tail="day"), SOURCE)
    assert (slot.days, slot.hours, slot.late, slot.atom.value) == (days, 0, None, "1")
    assert counted(window).fingerprint != counted(window, tail="day").fingerprint


def test_a_quantile_is_a_count_at_each_edge_and_one_of_all():
    told = {"name": "q", "aggregate": "quantile", "expression": "paid", "edges": [1, 2.5], "q": 0.5, "windows": ["1d"]}
    assert [slot.atom.value for slot in group_slots(group_of(told), SOURCE)] == [
        "`paid`",
        "CASE WHEN `paid` <= CAST(1 AS DECIMAL(19,1)) THEN 1 END",
        "CASE WHEN `paid` <= CAST(2.5 AS DECIMAL(19,1)) THEN 1 END",
    ]

"""Rows through Feast into a sqlite store and out again, as whoever serves a model asks for them. No Spark."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from laid_features import SHOPPING, VISITING, caller, lay, make_project, midnight, visitor

pytest.importorskip("feast", reason="the extra headrace[feast] is not installed")

from headrace.serving.door import open_door
from headrace.serving.encoding import encode
from headrace.serving.registry import feature_store
from headrace.serving.repository import repository
from headrace.serving.views import views

FEATURES = ["visits_3d", "visits_all", "paid_7d", "shops_7d", "seen_all", "born_all", "typical_7d"]


@pytest.fixture
def project(tmp_path):
    made = make_project(tmp_path)
    lay(made.warehouse / "features/visiting", VISITING, [visitor(1, 2)])
    lay(made.warehouse / "features/shopping", SHOPPING, [caller(1, "a", 2)])
    return made


def published(project, rows, day, mark, view="visiting"):
    """The rows, as ``kinds`` asks for them, through the door; (written, removed)."""
    known = views(project)
    one = next(each for each in known if each.name == view)
    door = open_door(project, repository(project, known), one)
    return door.replace((encode(one, served(row), midnight(day), mark) for row in rows), 2, mark)


def served(row):
    if "seen_all" not in row:
        return row
    micros = None if row["seen_all"] is None else (row["seen_all"] - midnight(1)) // timedelta(microseconds=1)
    return row | {"seen_all": micros, "born_all": str(row["born_all"])}


def asked(project, people, view="visiting", features=FEATURES):
    store = feature_store(project, repository(project, views(project)))
    rows = [person if isinstance(person, dict) else {"who": person} for person in people]
    found = store.get_online_features([f"{view}:{name}" for name in features], rows).to_dict()
    return [{name: found[name][number] for name in features} for number in range(len(rows))]


def test_what_is_written_comes_back_exactly(project):
    assert published(project, [visitor(1, 2), visitor(2, 2)], 2, "v1") == (2, 0)
    first, second = asked(project, [1, 2])
    assert first == {
        "visits_3d": 1, "visits_all": 102, "paid_7d": Decimal("100000000000000000.02"), "shops_7d": ["s2", "s1"],
        "seen_all": 82_799_999_999, "born_all": "1990-01-01", "typical_7d": 0.5,
    }  # fmt: skip
    assert second["paid_7d"] == Decimal("200000000000000000.02")


def test_a_null_replaces_a_value(project):
    published(project, [visitor(1, 2)], 2, "v1")
    nothing = visitor(1, 3, paid_7d=None, shops_7d=None, seen_all=None, typical_7d=None)
    published(project, [nothing], 3, "v2")
    assert asked(project, [1]) == [
        {"visits_3d": 1, "visits_all": 103, "paid_7d": None, "shops_7d": None, "seen_all": None}
        | {"born_all": "1990-01-01", "typical_7d": None}
    ]


def test_who_is_no_longer_there_is_removed_at_an_older_snapshot_and_at_the_same_one(project):
    published(project, [visitor(1, 3), visitor(2, 3), visitor(3, 3)], 3, "v2")
    assert published(project, [visitor(1, 2), visitor(2, 2)], 2, "v1") == (2, 1)
    assert [row["visits_all"] for row in asked(project, [1, 2, 3])] == [102, 202, None]
    assert published(project, [visitor(2, 2)], 2, "v1 again") == (1, 1)
    assert [row["visits_all"] for row in asked(project, [1, 2, 3])] == [None, 202, None]


def test_publishing_twice_changes_nothing(project):
    rows = [visitor(1, 2), visitor(2, 2)]
    published(project, rows, 2, "v1")
    before = asked(project, [1, 2])
    assert published(project, rows, 2, "v1") == (2, 0)
    assert asked(project, [1, 2]) == before


def test_a_key_of_two_columns(project):
    published(project, [caller(1, "a", 2), caller(1, "b", 2)], 2, "v1", "shopping")
    people = [{"who": 1, "shop": "b"}, {"who": 1, "shop": "a"}, {"who": 2, "shop": "a"}]
    assert [row["calls_7d"] for row in asked(project, people, "shopping", ["calls_7d"])] == [12, 12, None]

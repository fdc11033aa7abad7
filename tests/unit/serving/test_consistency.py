"""One value that differs is found, with its feature and with the entity as a hash. No Spark."""

from __future__ import annotations

import pytest
from laid_features import VISITING, lay, make_project, visitor

pytest.importorskip("feast", reason="the extra headrace[feast] is not installed")

from test_online_rows import published, served

from headrace.ground.keyed import keyed_hash
from headrace.serving.consistency import differences, online_rows
from headrace.serving.repository import repository
from headrace.serving.views import views

KEY = b"0123456789abcdef"
PEOPLE = range(1, 9)


@pytest.fixture
def compared(tmp_path):
    """What differs between these rows and what is online: the second snapshot of eight people."""
    project = make_project(tmp_path)
    lay(project.warehouse / "features/visiting", VISITING, [visitor(1, 2)])
    (view,) = views(project)
    published(project, [visitor(who, 3) for who in PEOPLE], 3, "v1")

    def compare(rows):
        offline = [served(row) for row in rows]
        online = online_rows(project, repository(project, (view,)), view, offline)
        return differences(view, offline, online, KEY)

    return compare


def test_nothing_differs_from_what_was_published(compared):
    assert compared([visitor(who, 3) for who in PEOPLE]) == []
    assert compared([visitor(who, 3, typical_7d=float("nan")) for who in (1,)]) != []


@pytest.mark.parametrize(
    ("feature", "value"),
    [("visits_all", 504), ("paid_7d", None), ("shops_7d", ["s5", "s3"]), ("typical_7d", 5 / 3 + 1e-15)],
)
def test_one_value_of_one_entity_is_found(compared, feature, value):
    found = compared([visitor(who, 3, **({feature: value} if who == 5 else {})) for who in PEOPLE])
    assert found == [f"{keyed_hash(KEY, [5])}: {feature}"]
    assert "5:" not in found[0].replace(keyed_hash(KEY, [5]), "")


def test_somebody_who_is_not_online_differs_in_all_features(compared):
    (found,) = compared([visitor(9, 3)])
    assert found.startswith(f"{keyed_hash(KEY, [9])}: visits_3d, visits_all, ")

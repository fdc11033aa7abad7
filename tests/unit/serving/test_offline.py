"""Feast's point-in-time read over the tables' files: what headrace had published by then. Rules 4, 5, 9 and 10. No Spark."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pandas as pd
import pytest
from laid_features import SHOPPING, VISITING, caller, lay, make_project, midnight, visitor

pytest.importorskip("feast", reason="the extra headrace[feast] is not installed")

from headrace.ground.errors import HeadraceError
from headrace.serving.registry import feature_store
from headrace.serving.repository import repository
from headrace.serving.views import views

HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    project = make_project(tmp_path_factory.mktemp("shop"))
    visiting = project.warehouse / "features/visiting"
    lay(
        visiting, VISITING, [visitor(who, day, visits_3d=-1) for who in (1, 2) for day in (2, 3)]
    )  # removed by the next
    lay(visiting, VISITING, [visitor(who, day) for who in (1, 2) for day in (2, 3)])
    lay(project.warehouse / "features/shopping", SHOPPING, [caller(1, "a", 2), caller(1, "a", 3), caller(1, "b", 3)])
    return feature_store(project, repository(project, views(project)))


def test_each_row_has_the_snapshot_before_it_and_no_row_is_lost_or_doubled(store):
    times = [midnight(2), midnight(3) - HOUR, midnight(3), midnight(9), midnight(2) - HOUR, midnight(3)]
    asked = pd.DataFrame({"who": [1, 1, 1, 2, 1, 1], "event_timestamp": times, "label": [0, 1, 2, 3, 4, 5]})
    found = store.get_historical_features(asked, ["visiting:visits_all", "visiting:paid_7d"]).to_arrow().to_pydict()
    assert found["label"] == [0, 1, 2, 3, 4, 5]
    assert found["visits_all"] == [102, 102, 103, 203, None, 103]
    assert found["paid_7d"][3] == Decimal("200000000000000000.03")


def test_a_file_that_a_later_commit_removed_is_not_read(store):
    asked = pd.DataFrame({"who": [1, 2], "event_timestamp": [midnight(3)] * 2})
    assert store.get_historical_features(asked, ["visiting:visits_3d"]).to_df()["visits_3d"].tolist() == [1, 2]


def test_arrays_instants_and_dates_are_as_they_are_online(store):
    asked = pd.DataFrame({"who": [1], "event_timestamp": [midnight(2)]})
    names = ["visiting:shops_7d", "visiting:seen_all", "visiting:born_all"]
    found = store.get_historical_features(asked, names).to_arrow().to_pylist()[0]
    seen = (midnight(2) - HOUR - midnight(1).replace(year=1970, month=1)) // timedelta(microseconds=1) - 1
    assert (found["shops_7d"], found["seen_all"], found["born_all"]) == (["s2", "s1"], seen, "1990-01-01")


def test_two_views_a_key_of_two_columns_a_null_key_and_full_names(store):
    asked = pd.DataFrame({"who": [1, 1, 1], "shop": ["a", None, "b"], "event_timestamp": [midnight(3)] * 3})
    names = ["visiting:visits_3d", "shopping:calls_7d"]
    found = store.get_historical_features(asked, names, full_feature_names=True).to_arrow().to_pydict()
    assert found["visiting__visits_3d"] == [1, 1, 1]
    assert found["shopping__calls_7d"] == [13, None, 13]


def test_a_query_in_place_of_rows_is_refused_by_name(store):
    with pytest.raises(HeadraceError, match="SERVED_SPINE"):
        store.get_historical_features("SELECT 1", ["visiting:visits_3d"])


def test_the_views_say_whose_they_are_and_of_which_version(store):
    view = store.get_feature_view("visiting")
    assert view.owner == "growth@example.com"
    assert view.description == 'How often somebody comes, and what it\'s "worth".'
    assert view.tags["version"] == "1"
    assert view.tags["fingerprint"]
    assert {field.name: str(field.dtype) for field in view.features}["paid_7d"] == "Decimal"

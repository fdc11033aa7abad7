"""The work of ``make bench-features`` as its contenders read it is the contract that headrace computes."""

from __future__ import annotations

from pathlib import Path

import pytest
from benchmarks.contest.project import Size, make_project, work
from benchmarks.contest.work import work_of

from headrace.graph.project import load_project


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("contest"), Size(1000, 10))


def test_contenders_compute_the_columns_of_the_contract(folder: Path) -> None:
    group = load_project(folder, "local").groups["bench.work"]
    asked = work(folder, Size(1000, 10), "others")
    assert tuple(feature.column for feature in asked.features) == group.columns
    assert len(group.columns) == 16
    assert {feature.days for feature in asked.features} == {7, 28, 90}


def test_the_work_comes_to_a_foreign_environment_as_it_is(folder: Path) -> None:
    asked = work(folder, Size(1000, 10), "others")
    assert work_of(asked.told()) == asked


def test_refreshes_follow_the_last_cutoff_of_the_backfill() -> None:
    size = Size(1000, 10)
    assert [(day - size.first).days for day in size.refreshed] == [1, 2, 3]
    assert [(size.first - day).days for day in size.cutoffs] == [21, 14, 7, 0]
    assert size.end == size.refreshed[-1]

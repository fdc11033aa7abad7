"""Where an environment's tables, landing zones and locks are, as configuration says."""

from __future__ import annotations

from pathlib import Path

import pytest
import tiny

from headrace.graph.project import load_project
from headrace.tables.lock import commit_lock
from headrace.tables.spec import place_of


def project_of(folder, storage=""):
    tiny.make_project(folder, days=0)
    (folder / "conf/local.yaml").write_text(f"seed: 1\n{storage}\n", encoding="utf-8")
    return load_project(folder, "local")


def test_everything_is_below_home_where_nothing_else_is_said(tmp_path):
    project = project_of(tmp_path)
    assert project.tables_at == project.warehouse == tmp_path / "home/warehouse"
    assert project.landing == tmp_path / "home/landing"
    assert project.leases == tmp_path / "home/warehouse/_locks/leases"


@pytest.mark.parametrize(
    ("storage", "tables", "landing"),
    [
        ("{warehouse: tables, landing: zone}", "{root}/tables", "{root}/zone"),
        ("{warehouse: 'file:///mnt/tables', landing: 'file:///mnt/zone'}", "/mnt/tables", "/mnt/zone"),
    ],
)
def test_a_path_or_a_file_uri_is_a_folder(tmp_path, storage, tables, landing):
    project = project_of(tmp_path, f"storage: {storage}")
    assert project.tables_at == project.warehouse == Path(tables.format(root=tmp_path))
    assert project.landing == Path(landing.format(root=tmp_path))


def test_another_uri_is_for_spark_alone(tmp_path):
    project = project_of(tmp_path, "storage: {warehouse: 's3a://bucket/tables/', locks: none}")
    assert project.tables_at == "s3a://bucket/tables/"
    assert place_of(project.tables_at, "raw.visits") == "s3a://bucket/tables/raw/visits"
    assert place_of(Path("/w"), "raw.visits") == "/w/raw/visits"
    assert not project.warehouse.exists()
    assert project.leases is None


def test_without_locks_nobody_is_kept_out_and_nothing_is_written(tmp_path):
    with commit_lock(None), commit_lock(None):
        assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("storage", "quarantine"),
    [
        ("{}", "{root}/home/warehouse"),
        ("{quarantine: apart}", "{root}/apart"),
        (
            "{warehouse: 's3a://bucket/tables', quarantine: 's3a://private/refused', locks: none}",
            "s3a://private/refused",
        ),
    ],
)
def test_refused_text_has_a_place_of_its_own_where_one_is_named(tmp_path, storage, quarantine):
    project = project_of(tmp_path, f"storage: {storage}")
    assert str(project.root_of("raw.quarantine")) == quarantine.format(root=tmp_path)
    assert project.root_of("raw.tally") == project.tables_at

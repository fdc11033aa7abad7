"""Groups of other projects: what is refused, and how a version is accepted, followed by another, pinned and retired. No Spark."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import two_projects
from calling import command
from laid_catalog import COLUMNS, lay, paying
from without_spark import headrace

from headrace.contracts.namespaces import as_of_column
from headrace.graph.project import load_project

MODEL = "conf/contracts/models/going.yaml"
TODAY = datetime.now(UTC).date()
SOON = TODAY + timedelta(days=30)
CHANGED = {"breaking": True, "why": "In cents now.", "changes": ("paid.scale: 2  ->  0",)}


@pytest.fixture
def warehouse(tmp_path: Path) -> Path:
    place = tmp_path / "payments/home/warehouse"
    lay(place, [(paying(), None)])
    return place


@pytest.fixture
def folder(tmp_path: Path, warehouse: Path) -> Path:
    return two_projects.make_consumer(tmp_path / "leaving", tmp_path / "payments")


@pytest.fixture
def call(folder, capsys):
    """A command on the consumer: (status, what it said)."""
    return command(capsys, "--project", str(folder))


@pytest.fixture
def taken(folder, call):
    assert call("contract", "accept", "money.paying@1")[0] == 0
    return folder / "conf/contracts/taken/money.paying@1.yaml"


def test_what_was_not_accepted_is_refused_with_the_command(folder, call):
    status, said = call("lint")
    assert (status, "TAKEN_UNKNOWN" in said) == (2, True), said
    assert "headrace contract accept money.paying@1" in said
    assert f"{MODEL}:2" in said, "by file and line"


def test_an_accepted_group_is_readable(folder, taken, call):
    project = load_project(folder, "local")
    group = project.readable["money.paying@1"]
    assert (group.columns, group.entity) == (tuple(COLUMNS), ("who",))
    assert project.identity("money.paying@1") == "1-v1"
    assert as_of_column("money.paying@1") == "money__paying__v1_as_of"
    assert project.models["going"].own_groups == ("visiting",)
    assert call("lint")[0] == 0
    status, said = call("contract", "check")
    assert status == 0, said
    assert "1 groups of other projects stand as accepted." in said


def test_accepting_says_what_it_writes_and_a_dry_run_writes_nothing(folder, call):
    status, said = call("contract", "accept", "money.paying@1", "--dry-run")
    assert status == 0, said
    assert "Nothing was written." in said
    assert "paid_2d  decimal(19,2)" in said
    assert not (folder / "conf/contracts/taken").exists()


@pytest.mark.parametrize(
    ("asked", "code", "hint"),
    [
        ("money.payin@1", "PUBLISHED_UNKNOWN", "Did you mean 'money.paying@1'?"),
        ("money.paying@7", "PUBLISHED_VERSION", "such as money.paying@1"),
        ("money.paying", "OPTION_INVALID", "such as growth.activity@3"),
    ],
)
def test_a_name_that_is_none_is_told_with_the_nearest(call, asked, code, hint):
    status, said = call("contract", "accept", asked)
    assert (status, code in said, hint in said) == (2, True, True), said


def test_a_catalog_that_is_not_there_or_named_nowhere(folder, taken, call, tmp_path):
    local = folder / "conf/local.yaml"
    text = local.read_text(encoding="utf-8")
    local.write_text(text.replace("/payments/", "/elsewhere/"), encoding="utf-8")
    status, said = call("contract", "check")
    assert (status, "CATALOG_MISSING" in said, "there is no catalog.groups at" in said) == (2, True, True), said
    local.write_text("seed: 1\n", encoding="utf-8")
    status, said = call("contract", "accept", "money.paying@1")
    assert (status, "CATALOGS_NONE" in said) == (2, True), said
    status, said = call("lint")
    assert (status, "TAKEN_CATALOG" in said, "conf/contracts/taken/money.paying@1.yaml" in said) == (2, True, True), (
        said
    )
    local.write_text("seed: 1\ncatalogs: {payments: ../x}\n", encoding="utf-8")
    status, said = call("lint")
    assert (status, "no root: name a folder" in said) == (2, True), said


def test_two_catalogs_with_one_version_are_refused(folder, call, tmp_path):
    lay(tmp_path / "copy", [(paying(), None)])
    local = folder / "conf/local.yaml"
    local.write_text(local.read_text().replace("}", f", copy: {tmp_path / 'copy'}}}"), encoding="utf-8")
    status, said = call("contract", "accept", "money.paying@1")
    assert (status, "PUBLISHED_TWICE" in said, "payments, copy" in said) == (2, True, True), said


def test_an_entry_that_was_edited_is_refused(taken, call):
    taken.write_text(taken.read_text().replace("decimal(19,2)", "decimal(19,3)"), encoding="utf-8")
    status, said = call("lint")
    assert (status, "TAKEN_BROKEN" in said) == (2, True), said


@pytest.mark.parametrize(
    ("others", "code", "said"),
    [
        ({"keys": [{"name": "who", "type": "bigint"}]}, "PUBLISHED_ENTITY", "has the key who as bigint"),
        ({"keys": [{"name": "whom", "type": "string"}]}, "CONTRACT_ENTITY", "is of [whom]"),
        ({"snapshots_every": 7}, "PUBLISHED_SNAPSHOTS", "every 7d"),
        (
            {"columns": {"paid_2d": "bigint", "leest_7d": "bigint", "cautious": "bigint"}},
            "PUBLISHED_COLUMN",
            "'leest_7d'",
        ),
    ],
)
def test_what_does_not_fit_the_model_is_refused(folder, warehouse, call, others, code, said):
    lay(warehouse, [(paying(**others), None)])
    words = [call("contract", "accept", "money.paying@1"), call("lint")]
    told = next(text for status, text in words if code in text)
    assert said in told, told


def test_a_temporal_group_of_others_is_refused_at_cutoffs_that_are_no_snapshot_of_it(folder, warehouse, call):
    """Rule 3: a group of one's own would be counted from its events; theirs are not here."""
    base = folder / "conf/base.yaml"
    base.write_text(f"snapshots_every: 2d\n{base.read_text(encoding='utf-8')}", encoding="utf-8")
    others = {"snapshots_every": 2, "snapshots_from": "2024-03-03"}
    lay(warehouse, [(paying(**others), None)])
    assert call("contract", "accept", "money.paying@1")[0] == 0
    status, said = call("lint")
    assert status == 0, said
    lay(warehouse, [(paying(accuracy="temporal", **others), None)])
    words = [call("contract", "accept", "money.paying@1"), call("lint")]
    (told,) = {text for status, text in words if status == 2}
    assert "CUTOFF_BETWEEN_SNAPSHOTS" in told
    assert "the cutoff 2024-03-04 of label gone has no snapshot (there is one every 2d from 2024-03-03" in told


def test_a_breaking_version_is_red_until_it_is_pinned(folder, warehouse, taken, call):
    lay(warehouse, [(paying(), SOON), (paying(2, **CHANGED), None)])
    status, said = call("contract", "check")
    assert (status, "PUBLISHED_BUMPED" in said) == (2, True), said
    for told in ("money.paying@1 has been followed by money.paying@2", "money@example.com", "paid.scale: 2  ->  0", f"until {SOON}",
                 "In cents now.", "read by: going"):  # fmt: skip
        assert told in said, told
    status, said = call("contract", "pin", "money.paying@1", "--dry-run")
    assert (status, "Nothing was written." in said) == (0, True), said
    assert call("contract", "check")[0] == 2
    assert call("contract", "pin", "money.paying@1")[0] == 0
    status, said = call("contract", "check")
    assert status == 0, said
    assert f"warning: money.paying@1 is pinned since {TODAY}: it is to be read until {SOON}" in said
    lay(warehouse, [(paying(), TODAY - timedelta(days=1)), (paying(2, **CHANGED), None)])
    status, said = call("contract", "check")
    assert (status, "PUBLISHED_RETIRED" in said, "headrace contract accept money.paying@2" in said) == (
        2,
        True,
        True,
    ), said
    status, said = call("contract", "accept", "money.paying@1")
    assert (status, "PUBLISHED_RETIRED" in said) == (2, True), said


def test_or_until_the_new_one_is_accepted(folder, warehouse, taken, call):
    before = (folder / MODEL).read_text(encoding="utf-8")
    lay(warehouse, [(paying(), SOON), (paying(2, **CHANGED), None)])
    status, said = call("contract", "accept", "money.paying@2", "--dry-run")
    assert "model going: money.paying@1 -> money.paying@2" in said
    assert ((folder / MODEL).read_text(encoding="utf-8"), taken.is_file()) == (before, True)
    assert call("contract", "accept", "money.paying@2")[0] == 0
    assert (folder / MODEL).read_text(encoding="utf-8") == before.replace("paying@1", "paying@2")
    assert [path.name for path in taken.parent.iterdir()] == ["money.paying@2.yaml"]
    status, said = call("contract", "check")
    assert status == 0, said


def test_a_version_that_breaks_nothing_is_a_warning(warehouse, taken, call):
    lay(warehouse, [(paying(), SOON), (paying(2, breaking=False), None)])
    status, said = call("contract", "check")
    assert status == 0, said
    assert "in which nothing that was there changes" in said
    assert "headrace contract accept money.paying@2" in said


def test_a_group_that_ends_is_red_too(warehouse, taken, call):
    lay(warehouse, [(paying(), SOON)])
    status, said = call("contract", "check")
    assert (status, "PUBLISHED_ENDS" in said, f"until {SOON}" in said) == (2, True, True), said
    assert call("contract", "pin", "money.paying@1")[0] == 0
    assert call("contract", "check")[0] == 0


def test_another_meaning_under_the_same_version_is_red(warehouse, taken, call):
    lay(warehouse, [(paying(fingerprint="1-other"), None)])
    status, said = call("contract", "check")
    assert (status, "PUBLISHED_CHANGED" in said, "was 1-v1, is 1-other" in said) == (2, True, True), said
    assert call("contract", "accept", "money.paying@1")[0] == 0
    assert call("contract", "check")[0] == 0


def test_what_is_gone_or_has_another_schema_is_red(warehouse, taken, call):
    lay(warehouse, [(paying(3), None)])
    status, said = call("contract", "check")
    assert (status, "PUBLISHED_GONE" in said, "Did you mean 'money.paying@3'?" in said) == (2, True, True), said
    lay(warehouse, [(paying(), None)])
    log = warehouse / "features/paying/_delta_log/00000000000000000000.json"
    log.write_text(log.read_text().replace("least_7d", "leest_7d"), encoding="utf-8")
    status, said = call("contract", "check")
    assert (status, "PUBLISHED_SCHEMA" in said, "Did you mean 'leest_7d'?" in said) == (2, True, True), said
    log.unlink()
    log.parent.rmdir()
    status, said = call("contract", "check")
    assert (status, "PUBLISHED_TABLE_MISSING" in said) == (2, True), said


def test_a_pin_needs_something_to_stay_away_from(taken, call):
    status, said = call("contract", "pin", "money.paying@1")
    assert (status, "PIN_IDLE" in said) == (2, True), said
    status, said = call("contract", "pin", "money.paying@2")
    assert (status, "TAKEN_UNKNOWN" in said) == (2, True), said


@pytest.mark.slow
def test_where_pyarrow_is_absent_the_check_says_so(folder, taken):
    """A project that takes nothing is checked without it, as before."""
    status, said = headrace("contract", "check", "--project", str(folder))
    assert (status, "PACKAGE_MISSING" in said, "pyarrow" in said) == (2, True, True), said
    status, said = headrace("lint", "--project", str(folder))
    assert status == 0, said


def test_a_broken_catalog_is_told(folder, warehouse, call):
    (file,) = (warehouse / "catalog/groups").glob("*.parquet")
    file.write_bytes(b"no parquet")
    status, said = call("contract", "accept", "money.paying@1")
    assert (status, "CATALOG_UNREADABLE" in said) == (2, True), said


def test_a_reference_without_its_team_is_refused(folder, call):
    model = folder / MODEL
    model.write_text(model.read_text().replace("money.paying@1", "paying@1"), encoding="utf-8")
    status, said = call("lint")
    assert (status, "'paying@1' names no group of another project" in said) == (2, True), said

"""Who reads a published group in other projects: written down by the reader, seen by the publisher. No Spark."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import two_projects
from calling import command
from laid_catalog import lay, paying

from headrace.cli.loading import load_graph, open_project
from headrace.contracts.lock import lock_path, write_lock
from headrace.contracts.published import Published
from headrace.features.catalog import build_catalog
from headrace.features.entry import Reader
from headrace.graph.project import load_project

TODAY = datetime.now(UTC).date()
CONTRACT = "conf/contracts/features/paying.yaml"
NOTE = "home/warehouse/catalog/_readers/leaving.local.json"


@pytest.fixture
def publisher(tmp_path: Path) -> Path:
    folder = two_projects.make_publisher(tmp_path / "payments")
    lay(folder / "home/warehouse", [(listed(folder), None)])
    return folder


def listed(folder: Path) -> Published:
    """The present version of the publisher's group, as its run would list it."""
    return paying(fingerprint=load_project(folder, "local").identity("money.paying"))


@pytest.fixture
def consumer(tmp_path: Path, publisher: Path) -> Path:
    return two_projects.make_consumer(tmp_path / "leaving", publisher)


@pytest.fixture
def call(capsys):
    """A command on a project: (status, what it said)."""
    return lambda folder, *words: command(capsys)(*words, "--project", str(folder))


@pytest.fixture
def reading(consumer, call):
    assert call(consumer, "contract", "accept", "money.paying@1")[0] == 0
    assert call(consumer, "contract", "check")[0] == 0
    return consumer


def change(folder: Path) -> None:
    path = folder / CONTRACT
    path.write_text(path.read_text().replace("scale: 2, windows: [2d]", "scale: 0, windows: [2d]"), encoding="utf-8")


def test_a_check_writes_down_what_is_read_once(reading, publisher, call):
    path = publisher / NOTE
    (one,) = json.loads(path.read_text())["readings"]
    assert one == {
        "team": "money", "group": "paying", "version": 1, "model": "going", "owner": "a@example.com",
        "columns": ["paid_2d", "least_7d", "cautious"], "since": str(TODAY), "pinned": None,
    }  # fmt: skip
    path.write_text(path.read_text().replace(str(TODAY), "2026-01-05"), encoding="utf-8")
    written = path.stat().st_mtime_ns
    assert call(reading, "contract", "check")[0] == 0
    assert (path.stat().st_mtime_ns, "2026-01-05" in path.read_text()) == (written, True), (
        "the same readings write nothing"
    )


def test_what_is_read_no_more_is_taken_back(reading, publisher, call):
    model = reading / "conf/contracts/models/going.yaml"
    model.write_text(model.read_text().replace(", money.paying@1: [paid_2d, least_7d, cautious]", ""), encoding="utf-8")
    status, said = call(reading, "contract", "check")
    assert (status, "no model reads money.paying@1 any more" in said) == (0, True), said
    assert not (publisher / NOTE).exists()


def test_a_warehouse_that_cannot_be_written_stops_no_reader(consumer, publisher, call):
    (publisher / "home/warehouse/catalog/_readers").write_text("in the way", encoding="utf-8")
    assert call(consumer, "contract", "accept", "money.paying@1")[0] == 0
    status, said = call(consumer, "contract", "check")
    assert status == 0, said
    assert "note: catalog payments: its owners do not see that this project reads money.paying@1" in said
    assert "cannot be written" in said


def test_a_changed_meaning_and_a_bump_name_the_readers(reading, publisher, call):
    change(publisher)
    told = f"leaving (model going, owner a@example.com, environment local) reads version 1 since {TODAY}"
    status, said = call(publisher, "contract", "check")
    assert (status, f"other projects {told}" in said) == (2, True), said
    status, said = call(
        publisher, "contract", "bump", "paying", "--why", "Whole euros.", "--retire-after", "2099-01-31"
    )
    assert status == 0, said
    assert f"read in another project: {told}" in said
    assert "to be read until 2099-01-31" in said


def test_a_file_that_is_no_note_stops_nobody(reading, publisher, call):
    folder = (publisher / NOTE).parent
    (folder / "other.local.json").write_text('{"project": "../../x"}', encoding="utf-8")
    (folder / "broken.local.json").write_bytes(b"\xff\xfe")
    change(publisher)
    status, said = call(publisher, "contract", "bump", "paying", "--why", "w", "--dry-run")
    assert status == 0, said
    assert said.count("read in another project") == 1


def test_the_publishers_catalog_names_reader_and_column(reading, publisher):
    project = open_project(publisher, "local")
    entry = build_catalog(project, load_graph(project)).entry("feature", "paying.paid")
    assert Reader("project", "leaving", "paid_2d in model going") in entry.readers
    times = build_catalog(project, load_graph(project)).entry("feature", "paying.times")
    assert not [reader for reader in times.readers if reader.kind == "project"]


def test_a_version_is_dropped_once_its_day_is_over_and_not_before(reading, publisher, call):
    table = publisher / "home/warehouse/features/paying"
    status, said = call(publisher, "contract", "drop", "money.paying@1")
    assert (status, "VERSION_KEPT" in said, "it is the present version" in said) == (2, True, True), said
    change(publisher)
    assert call(publisher, "contract", "bump", "paying", "--why", "w")[0] == 0
    status, said = call(publisher, "contract", "drop", "money.paying@1")
    last = TODAY + timedelta(days=90)
    assert (status, f"it is to be read until {last}" in said, "leaving (model going" in said) == (2, True, True), said
    assert table.is_dir()
    project = load_project(publisher, "local")
    lock = project.locks["money.paying"]
    over = lock.history[0].model_copy(update={"retire_after": TODAY - timedelta(days=1)})
    write_lock(project.contracts, lock.model_copy(update={"history": (over, lock.history[1])}))
    status, said = call(publisher, "contract", "drop", "money.paying@1", "--dry-run")
    assert (status, "would be removed" in said, table.is_dir()) == (0, True, True), said
    assert call(publisher, "contract", "drop", "money.paying@1")[0] == 0
    assert not table.exists()
    status, said = call(publisher, "contract", "drop", "money.paying@1")
    assert (status, "TABLE_MISSING" in said) == (4, True), said
    for asked, code in (
        ("money.paying@9", "VERSION_UNKNOWN"),
        ("money.paying", "OPTION_INVALID"),
        ("money.payin@1", "CONTRACT_UNKNOWN"),
    ):
        status, said = call(publisher, "contract", "drop", asked)
        assert (status, code in said) == (2, True), said


def test_a_group_that_ends_keeps_its_table_and_its_job_says_so(reading, publisher, call):
    (publisher / CONTRACT).unlink()
    other = two_projects.PAYING.replace("group: paying", "group: giving").replace("published: true\n", "")
    (publisher / "conf/contracts/features/giving.yaml").write_text(other, encoding="utf-8")
    status, said = call(
        publisher, "contract", "retire", "money.paying", "--why", "Nobody pays.", "--retire-after", "2099-01-31"
    )
    assert status == 0, said
    assert "to be read until 2099-01-31" in said
    assert "read in another project: leaving" in said
    project = open_project(publisher, "local")
    assert "published: true" in lock_path(project.contracts, "money.paying").read_text()
    assert "publish_groups" in [job.name for job in load_graph(project)], "its row is to say that it ended"

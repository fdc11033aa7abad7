"""A bump keeps the lock entry of the version before, so that readers can be given it again."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
import tiny
from agreed import agree

from headrace.cli.bump import Reason, bump
from headrace.cli.choice import Choice
from headrace.contracts.earlier import earlier_path, read_earlier
from headrace.contracts.lock import read_lock
from headrace.contracts.restore import restored
from headrace.graph.project import Project, load_project
from headrace.ground.errors import HeadraceError

CONTRACT = "conf/contracts/features/visiting.yaml"


@pytest.fixture
def bumped(tmp_path: Path) -> tuple[Project, Project]:
    """The tiny project, before and after its group meant something else."""
    folder = tiny.make_project(tmp_path, days=0)
    before = load_project(folder, "local")
    text = (folder / CONTRACT).read_text(encoding="utf-8")
    (folder / CONTRACT).write_text(text.replace("windows: [7d]", "windows: [2d]"), encoding="utf-8")
    assert bump(Choice(folder, "local"), ["visiting"], Reason("Two days.", date(2026, 11, 25), None), False) == 0
    return before, load_project(folder, "local")


def test_an_earlier_version_is_read_as_it_was_agreed(bumped: tuple[Project, Project]) -> None:
    before, now = bumped
    lock, group = now.locks["t.visiting"], now.groups["visiting"]
    one, two = (read_earlier(now.contracts, lock, step, group) for step in lock.history)
    assert (one.identity, one.group.version, one.group.table) == (before.identity("visiting"), 1, "features.visiting")
    assert one.group.columns == ("visits_3d", "visits_all", "paid_7d")
    assert (two.identity, two.group.columns) == (now.identity("visiting"), ("visits_3d", "visits_all", "paid_2d"))
    assert two.group.table == "features.visiting_v2"
    path = earlier_path(now.contracts, "t.visiting", 1)
    assert read_lock(path, path.stem) == before.locks["t.visiting"], "unchanged"


def test_one_that_was_not_kept_or_was_edited_is_refused(bumped: tuple[Project, Project]) -> None:
    _, now = bumped
    lock, group = now.locks["t.visiting"], now.groups["visiting"]
    path = earlier_path(now.contracts, "t.visiting", 1)
    text = path.read_text(encoding="utf-8")
    edited = text.replace("7d", "8d")
    assert edited != text
    path.write_text(edited, encoding="utf-8")
    with pytest.raises(HeadraceError, match="LOCK_BROKEN"):
        read_earlier(now.contracts, lock, lock.history[0], group)
    path.unlink()
    with pytest.raises(HeadraceError, match=r"EARLIER_MISSING: what version 1 of t\.visiting meant was not kept"):
        read_earlier(now.contracts, lock, lock.history[0], group)


def test_rule_16_a_locked_source_is_read_back_with_its_corrections(tmp_path: Path) -> None:
    folder = tiny.make_project(tmp_path, days=0)
    source = folder / "conf/contracts/events/visits.yaml"
    assert restored(load_project(folder, "local").locks["t.visiting"]).source.sign is None
    source.write_text(source.read_text(encoding="utf-8") + "corrections: true\n", encoding="utf-8")
    agree(folder)
    assert restored(load_project(folder, "local").locks["t.visiting"]).source.sign == "sign"

"""Which earlier versions of a group are still made: as lock entries, their sources and the day have it. No Spark."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import tiny

from headrace.cli import main
from headrace.cli.loading import load_graph, open_project
from headrace.graph.kept import with_kept
from headrace.ground.errors import HeadraceError

GROUP = "conf/contracts/features/visiting.yaml"
EVENTS = "conf/contracts/events/visits.yaml"
TODAY = datetime.now(UTC).date()
UNTIL = TODAY + timedelta(days=5)


def change(project: Path, file: str, old: str, new: str) -> None:
    path = project / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The tiny project whose group has a version 2, and a version 1 to be read for five days."""
    folder = tiny.make_project(tmp_path / "p", days=0)
    change(folder, GROUP, "expression: paid, scale", "expression: paid * 3, scale")
    words = ["contract", "bump", "visiting", "--why", "x", "--retire-after", str(UNTIL), "--project", str(folder)]
    assert main(words) == 0
    return folder


def kept(project: Path, days: int = 0) -> list[tuple[str, str]]:
    found = with_kept(open_project(project, "local"), TODAY + timedelta(days=days)).kept
    return [(one.group.table, one.identity) for one in found]


def test_an_earlier_version_is_made_up_to_its_last_day(project: Path) -> None:
    lock = open_project(project, "local").locks["t.visiting"]
    assert kept(project) == kept(project, days=5) == [("features.visiting", lock.history[0].fingerprint)]
    assert kept(project, days=6) == []
    (one,) = open_project(project, "local").kept
    assert one.group.columns == ("visits_3d", "visits_all", "paid_7d")
    assert one.group.purpose == f"Version 1 of t.visiting, made beside version 2 until {UNTIL}."


def test_its_states_are_tiled_too_and_its_end_makes_nothing_anew(project: Path) -> None:
    found = open_project(project, "local")
    over = with_kept(found, UNTIL + timedelta(days=1))
    for name, outputs in (
        ("build_tiles", ["tiles.visits"]),
        ("build_features", ["features.visiting_v2", "features.visiting", "carried.visits"]),
    ):
        with_it, without = (next(job for job in load_graph(one) if job.name == name) for one in (found, over))
        assert [table.name for table in with_it.outputs] == outputs
        assert with_it.fingerprint == without.fingerprint
    assert len(found.made_of("visits")) == 2
    assert len(over.made_of("visits")) == 1


def test_one_whose_source_means_something_else_by_now_is_only_kept(project: Path) -> None:
    change(project, EVENTS, "lateness: 3d", "lateness: 2d")
    assert kept(project) == []
    change(project, EVENTS, "lateness: 2d", "lateness: 3d")
    change(project, EVENTS, "purpose: Visits.", "purpose: Visits to us.")
    assert len(kept(project)) == 1, "words are no meaning"


def test_one_of_which_the_meaning_was_not_kept_is_only_kept(project: Path) -> None:
    (project / "conf/contracts/lock/earlier/t.visiting@1.yaml").unlink()
    assert kept(project) == []


def test_a_meaning_that_was_written_into_is_refused(project: Path) -> None:
    change(project, "conf/contracts/lock/earlier/t.visiting@1.yaml", "name: paid", "name: payd")
    with pytest.raises(HeadraceError, match="LOCK_BROKEN"):
        open_project(project, "local")

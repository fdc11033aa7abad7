"""What readers are given while a rollback holds: another table, another fingerprint; what makes groups goes on as it was."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
import tiny_training

from headrace.cli.bump import Reason, bump
from headrace.cli.choice import Choice
from headrace.cli.held import version_of_group
from headrace.cli.loading import declare_graph, load_graph, open_project
from headrace.cli.restorable import check_readers
from headrace.contracts.earlier import Earlier
from headrace.features.groups import readable_table
from headrace.graph.project import Project
from headrace.ground.errors import HeadraceError
from headrace.training.manifest import contracts_of

CONTRACT = "conf/contracts/features/visiting.yaml"
READERS = {"build_training_set", "score_users", "monitor"}


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    """The project with a model over its one group, whose second version counts two days less."""
    folder = tiny_training.make_project(tmp_path)
    text = (folder / CONTRACT).read_text(encoding="utf-8")
    (folder / CONTRACT).write_text(text.replace("windows: [3d, all]", "windows: [3d, 2d, all]"), encoding="utf-8")
    assert bump(Choice(folder, "local"), ["visiting"], Reason("Two days.", date(2026, 11, 25), None), False) == 0
    yield open_project(folder, "local")
    sys.modules.pop("tiny_graph", None)


def test_readers_move_and_makers_stay(project: Project) -> None:
    one = version_of_group(project, "t.visiting", 1)
    held = replace(project, held={"t.visiting": one})
    before, after = ({job.name: job for job in graph} for graph in (load_graph(project), declare_graph(held)))
    moved = {name for name, job in before.items() if dict(job.inputs) != dict(after[name].inputs)}
    assert moved == READERS
    for name in READERS:
        assert before[name].inputs["features.visiting"].name == "features.visiting_v2"
        assert after[name].inputs["features.visiting"].name == "features.visiting"
    made = [(job.outputs, job.fingerprint) for job in (before["build_features"], after["build_features"])]
    assert made[0] == made[1]
    assert readable_table(held, "t.visiting").name == "features.visiting"
    assert (
        held.read_identity("visiting") == one.identity != held.identity("visiting") == project.read_identity("visiting")
    )
    assert contracts_of(held.models["going"], held)["features visiting"].version == 1
    assert held.readable["visiting"].columns == ("visits_3d", "visits_all", "paid_7d")


def test_a_version_without_a_column_that_a_model_takes_is_refused(project: Project) -> None:
    one = version_of_group(project, "t.visiting", 1)
    check_readers(project, "t.visiting", one)
    without = one.group.model_copy(update={"features": one.group.features[1:]})
    with pytest.raises(
        HeadraceError, match=r"model going reads visits_3d, visits_all, which it does not have"
    ) as refused:
        check_readers(project, "t.visiting", Earlier(without, one.identity))
    assert refused.value.exit_status == 2
    with pytest.raises(HeadraceError, match="VERSION_UNKNOWN"):
        version_of_group(project, "t.visiting", 9)

"""Which groups snapshots are made of: those that all earlier tiles know; of the others the run says why not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import many_groups
import tiny

from headrace.features.begun import begun
from headrace.graph.job import At
from headrace.graph.origin import versions
from headrace.graph.project import load_project
from headrace.ground.interval import DAY, Interval
from headrace.ground.zones import midnight
from headrace.jobs import build_tiles


def test_a_group_that_earlier_tiles_were_made_without_gets_no_rows_yet(tmp_path: Path) -> None:
    project = load_project(many_groups.make_project(tmp_path), "local")
    told: list[str] = []
    end = midnight(tiny.START, "UTC")
    at = At(Interval(end - DAY, end), "run", end, 1, warn=told.append)
    groups = list(project.groups.values())
    assert begun(project, at) == groups
    (new,) = versions(groups[3])
    assert new in build_tiles.job(project).contracts, "what the ledger has of the tiles is called the same"
    assert begun(project, replace(at, made_without=frozenset({new, "source visits"}))) == [
        *groups[:3], *groups[4:],
    ]  # fmt: skip
    assert told == [f"{groups[3].table} gets no rows at 2024-03-01 yet: tiles of earlier days were made without it"]

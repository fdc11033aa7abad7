"""The command that counts what a training set would have known too early."""

from __future__ import annotations

import json

from headrace.cli.choice import Choice, console, grid_of
from headrace.cli.training_sets import find, gone
from headrace.ground.errors import DONE, HeadraceError


def leakage(choice: Choice, name: str, as_json: bool) -> int:
    """How many cells of a training set differ between what was known then and what is known now.

    Raises:
        HeadraceError: TRAINING_SET_UNKNOWN, TRAINING_SET_CHANGED, TRAINING_SET_GONE, TABLE_MISSING.
    """
    from headrace.cli.assembly import assemble
    from headrace.events.quarantine import events_table
    from headrace.features.counted import Counted
    from headrace.features.readings import for_training
    from headrace.features.tiling import tiled_by, tiles_table
    from headrace.training.known_now import leakage as count

    found = find(choice, name)
    project, made = found.project, found.made
    model = project.models[made.manifest.model]
    found.check_unchanged()
    if found.stored.lost:
        raise gone(choice, found, (found.stored.told,))
    store = assemble(*choice.open()).store
    read = {name: (project.groups[name], project.sources[project.groups[name].source]) for name in model.own_groups}
    anew = for_training(project, model).counted
    counted = {
        name: Counted(store.load(events_table(source)), group, source)
        for name, (group, source) in read.items()
        if name in anew
    }
    tiles = {
        name: store.load(tiles_table(source, tiled_by(group, source)))
        for name, (group, source) in read.items()
        if name not in anew
    }
    if not read:
        raise HeadraceError("LEAKAGE_ELSEWHERE", id=made.id, groups=", ".join(model.published))
    now = count(store.load(found.table, made.version), tiles, model, project, counted)
    out = console(markup=False)
    if model.published and not as_json:
        out.print(f"Not compared, since their tiles are in other projects: {', '.join(model.published)}.")
    if as_json:
        out.print(json.dumps({"training_set": made.id, **now.to_dict()}, indent=2), soft_wrap=True)
        return DONE
    grid = grid_of("group", "column", "cells", "differ", "share")
    for column in sorted(now.columns, key=lambda one: -one.differ):
        counts = f"{column.cells:,}", f"{column.differ:,}", _share(column.differ, column.cells)
        grid.add_row(column.group, column.column, *counts)
    out.print(grid)
    cells = f"{now.differ:,} of {now.cells:,} cells ({_share(now.differ, now.cells)})"
    rows = f"{now.rows_differ:,} of {now.rows:,} rows ({_share(now.rows_differ, now.rows)})"
    told = "differ between what was known then, which the set holds, and what is known now."
    out.print(f"{made.id}: {cells} in {rows} {told}", soft_wrap=True)
    return DONE


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else "–"

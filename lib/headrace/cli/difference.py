"""What a change of a feature group would do, before it is agreed to: definitions, tiles, rows, and values if asked for."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from rich.console import Console

from headrace.cli.absent import stand_ins
from headrace.cli.choice import Choice, console, grid_of
from headrace.contracts.binding import Bound
from headrace.contracts.changes import Change, changes_between
from headrace.contracts.restore import restored
from headrace.graph.agreed import as_locked
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.ground.errors import DONE, HeadraceError, nearest
from headrace.ground.keyed import KEY_BYTES, keyed_hash
from headrace.tables.log import log_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, Row

    from headrace.features.tiling import Tiling

SAMPLED = 1000
"""Users whose values are compared; the rows that come here."""
HIDDEN = ("personal", "special")


@dataclass(frozen=True)
class Difference:
    """A group as it was agreed, as it is now, and what differs."""

    old: Bound
    new: Bound
    changes: tuple[Change, ...]


def diff(choice: Choice, group: str | None, values: bool, shown: int, as_of: date | None) -> int:
    """Show the groups that differ from their lock entries, or one of them.

    Raises:
        HeadraceError: CONTRACT_UNKNOWN, CONTRACT_UNLOCKED, LOCK_SCHEME; with ``values`` also TABLE_MISSING.
    """
    with stand_ins():
        project, graph = choice.open()
    if group is not None and group not in project.groups:
        raise HeadraceError("CONTRACT_UNKNOWN", name=group, hint=nearest(group, project.groups))
    out = console(markup=False)
    found = [_difference(project, name) for name in ([group] if group is not None else project.groups)]
    changed = [one for one in found if one.changes]
    if not changed:
        out.print(f"{group or 'Every feature group'} means what was agreed.")
    for one in changed:
        _definitions(out, one)
        for line in (*_tiles(project, one), *_rows(project, graph, one)):
            out.print(line, soft_wrap=True)
    if values and changed:
        _values(out, choice, project, graph, changed, shown, as_of)
    return DONE


def _difference(project: Project, name: str) -> Difference:
    lock, new = as_locked(project, name), project.bound(name)
    return Difference(restored(lock), new, changes_between(lock.meaning, new.meaning))


def _definitions(out: Console, one: Difference) -> None:
    old, new = one.old.group, one.new.group
    out.print(f"{new.team}.{new.group}, owner {new.owner}: version {old.version} against its contract as it is now")
    grid = grid_of("feature", "key", "agreed", "now")
    for change in one.changes:
        grid.add_row(change.feature or "every feature", change.key or "the feature", change.old, change.new)
    out.print(grid)


def _tiles(project: Project, one: Difference) -> Iterator[str]:
    """The states that tiles hold for it: new ones, those that nobody needs any more, those that stay."""
    from headrace.features.slots import group_atoms
    from headrace.features.tiling import tiled_by

    cut = tiled_by(one.new.group, one.new.source)
    after = group_atoms(one.new.group, one.new.source)
    before = group_atoms(one.old.group, one.old.source) if tiled_by(one.old.group, one.old.source) == cut else {}
    others = [
        group
        for group in project.groups_of(one.new.source.source)
        if group.namespace != one.new.group.namespace and tiled_by(group, one.new.source) == cut
    ]
    elsewhere = {column for group in others for column in group_atoms(group, one.new.source)}
    fresh = [column for column in after if column not in before and column not in elsewhere]
    gone = [column for column in before if column not in after and column not in elsewhere]
    shared = [column for column in after if column in before or column in elsewhere]
    yield f"Tiles of {one.new.source.source}: {len(fresh)} states new, {len(gone)} gone, {len(shared)} shared with what is there."
    yield from (f"  new   {column}: {after[column].lift}" for column in fresh)
    yield from (f"  gone  {column}: {before[column].lift}" for column in gone)


def _rows(project: Project, graph: Graph, one: Difference) -> Iterator[str]:
    """The rows that the next run computes anew, by the tables as they are."""
    from headrace.features.tiling import tiled_by, tiles_table

    source, tables = one.new.source, [one.old.group.table]
    tiles = tiles_table(source, tiled_by(one.new.group, source)).name
    if any(change.key.startswith("source ") for change in one.changes):
        tables = [f"raw.events_{source.source}", tiles, *tables]
    elif _held(project, one.old) != _held(project, one.new):
        tables = [tiles, *tables]
    counted = {table: _count(project, table) for table in tables}
    told = ", ".join(f"{table} {'unknown' if rows is None else f'{rows:,}'}" for table, rows in counted.items())
    yield f"Rows to compute anew, by the tables as they are: {told}."
    for job in graph:
        names = [output.name for output in job.outputs]
        if one.new.group.table in names and len(names) > 1:
            beside = [name for name in names if name != one.new.group.table]
            rows = sum(_count(project, table) or 0 for table in beside)
            told = f": {rows:,} rows of unchanged meaning" if rows else ""
            yield f"  {job.name} makes {', '.join(beside)} too, and does them again{told}."


def _held(project: Project, bound: Bound) -> tuple[Tiling, set[str]]:
    """The columns of the tiles that a group is over, if it were as it is in ``bound``."""
    from headrace.features.tiling import source_atoms, tiled_by, tilings

    others = [group for group in project.groups_of(bound.source.source) if group.namespace != bound.group.namespace]
    cut = tiled_by(bound.group, bound.source)
    return cut, set(source_atoms(tilings([*others, bound.group], bound.source)[cut], bound.source))


def _count(project: Project, table: str) -> int | None:
    log = log_of(project.tables_at, table)
    extent = log.extent() if log.readable else None
    return extent.rows if extent is not None else None


def _values(
    out: Console,
    choice: Choice,
    project: Project,
    graph: Graph,
    changed: list[Difference],
    shown: int,
    as_of: date | None,
) -> None:
    from headrace.cli.assembly import assemble
    from headrace.events.quarantine import events_table
    from headrace.features.beside import side_by_side

    parts = assemble(project, graph)
    key = hash_key(project)
    for one in changed:
        if one.old.group.entity != one.new.group.entity:
            out.print(f"{one.new.group.namespace}: its entity is another, so there are no rows to put side by side.")
            continue
        if one.old.source.corrections != one.new.source.corrections:
            out.print(
                f"{one.new.group.namespace}: one side corrects events and the other does not, so they share none."
            )
            continue
        events = parts.store.load(events_table(one.new.source))
        lacking = sorted((_read(one.old) | _read(one.new)) - set(events.columns))
        if lacking:
            out.print(
                f"{one.new.group.namespace}: the events have no column {', '.join(lacking)}, which one of the sides reads."
            )
            continue
        day = as_of or _day_after(events)
        rows = side_by_side(events, one.old, one.new, day, SAMPLED).collect()
        _beside(out, one, rows, key, shown, day)


def _read(bound: Bound) -> set[str]:
    """The columns of the events that a group's values are computed from."""
    formulas = [
        formula for one in bound.group.features for formula in (one.expression, one.where) if formula is not None
    ]
    roles = bound.source.roles.named()
    named = {roles[role] for role in ("event_time", "available_at", "sequence") if role in roles}
    named |= {bound.source.sign} if bound.source.sign is not None else set()
    return named | {column for formula in formulas for column in formula.columns}


def _day_after(events: DataFrame) -> date:
    from pyspark.sql import functions as F

    found: date = events.agg(F.date_add(F.max("landed_on"), 1)).collect()[0][0]
    return found


def _beside(out: Console, one: Difference, rows: list[Row], key: bytes, shown: int, day: date) -> None:
    from headrace.features.columns import sensitivity_of

    named = {change.feature for change in one.changes}
    group = one.new.group
    features = {
        column: (feature, side)
        for side in (one.old.group, group)
        for feature in side.features
        for column in feature.columns
    }
    columns = [name for name, (one_of, _) in features.items() if "" in named or one_of.name in named or one_of.derive]
    hidden = {column for column in columns if sensitivity_of(*features[column], one.new.source) in HIDDEN}
    out.print(f"{group.namespace} as of {day}, {len(rows)} users by least hash; keys as keyed hashes:")
    grid = grid_of("user", "column", "agreed", "now")
    for column in columns:
        pairs = [(_key(row, group.entity, key), _value(row["old"], column), _value(row["new"], column)) for row in rows]
        other = [pair for pair in pairs if pair[1] != pair[2]]
        if not other:
            continue
        out.print(f"  {column}: differs for {len(other)} of {len(rows)}")
        for user, before, after in other[:shown]:
            grid.add_row(user, column, *(("hidden", "hidden") if column in hidden else (before, after)))
    out.print(grid)


def _key(row: Row, entity: tuple[str, ...], key: bytes) -> str:
    return keyed_hash(key, [row[name] for name in entity])


def _value(side: Row | None, column: str) -> str:
    if side is None or column not in side:
        return "–"
    return str(side[column]) if side[column] is not None else "null"


def hash_key(project: Project) -> bytes:
    """The key of the project's keyed hashes: made once, in its state folder, readable by its user alone."""
    path = project.home / "keyed_hash.key"
    if not path.is_file():
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(secrets.token_bytes(KEY_BYTES))
    return path.read_bytes()

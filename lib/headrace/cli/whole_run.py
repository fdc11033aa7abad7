"""``headrace rollback run``: which tables would get back what, and whether that can still be had."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from headrace import __version__
from headrace.cli.held import table_identities
from headrace.cli.releasing import Keeping, Released, gone, released
from headrace.graph.project import Project
from headrace.graph.releases import Release, before, find_release
from headrace.ground.errors import HeadraceError
from headrace.release.rollback import Change, restored
from headrace.release.targets import State, has_it
from headrace.release.whole_run import about_run
from headrace.tables.upkeep import LAID_ANEW, named

if TYPE_CHECKING:
    from headrace.cli.assembly import Assembly

LEFT_ALONE = ("raw", "tiles", "carried", "ops", "catalog")
"""Schemas that no rollback of a run touches: what is a function of what landed, and headrace's own books."""


@dataclass(frozen=True)
class RunTarget:
    """What a rollback of ``run`` goes back to, and what it changes. ``since``: later runs, whose writes go with it.

    ``new``: tables that were first made since, and had nothing before. ``models``: champions that are others now.
    """

    run: Release
    to: Release
    now: Release
    since: tuple[str, ...]
    changes: tuple[Change, ...]
    new: tuple[str, ...]
    models: tuple[str, ...]

    @property
    def about(self) -> str:
        """What the decision is about."""
        return about_run(self.run.id)

    @property
    def told(self) -> Iterator[str]:
        """What it does, line by line."""
        yield f"run {self.run.id}: back to release {self.to.id}, as of {self.to.at:%Y-%m-%d %H:%M:%S} UTC"
        if self.since:
            yield f"  with what was written since by {', '.join(self.since)}"
        for one in self.changes:
            has = (
                "has that content: it is not written"
                if one.to is None
                else f"version {one.before} -> version {one.to} again"
            )
            yield f"  {one.table}: {has}"
        for table in self.new:
            yield f"  {table} was first made since then; it stays as it is"
        for model in self.models:
            yield f"  the champion of {model} is another one since then; `headrace rollback model {model}` gives it back"


def run_target(parts: Assembly, run: str, now: datetime) -> RunTarget:
    """What a rollback of a run would do.

    Raises:
        HeadraceError: RELEASE_UNKNOWN; ROLLBACK_FIRST where there was nothing before, or nothing of it is restored;
            ROLLBACK_SAME; RELEASE_GONE with what can still be had.
    """
    found = released(parts.project, parts.graph, parts.store.read_rows)
    release = find_release(run, found.releases)
    to = before(release, found.releases)
    since = found.releases[found.releases.index(release) + 1 :]
    written = dict.fromkeys(name for one in (release, *since) for name in one.made if restorable(name))
    tables = [name for name in written if to is not None and name in to.tables]
    if to is None or not tables:
        raise HeadraceError("ROLLBACK_FIRST", run=run)
    kept = Keeping(parts.project, now).of(to)
    if any(kept[name].lost for name in tables):
        raise gone(to, kept, tables)
    changes = tuple(_change(name, to, parts, found) for name in tables)
    if all(one.to is None for one in changes):
        raise HeadraceError("ROLLBACK_SAME", group=about_run(run), state=f"release {to.id}")
    later, new = tuple(one.id for one in since), tuple(name for name in written if name not in to.tables)
    return RunTarget(release, to, found.releases[-1], later, changes, new, tuple(_others(to, found.releases[-1])))


def restorable(table: str) -> bool:
    """Whether a rollback of a run restores a table of this name."""
    return table.partition(".")[0] not in LEFT_ALONE


def _change(name: str, to: Release, parts: Assembly, found: Released) -> Change:
    commits = [(one.version, one.operation) for one in parts.store.commits(named(name))]
    state = State(to.at, 0, name, to.tables[name])
    there = has_it(state, commits, restored(found.decisions).get(name, ()), LAID_ANEW)
    identity = table_identities(parts.project, parts.graph).get(name, "")
    return Change(name, name, identity, __version__, None if there else state.number, commits[0][0])


def _others(to: Release, now: Release) -> Iterator[str]:
    for name, version in now.others.items():
        kind, _, model = name.partition(".")
        if kind == "champion" and to.others.get(name) != version:
            yield model


def groups_among(project: Project, tables: Iterable[str]) -> tuple[str, ...]:
    """The groups whose readers are given one of these tables, as ``team.group``."""
    names = set(tables)
    return tuple(group.namespace for group in project.readable.own.values() if group.table in names)

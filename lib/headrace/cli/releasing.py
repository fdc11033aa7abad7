"""The releases of an environment, and what of them can still be read."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import Any

from headrace.graph.ledger import LEDGER, Entry, entries_of
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.graph.releases import Release, releases
from headrace.ground.errors import HeadraceError, nearest
from headrace.release.decisions import DECISIONS, Decision, in_order
from headrace.release.rollback import restored
from headrace.tables.log import TableLog, log_of
from headrace.tables.newest import all_rows
from headrace.tables.spec import Table
from headrace.tables.versions import Version, version_of

Read = Callable[[Table], list[dict[str, Any]]]
"""All rows of a ledger."""


@dataclass(frozen=True)
class Released:
    """The releases of an environment, with what they were computed from."""

    releases: tuple[Release, ...]
    entries: tuple[Entry, ...]
    decisions: tuple[Decision, ...]


def released(project: Project, graph: Graph, read: Read) -> Released:
    """All releases of an environment, by its ledgers."""
    entries, history = entries_of(read(LEDGER)), in_order(read(DECISIONS))
    declared = {output.name for job in graph for output in job.outputs if isinstance(output, Table)}

    @cache
    def is_table(name: str) -> bool:
        return name in declared or bool(log_of(project.root_of(name), name).commits(1))

    return Released(releases(entries, restored(history), is_table), tuple(entries), history)


def by_log(project: Project, graph: Graph) -> Read:
    """The ledgers from their logs and files, without Spark, where this machine sees them; else by Spark."""

    def read(table: Table) -> list[dict[str, Any]]:
        rows = all_rows(log_of(project.root_of(table.name), table.name))
        if rows is not None:
            return rows
        from headrace.cli.assembly import assemble

        return assemble(project, graph).store.read_rows(table)

    return read


@dataclass(frozen=True)
class Pinned:
    """A table of a release, by its log. ``lost``: why it cannot be read any more; empty where nothing is known against it."""

    version: Version
    lost: str

    @property
    def told(self) -> str:
        """Until when it can be read, or why it cannot."""
        if self.lost:
            return f"no: {self.lost}"
        if self.version.until is None:
            return "not known from here"
        until = f"until {self.version.until:%Y-%m-%d}"
        return f"for as long as it is the latest, at least {until}" if self.version.latest else until


@dataclass(frozen=True)
class Keeping:
    """What can still be read of an environment's releases at an instant; each log is read once."""

    project: Project
    now: datetime
    _logs: dict[str, TableLog] = field(default_factory=dict)
    _known: dict[tuple[str, int, bool], Version] = field(default_factory=dict)

    def of(self, release: Release) -> Mapping[str, Pinned]:
        """Every table of a release, by name."""
        return {name: self._pinned(name, release) for name in sorted(release.tables)}

    def _pinned(self, name: str, release: Release) -> Pinned:
        found = self._version(name, release.tables[name], release.at)
        lost = found.lost
        if not lost and not found.latest and found.until is not None and found.until < self.now:
            lost = f"its retention ended on {found.until:%Y-%m-%d}"
        return Pinned(found, lost)

    def _version(self, name: str, number: int, at: datetime) -> Version:
        log = self._logs.setdefault(name, log_of(self.project.root_of(name), name))
        anew = any(commit.version == number and commit.at > at for commit in log.commits())
        if (name, number, anew) not in self._known:
            self._known[name, number, anew] = version_of(name, number, log, at)
        return self._known[name, number, anew]


def version_at(release: Release, table: str, project: Project) -> int:
    """The version of a table at a release.

    Raises:
        HeadraceError: RELEASE_WITHOUT where there was none; RELEASE_GONE where it cannot be read any more.
    """
    if table not in release.tables:
        hint = nearest(table, release.tables)
        raise HeadraceError("RELEASE_WITHOUT", release=release.id, table=table, hint=hint)
    found = Keeping(project, datetime.now(UTC)).of(release)
    if found[table].lost:
        raise gone(release, found)
    return release.tables[table]


def gone(release: Release, found: Mapping[str, Pinned], among: Iterable[str] = ()) -> HeadraceError:
    """RELEASE_GONE: which tables (of ``among``, or of all) are lost, and which are not."""
    names = list(among) or list(found)
    lost = [f"    {name} version {release.tables[name]}: {found[name].lost}" for name in names if found[name].lost]
    have = [f"    {name} version {release.tables[name]}" for name in names if not found[name].lost]
    told = "\n".join(have) or "    nothing"
    return HeadraceError("RELEASE_GONE", release=release.id, lost="\n".join(lost), have=told)

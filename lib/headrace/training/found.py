"""Training sets as they are found in the commits of their tables: what was read, and whether it can be read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from headrace.graph.job import Job
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.ground.errors import HeadraceError, nearest
from headrace.tables.log import Commit, TableLog, log_of
from headrace.tables.published import PublishedTable
from headrace.tables.versions import Version, version_of
from headrace.training.dataset import TrainingTable
from headrace.training.manifest import Source, TrainingSet, differences, training_sets

NOT_OURS = "it is a table of others, of which headrace keeps no earlier version"


@dataclass(frozen=True)
class Found:
    """A training set with the table that it is a version of, and the job that makes that."""

    made: TrainingSet
    table: TrainingTable
    job: Job
    project: Project

    @cached_property
    def inputs(self) -> dict[str, Version]:
        """What it was made from, by the job's names, as the logs tell of it now."""
        return {name: self._read(source) for name, source in self.made.manifest.inputs.items()}

    @property
    def stored(self) -> Version:
        """The version of the training table that it is."""
        return self._version(self.table.name, self.made.version)

    @property
    def lost(self) -> tuple[str, ...]:
        """What of its inputs is known to be gone."""
        return tuple(one.told for one in self.inputs.values() if one.lost)

    @cached_property
    def changed(self) -> tuple[str, ...]:
        """What is declared otherwise than when it was made."""
        read = {name: asset.name for name, asset in self.job.inputs.items()}
        return differences(self.made.manifest, self.project, read)

    def check_unchanged(self) -> None:
        """Refuse where the same bytes would not follow from what is declared now.

        Raises:
            HeadraceError: TRAINING_SET_CHANGED.
        """
        if self.changed:
            lines = "\n".join(f"  - {line}" for line in self.changed)
            raise HeadraceError("TRAINING_SET_CHANGED", id=self.made.id, differences=lines)

    def promise(self, now: datetime) -> str:
        """Whether it can be computed again, and until when that is promised: until the first input's retention ends."""
        ends = [one.until for one in self.inputs.values() if one.until is not None]
        if self.lost:
            return "no: " + "; ".join(self.lost)
        if self.changed:
            return "not by the present contracts"
        if len(ends) < len(self.inputs):
            return "not known from here: the tables' logs are in no folder of this machine"
        over = [
            one.until for one in self.inputs.values() if one.until is not None and not one.latest and one.until < now
        ]
        if over:
            return f"no longer promised, since {min(over):%Y-%m-%d}; rebuild finds out"
        end = min(ends)
        return f"yes, until {end:%Y-%m-%d}" if end >= now else "yes, until its inputs are written again"

    def possible(self, command: Callable[[str], str]) -> tuple[str, ...]:
        """What can still be done where it cannot be computed again, a sentence each."""
        whole = ", ".join(f"{one.table} version {one.number}" for one in self.inputs.values() if not one.lost)
        rows = command(f"table hash {self.table.name} --version {self.made.version}")
        return (
            f"its rows are gone too: {self.stored.lost}" if self.stored.lost else f"its rows are still there: {rows}",
            *([f"of its inputs these can still be read: {whole}"] if whole else []),
            f"another set, of what is there now: {command(f'run {self.job.name} --full-refresh')}",
        )

    def _read(self, source: Source) -> Version:
        if source.table.startswith("source.") or not source.version.isdigit():
            return Version(source.table, source.version, lost=NOT_OURS)
        asset = next((asset for asset in self.job.inputs.values() if asset.name == source.table), None)
        if isinstance(asset, PublishedTable):
            return version_of(source.table, int(source.version), TableLog(asset.folder), self.made.at)
        return self._version(source.table, int(source.version))

    def _version(self, table: str, number: int) -> Version:
        return version_of(table, number, log_of(self.project.tables_at, table), self.made.at)


def found_sets(
    project: Project, graph: Graph, commits: Callable[[TrainingTable], Iterable[Commit]]
) -> tuple[Found, ...]:
    """The training sets of every training table of the graph, the newest first."""
    found = [
        Found(made, table, job, project)
        for job in graph
        for table in job.outputs
        if isinstance(table, TrainingTable)
        for made in training_sets(commits(table), table.name)
    ]
    return tuple(sorted(found, key=lambda one: one.made.at, reverse=True))


def find_set(name: str, known: Iterable[Found]) -> Found:
    """One training set by its ID.

    Raises:
        HeadraceError: TRAINING_SET_UNKNOWN with the nearest ID.
    """
    by_id = {found.made.id: found for found in known}
    if name not in by_id:
        raise HeadraceError("TRAINING_SET_UNKNOWN", id=name, hint=nearest(name, by_id))
    return by_id[name]

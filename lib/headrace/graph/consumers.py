"""Who is concerned when a feature group changes: the groups, models, tables and jobs below it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from headrace.contracts.readings import read_notes
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.tables.layout import Laid
from headrace.tables.spec import Table


@dataclass(frozen=True)
class Consumers:
    """Everything below a group (and below its source, where that is what changes)."""

    groups: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    scores: tuple[str, ...] = ()
    tables: tuple[str, ...] = ()
    jobs: tuple[str, ...] = ()
    abroad: tuple[str, ...] = ()
    """Models of other projects, in words: project, owner, version, since when."""

    def told(self) -> str:
        """In words; "nobody" where there is none."""
        parts = (
            ("groups", self.groups), ("labels", self.labels), ("models", self.models), ("scores", self.scores),
            ("tables", self.tables), ("jobs", self.jobs), ("other projects", self.abroad),
        )  # fmt: skip
        return "; ".join(f"{kind} {', '.join(names)}" for kind, names in parts if names) or "nobody"

    def to_json(self) -> dict[str, list[str]]:
        """As a record."""
        kinds = ("groups", "labels", "models", "scores", "tables", "jobs", "abroad")
        return {kind: list(getattr(self, kind)) for kind in kinds}


def consumers(project: Project, graph: Graph, group: str, source: bool = False) -> Consumers:
    """Who reads a group, directly or through what is made from it.

    ``source``: the group's source changes, so that the other groups and the labels over it change too.
    """
    this = project.groups[group]
    others = [other for other in project.groups_of(this.source) if other is not this] if source else []
    labels = tuple(label.label for label in project.labels.values() if source and label.source == this.source)
    concerned = {one.namespace for one in (this, *others)}
    models = tuple(
        name
        for name, model in project.models.items()
        if concerned & {project.groups[asked].namespace for asked in model.own_groups} or model.label in labels
    )
    jobs, tables = _below(graph, {one.table for one in (this, *others)})
    scores = tuple(table for table in tables if table.startswith("scores."))
    rest = tuple(table for table in tables if not table.startswith("scores."))
    abroad = tuple(told for one in (this, *others) for told in readers_abroad(project, one.namespace))
    named = tuple(project.groups.shortest(other) for other in others)
    return Consumers(named, labels, models, scores, rest, jobs, abroad)


def readers_abroad(project: Project, namespace: str) -> tuple[str, ...]:
    """Who reads a group in other projects, as they wrote it down in this warehouse; () where this machine does not see it."""
    root = project.tables_at
    notes = read_notes(root)[0] if isinstance(root, Path) else ()
    return tuple(note.told(one) for note in notes for one in note.readings if one.namespace == namespace)


def _below(graph: Graph, reached: Iterable[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The jobs that read one of the assets, or what such a job makes; and the tables that they make."""
    assets, jobs, tables = set(reached), [], []
    for job in graph:
        if assets & {asset.name for asset in job.inputs.values() if not isinstance(asset, Laid)}:
            jobs.append(job.name)
            assets |= {output.name for output in job.outputs}
            tables += [output.name for output in job.outputs if isinstance(output, Table)]
    return tuple(jobs), tuple(dict.fromkeys(tables))

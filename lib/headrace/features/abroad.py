"""Entries of the catalog for what was taken from other projects: each published column that was accepted, and who reads it here."""

from __future__ import annotations

from collections.abc import Iterator

from headrace.contracts.published import Published, PublishedColumn
from headrace.contracts.taken import Taken
from headrace.features.entry import Column, Entry, Reader
from headrace.features.shelf import Shelf
from headrace.graph.project import Project


def taken_features(project: Project, shelf: Shelf) -> Iterator[Entry]:
    """A feature a column: ``team.group@version.column``."""
    for entry in project.taken.values():
        for column in entry.group.features:
            yield _feature(column, entry, project, shelf)


def _feature(column: PublishedColumn, entry: Taken, project: Project, shelf: Shelf) -> Entry:
    group = entry.group
    empty = "null" if column.when_empty is None else column.when_empty
    facts = {
        "Unit": column.unit or "",
        "Type": column.type,
        "Null rule": f"{empty} for whom its source has never seen",
        "Group": f"{group.group}, version {group.version}, team {group.team}",
        "The group's purpose": group.purpose,
        "Known as of": f"{group.accuracy}: midnight {group.zone}",
        "Made by": f"project {group.project}; catalog {entry.catalog}, table {group.table}",
        "Accepted": f"{entry.accepted}" + (f", pinned since {entry.pinned}" if entry.pinned is not None else ""),
    }
    return Entry(
        kind="feature",
        name=f"{group.reference}.{column.name}",
        meaning=column.meaning,
        owner=group.owner,
        entity=group.entity,
        version=group.version,
        fingerprint=group.fingerprint,
        sensitivity=column.sensitivity,
        columns=(Column(column.name, column.type, "", column.sensitivity),),
        readers=(*_models(group, column.name, project), *shelf.readers(f"published.{group.reference}")),
        facts=tuple((name, value) for name, value in facts.items() if value),
        python=f'headrace.open().features("{group.reference}")',
        words=" ".join((group.group, group.team, group.project, column.unit or "")),
        unseen=True,
        unprofiled="it is made, and profiled, in another project",
    )


def _models(group: Published, column: str, project: Project) -> Iterator[Reader]:
    for model in project.models.values():
        taken = column in model.features.get(group.reference, ())
        apart = any(one.group == group.reference and one.column == column for one in model.segments)
        if taken or apart:
            yield Reader("model", model.model, column if taken else f"{column} (segment)")

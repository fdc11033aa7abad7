"""A project writes down, where the publisher sees it, which groups of others its models read."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

from headrace.contracts.finding import Finding
from headrace.contracts.models import ModelContract
from headrace.contracts.readings import Note, Reading, dated, note_path, read_note, write_note
from headrace.contracts.taken import Taken
from headrace.graph.project import Project
from headrace.tables.published import catalog_root


def register(project: Project, today: date) -> tuple[Finding, ...]:
    """Bring the project's note in every catalog up to what its models read; a note of what could not be written, and why.

    The same readings again write nothing. A catalog that cannot be written is read all the same.
    """
    return tuple(found for name in project.config.catalogs for found in _register(name, project, today))


def _register(catalog: str, project: Project, today: date) -> Iterator[Finding]:
    root = catalog_root(project.root, project.config.catalogs[catalog])
    readings = tuple(_readings(catalog, project, today))
    untold = f"catalog {catalog}: its owners do not see that this project reads "
    names = ", ".join(dict.fromkeys(f"{one.namespace}@{one.version}" for one in readings))
    if not isinstance(root, Path):
        if readings:
            yield Finding("note", f"{untold}{names}: notes are written into folders of this machine only")
        return
    path = note_path(root, project.name, project.env)
    before = read_note(path)
    note = Note(project=project.name, environment=project.env, readings=dated(readings, before))
    if note == before or (before is None and not readings):
        return
    try:
        write_note(path, note)
    except OSError as error:
        yield Finding("note", f"{untold}{names or 'nothing any more'}: {path} cannot be written ({error.strerror})")


def _readings(catalog: str, project: Project, today: date) -> Iterator[Reading]:
    for model in project.models.values():
        for reference in model.published:
            entry = project.taken[reference]
            if entry.catalog == catalog:
                yield _reading(entry, model, today)


def _reading(entry: Taken, model: ModelContract, today: date) -> Reading:
    group = entry.group
    asked = [*model.features.get(entry.reference, ())]
    asked += [one.column for one in model.segments if one.group == entry.reference]
    return Reading(
        team=group.team,
        group=group.group,
        version=group.version,
        model=model.model,
        owner=model.owner,
        columns=tuple(dict.fromkeys(asked)),
        since=today,
        pinned=entry.pinned,
    )

"""How the groups taken from other projects stand: still as accepted, followed by another version, retired, gone. No Spark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from headrace.contracts.finding import Finding
from headrace.contracts.published import Listed
from headrace.contracts.taken import Taken
from headrace.graph.catalogs import Catalog
from headrace.graph.project import Project
from headrace.ground.errors import HeadraceError, nearest
from headrace.tables.log import TableLog
from headrace.tables.published import published_table

CAN_WAIT = frozenset({"PUBLISHED_BUMPED", "PUBLISHED_ENDS"})
"""What a check in CI refuses until somebody pins or accepts, and a run does not: what was accepted is still there."""


@dataclass(frozen=True)
class Standing:
    """What is wrong, and what is to be known."""

    errors: tuple[HeadraceError, ...]
    findings: tuple[Finding, ...]


def standing(project: Project, catalogs: Mapping[str, Catalog | None], today: date) -> Standing:
    """How every entry stands by the catalogs."""
    entries = project.taken.values()
    found = [one for entry in entries for one in _looked_at(entry, project, catalogs[entry.catalog], today)]
    errors = tuple(one for one in found if isinstance(one, HeadraceError))
    return Standing(errors, tuple(one for one in found if isinstance(one, Finding)))


def readers_of(project: Project, reference: str) -> tuple[str, ...]:
    """The models that name a group of another project."""
    return tuple(name for name, model in project.models.items() if reference in model.published)


def _looked_at(
    entry: Taken, project: Project, catalog: Catalog | None, today: date
) -> Iterator[HeadraceError | Finding]:
    name = entry.reference
    if not readers_of(project, name):
        yield Finding("note", f"no model reads {name} any more; remove taken/{name}.yaml")
    if catalog is None:
        yield Finding("note", f"{name} is not compared: catalog {entry.catalog} is in no folder of this machine")
        return
    listed = catalog.versions.get(name)
    if listed is None:
        yield HeadraceError("PUBLISHED_GONE", name=name, catalog=catalog.name, hint=nearest(name, catalog.versions))
        return
    group, was = listed.group, entry.group
    if group.fingerprint != was.fingerprint:
        yield HeadraceError(
            "PUBLISHED_CHANGED", name=name, was=was.fingerprint, now=group.fingerprint, owner=group.owner
        )
        return
    if listed.state(today) == "retired":
        newest = (catalog.newest(group.namespace) or listed).group.reference
        yield HeadraceError("PUBLISHED_RETIRED", name=name, day=listed.retire_after, newest=newest, owner=group.owner)
        return
    yield from _followed(entry, listed, catalog, project)
    yield from _table(entry, catalog)


def _followed(entry: Taken, listed: Listed, catalog: Catalog, project: Project) -> Iterator[HeadraceError | Finding]:
    """A version that another one follows, or that ends: an error until it is pinned, where values are concerned."""
    name, day = entry.reference, listed.retire_after
    later = catalog.since(listed.group.namespace, listed.group.version)
    if day is None and not later:
        return
    until = f"it is to be read until {day}" if day is not None else "the day of its end is not named"
    models = ", ".join(readers_of(project, name)) or "no model"
    if entry.pinned is not None:
        then = f"; {later[-1].group.reference} is there" if later else ""
        yield Finding("warning", f"{name} is pinned since {entry.pinned}: {until} (owner {listed.group.owner}){then}")
    elif not later:
        yield HeadraceError("PUBLISHED_ENDS", name=name, owner=listed.group.owner, models=models, day=day)
    elif any(one.group.breaking for one in later):
        newest = later[-1].group
        said = {"name": name, "newest": newest.reference, "owner": newest.owner, "changes": _changes(later)}
        yield HeadraceError("PUBLISHED_BUMPED", models=models, day=day, **said)
    else:
        yield Finding(
            "warning",
            f"{name} is followed by {later[-1].group.reference}, in which nothing that was there changes: {until} "
            f"(owner {listed.group.owner}); headrace contract accept {later[-1].group.reference}",
        )


def _changes(later: tuple[Listed, ...]) -> str:
    lines = []
    for one in later:
        lines.append(f"    version {one.group.version}, {one.group.agreed_on}: {one.group.why}")
        lines += [f"      {change}" for change in one.group.changes]
    return "\n".join(lines)


def _table(entry: Taken, catalog: Catalog) -> Iterator[HeadraceError]:
    """Whether the table is there with the columns that were accepted, by its log."""
    table = published_table(entry.group, catalog.root)
    missing = table.missing()
    if missing is not None:
        yield missing
    if table.folder is None or missing is not None:
        return
    extent = TableLog(table.folder).extent()
    mismatch = table.mismatch(dict(extent.columns)) if extent is not None else None
    if mismatch is not None:
        yield mismatch

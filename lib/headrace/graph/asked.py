"""What models ask of the groups that they name: a group that is there, of their entity, and at which instants."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from headrace.contracts.demands import check_known
from headrace.contracts.events import EventContract
from headrace.contracts.labels import LabelContract
from headrace.contracts.models import ModelContract
from headrace.contracts.names import show_span
from headrace.contracts.namespaces import is_published
from headrace.contracts.published import Published
from headrace.contracts.taken import Readable, taken_path
from headrace.ground.errors import HeadraceError, nearest
from headrace.ground.interval import DAY, parse_instant, show_instant
from headrace.ground.zones import day_of, midnight

if TYPE_CHECKING:
    from headrace.graph.project import Project


def check_taken(project: Project) -> None:
    """Refuse an entry of a catalog that the configuration does not have.

    Raises:
        HeadraceError: TAKEN_CATALOG.
    """
    known = project.config.catalogs
    for name, entry in project.taken.items():
        if entry.catalog not in known:
            file = taken_path(project.contracts, name).relative_to(project.root)
            hint = nearest(entry.catalog, known)
            raise HeadraceError("TAKEN_CATALOG", file=file, name=name, catalog=entry.catalog, hint=hint)


def check_models(project: Project) -> None:
    """Refuse models that name what is not there, or what cannot be set beside their labels.

    Raises:
        HeadraceError: CONTRACT_REFERENCE, GROUP_AMBIGUOUS, GROUP_STILL_READ, TAKEN_UNKNOWN, CONTRACT_ENTITY, PUBLISHED_ENTITY,
            PUBLISHED_SNAPSHOTS, CUTOFF_BETWEEN_SNAPSHOTS.
    """
    for model in project.models.values():
        document = project.documents[f"models/{model.model}"]
        check_known(model.label, project.labels, f"{document.place(('label',))}: label")
        for group, column, at in _asked(model):
            where = document.place(at)
            found = _found(project, model.model, group, f"{where}: {at[0]}")
            check_entity(group, found, project.source_of(model), where)
            if isinstance(found, Published):
                check_snapshots(project, found, where)
            _check_cutoffs(project, found, project.labels[model.label], where)
            check_known(column, found.columns, f"{where}: {at[0]}.{group}")


def _asked(model: ModelContract) -> Iterator[tuple[str, str, tuple[str | int, ...]]]:
    """The group and column of each feature and segment, with its place in the contract."""
    for group, columns in model.features.items():
        yield from ((group, column, ("features", group, number)) for number, column in enumerate(columns))
    for number, segment in enumerate(model.segments):
        yield segment.group, segment.column, ("segments", number)


def _found(project: Project, model: str, group: str, where: str) -> Readable:
    if not is_published(group):
        _check_not_ended(project, model, group, where)
        return project.groups.find(group, where)
    if group not in project.taken:
        raise HeadraceError("TAKEN_UNKNOWN", where=where, name=group, hint=nearest(group, project.taken))
    return project.taken[group].group


def _check_not_ended(project: Project, model: str, group: str, where: str) -> None:
    """Refuse a model that still reads a group of which the lock entry alone is left."""
    if any(group in (one.group, one.namespace) for one in project.groups.values()):
        return
    for lock in project.locks.values():
        if group in (lock.name, lock.group):
            about = {"group": lock.name, "version": lock.version, "owner": lock.owner}
            raise HeadraceError("GROUP_STILL_READ", where=where, model=model, **about)


def check_entity(group: str, found: Readable, source: EventContract, where: str) -> None:
    """Refuse a group of another entity; of another project's, also keys of another type.

    Raises:
        HeadraceError: CONTRACT_ENTITY, PUBLISHED_ENTITY.
    """
    if set(found.entity) != set(source.entity):
        about = {"found": ", ".join(found.entity), "wanted": ", ".join(source.entity)}
        raise HeadraceError("CONTRACT_ENTITY", where=where, group=group, **about)
    for key in found.keys if isinstance(found, Published) else ():
        wanted = source.columns[key.name].type
        if key.type != wanted:
            raise HeadraceError(
                "PUBLISHED_ENTITY", where=where, group=group, key=key.name, found=key.type, wanted=wanted
            )


def check_snapshots(project: Project, group: Published, where: str) -> None:
    """Refuse a group whose table has no row at some snapshot of the project: its users would look as if never seen.

    Raises:
        HeadraceError: PUBLISHED_SNAPSHOTS.
    """
    every, first = project.config.snapshots_every, project.span.start + project.config.snapshots_every
    theirs = timedelta(days=group.snapshots_every)
    apart = first - parse_instant(group.snapshots_from)
    if every % theirs or apart % theirs:
        about = {"theirs": show_span(theirs), "start": group.snapshots_from}
        said = {"every": show_span(every), "first": first.date()}
        raise HeadraceError("PUBLISHED_SNAPSHOTS", where=where, group=group.reference, **about, **said)


def _check_cutoffs(project: Project, group: Readable, label: LabelContract, where: str) -> None:
    """Refuse a temporal group of another project at a cutoff of which its table has no snapshot: its events are not here."""
    if not isinstance(group, Published):
        return
    between = between_snapshots(project, group, cutoffs_of(label))
    if between:
        every, start = _grid(project, group)
        about = {"group": group.reference, "label": label.label, "every": show_span(every), "zone": group.zone}
        said = {"cutoff": show_instant(between[0]), "start": show_instant(start)}
        raise HeadraceError("CUTOFF_BETWEEN_SNAPSHOTS", where=where, **about, **said)


def between_snapshots(project: Project, group: Readable, instants: Iterable[datetime]) -> list[datetime]:
    """The instants at which a group's value is in no table: those of a temporal group that are none of its snapshots.

    Of a group of snapshots there are none: its value at an instant is that of the last midnight (semantics 3).
    """
    if group.accuracy == "snapshot":
        return []
    every, start = _grid(project, group)
    return [at for at in instants if not _is_snapshot(at, start, every, group.zone)]


def _is_snapshot(at: datetime, start: datetime, every: timedelta, zone: str) -> bool:
    """Whether it is a midnight of the zone and, of those of its interval, the last (``features.snapshots``)."""
    end = at + (start - at) % every
    last = at if every == DAY else midnight(day_of(end, zone), zone)
    return at == last and midnight(day_of(at, zone), zone) == at


def cutoffs_of(label: LabelContract) -> list[datetime]:
    """The instants at which a label's question is asked."""
    return list(label.cutoffs.instants)


def scored_at(project: Project) -> list[datetime]:
    """The instants of which everybody is scored: the ends of the intervals of the project's span."""
    every, span = project.config.snapshots_every, project.span
    return [span.start + n * every for n in range(1, (span.end - span.start) // every + 1)]


def _grid(project: Project, group: Readable) -> tuple[timedelta, datetime]:
    """How far apart the snapshots of a group are, and an instant from which they are counted."""
    if isinstance(group, Published):
        return group.snapshots_every * DAY, parse_instant(group.snapshots_from)
    return project.config.snapshots_every, project.span.start

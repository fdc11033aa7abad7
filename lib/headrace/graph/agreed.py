"""Whether every feature group still means what its lock entry says: checked in CI, and before a run writes anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from headrace.contracts.changes import Change, changes_between
from headrace.contracts.fingerprint import SCHEME
from headrace.contracts.lock import Lock, lock_path
from headrace.graph.consumers import Consumers, consumers
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.ground.errors import HeadraceError

MOST_TOLD = 20


@dataclass(frozen=True)
class Broken:
    """A group that means something else than was agreed: what an alert record holds, and the error."""

    group: str
    lock: Lock
    changes: tuple[Change, ...]
    consumers: Consumers
    error: HeadraceError


Problem = Broken | HeadraceError


def problems(project: Project, graph: Graph) -> tuple[Problem, ...]:
    """What is not as it was agreed; () where all is."""
    return (*_gone(project), *(found for group in project.groups for found in _problem(project, graph, group)))


def refuse(found: tuple[Problem, ...]) -> None:
    """Raise what was found.

    Raises:
        HeadraceError: the one problem, or CONTRACTS_REFUSED with all of them.
    """
    errors = [one.error if isinstance(one, Broken) else one for one in found]
    if len(errors) == 1:
        raise errors[0]
    if errors:
        raise HeadraceError("CONTRACTS_REFUSED", count=len(errors), problems="\n".join(map(str, errors)))


def as_locked(project: Project, group: str) -> Lock:
    """The lock entry of a group, in the present scheme.

    Raises:
        HeadraceError: CONTRACT_UNLOCKED, LOCK_SCHEME.
    """
    lock = project.lock_of(group)
    if lock is None or lock.retired is not None:
        version = project.groups[group].version
        raise HeadraceError(
            "CONTRACT_UNLOCKED", place=place_of(project, group, "version"), group=group, version=version
        )
    if lock.scheme != SCHEME:
        file = _short(project, str(lock_path(project.contracts, lock.name)))
        raise HeadraceError("LOCK_SCHEME", file=file, name=lock.name, scheme=lock.scheme, present=SCHEME)
    return lock


def place_of(project: Project, group: str, *keys: str | int) -> str:
    """File and line of a key of a group's contract; its file from the project's folder on."""
    document = project.documents[f"features/{project.groups[group].namespace}"]
    return _short(project, document.place(keys))


def _short(project: Project, place: str) -> str:
    return place.removeprefix(f"{project.root}/")


def _gone(project: Project) -> Iterator[HeadraceError]:
    present = {group.namespace for group in project.groups.values()}
    for name, lock in project.locks.items():
        if name not in present and lock.retired is None:
            file = _short(project, str(lock_path(project.contracts, name)))
            yield HeadraceError("CONTRACT_GONE", file=file, name=name, version=lock.version, owner=lock.owner)


def _problem(project: Project, graph: Graph, group: str) -> Iterator[Problem]:
    try:
        lock = as_locked(project, group)
    except HeadraceError as error:
        yield error
        return
    contract = project.groups[group]
    said = {
        "place": place_of(project, group, "version"),
        "group": group,
        "version": contract.version,
        "locked": lock.version,
    }
    if contract.version < lock.version:
        yield HeadraceError("CONTRACT_VERSION_DOWN", **said)
    elif lock.holds(project.bound(group)):
        if contract.version != lock.version:
            yield HeadraceError("CONTRACT_VERSION_ALONE", **said)
    elif contract.version > lock.version:
        yield HeadraceError("CONTRACT_VERSION_UNLOCKED", **said)
    else:
        yield _broken(project, graph, group, lock)


def _broken(project: Project, graph: Graph, group: str, lock: Lock) -> Broken:
    changes = changes_between(lock.meaning, project.bound(group).meaning)
    below = consumers(project, graph, group, source=any(change.key.startswith("source ") for change in changes))
    lines = [f"    {change.told()}" for change in changes[:MOST_TOLD]]
    lines += [f"    and {len(changes) - MOST_TOLD} more"] if len(changes) > MOST_TOLD else []
    error = HeadraceError(
        "CONTRACT_CHANGED",
        place=_place(project, group, changes[0]),
        group=group,
        version=lock.version,
        owner=project.groups[group].owner,
        changes="\n".join(lines),
        consumers=below.told(),
    )
    return Broken(group, lock, changes, below, error)


def _place(project: Project, group: str, change: Change) -> str:
    """Where the first change stands in the files."""
    names = [feature.name for feature in project.groups[group].features]
    if change.feature in names:
        return place_of(project, group, "features", names.index(change.feature), *([change.key] if change.key else []))
    if change.key.startswith("source "):
        document = project.documents[f"events/{project.groups[group].source}"]
        keys = change.key.partition(": ")[2].split(".")
        return _short(project, document.place(tuple(keys)))
    return place_of(project, group, change.key or "features")

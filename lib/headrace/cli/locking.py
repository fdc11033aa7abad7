"""Commands that write lock entries: each says what it will have changed, and refuses where there is nothing to change."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from headrace.cli.absent import stand_ins
from headrace.cli.choice import Choice, console
from headrace.contracts.changelog import changelog_path, changelog_text
from headrace.contracts.changes import Change, changes_between
from headrace.contracts.fingerprint import SCHEME
from headrace.contracts.lock import Lock, Retired, first_lock, lock_path, lock_text, next_lock, rehashed
from headrace.contracts.version_line import with_version
from headrace.graph.agreed import as_locked, place_of
from headrace.graph.consumers import Consumers, consumers
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.ground.errors import DONE, HeadraceError, nearest

READABLE_FOR = timedelta(days=90)
"""How long an old version is kept where nobody says: as long as tables keep their files (tables/store)."""


@dataclass(frozen=True)
class Bump:
    """What a bump writes for one group, and what is said of it."""

    lock: Lock
    before: Lock
    changes: tuple[Change, ...]
    consumers: Consumers
    files: dict[Path, str]


def lock(choice: Choice, names: tuple[str, ...], why: str, today: date) -> int:
    """Entries for groups that have none.

    Raises:
        HeadraceError: CONTRACT_UNKNOWN, CONTRACT_LOCKED.
    """
    project, _ = _open(choice)
    out = console(markup=False)
    unlocked = [name for name in project.groups if _is_unlocked(project, name)]
    for name in names:
        if name not in project.groups:
            _known(name, project.groups)
        if project.groups.shortest(project.groups[name]) not in unlocked:
            raise HeadraceError("CONTRACT_LOCKED", place=place_of(project, name, "version"), group=name)
    for name in names or unlocked:
        made = first_lock(project.bound(name), today, why)
        _write({lock_path(project.contracts, made.name): lock_text(made)})
        out.print(f"{made.name}: version {made.version} is locked as {made.fingerprint}", soft_wrap=True)
    if not names and not unlocked:
        out.print("Every feature group has its lock entry.")
    return DONE


def bump(
    choice: Choice, names: tuple[str, ...], why: str, today: date, retire_after: date | None, dry_run: bool
) -> int:
    """A new version of each group, its changelog, and the old version kept until the day named.

    Raises:
        HeadraceError: CONTRACT_UNKNOWN, CONTRACT_UNLOCKED, CONTRACT_SAME, CONTRACT_VERSION_DOWN, CONTRACT_VERSION_LINE, LOCK_SCHEME,
            OPTION_INVALID.
    """
    if retire_after is not None and retire_after < today:
        raise HeadraceError("OPTION_INVALID", problem=f"--retire-after {retire_after} is over; today is {today}")
    if not why.strip():
        raise HeadraceError("OPTION_INVALID", problem="--why is empty; the changelog needs a reason")
    project, graph = _open(choice)
    retire = retire_after or today + READABLE_FOR
    bumps = [_bump(project, graph, name, why, today, retire) for name in _asked(project, names)]
    out = console(markup=False)
    for one in bumps:
        for line in _told(one, retire):
            out.print(line, soft_wrap=True)
    if dry_run:
        out.print("Nothing was written.")
        return DONE
    for one in bumps:
        _write(one.files)
    out.print(
        f"Next: commit these files with the contracts; {choice.command('run')} computes the new versions.",
        soft_wrap=True,
    )
    return DONE


def retire(choice: Choice, name: str, why: str, today: date) -> int:
    """Write down that a group whose contract was removed is no more.

    Raises:
        HeadraceError: CONTRACT_UNKNOWN; CONTRACT_PRESENT where the contract is still there.
    """
    project, _ = _open(choice)
    _known(name, project.locks)
    entry = project.locks[name]
    if any(group.namespace == name for group in project.groups.values()):
        raise HeadraceError("CONTRACT_PRESENT", name=name)
    ended = entry.model_copy(update={"retired": Retired(at=today, why=why)})
    _write({lock_path(project.contracts, name): lock_text(ended)})
    console(markup=False).print(f"{name} is retired; its table {entry.history[-1].table} is not made any more.")
    return DONE


def rehash(choice: Choice, dry_run: bool) -> int:
    """Entries of an older scheme in the present one. Nothing is written unless every meaning is proven to be the same.

    Raises:
        HeadraceError: REHASH_REFUSED.
    """
    project, _ = _open(choice)
    groups = {group.namespace: group.namespace for group in project.groups.values()}
    out = console(markup=False)
    moved = {name: rehashed(entry) for name, entry in project.locks.items() if entry.scheme != SCHEME}
    for name, entry in moved.items():
        bound = project.bound(groups[name]) if name in groups else None
        if bound is not None and not entry.holds(bound):
            told = "\n".join(f"    {change.told()}" for change in changes_between(entry.meaning, bound.meaning))
            old = project.locks[name].scheme
            raise HeadraceError("REHASH_REFUSED", name=name, scheme=old, present=SCHEME, changes=told)
    for name, entry in moved.items():
        before = project.locks[name]
        out.print(
            f"{name}: scheme {before.scheme} -> {SCHEME}, {before.fingerprint} -> {entry.fingerprint}; version {entry.version} stays"
        )
    if not moved:
        out.print(f"Every lock entry is of scheme {SCHEME}.")
    elif dry_run:
        out.print("Nothing was written.")
    else:
        _write({lock_path(project.contracts, name): lock_text(entry) for name, entry in moved.items()})
    return DONE


def _open(choice: Choice) -> tuple[Project, Graph]:
    with stand_ins():
        return choice.open()


def _is_unlocked(project: Project, group: str) -> bool:
    entry = project.lock_of(group)
    return entry is None or entry.retired is not None


def _known(name: str, known: Iterable[str]) -> None:
    names = tuple(known)
    if name not in names:
        raise HeadraceError("CONTRACT_UNKNOWN", name=name, hint=nearest(name, names))


def _asked(project: Project, names: tuple[str, ...]) -> Iterator[str]:
    """The groups that are meant: those named, and those over a source that is named."""
    found: dict[str, None] = {}
    for name in names:
        over = [group.namespace for group in project.groups_of(name)] if name in project.sources else []
        if name not in project.groups and not over:
            _known(name, (*project.groups, *project.sources))
        found |= dict.fromkeys([name] if name in project.groups else over)
    return iter(found)


def _bump(project: Project, graph: Graph, name: str, why: str, today: date, retire_after: date) -> Bump:
    contract, bound, before = project.groups[name], project.bound(name), as_locked(project, name)
    place = place_of(project, name, "version")
    if contract.version < before.version:
        raise HeadraceError(
            "CONTRACT_VERSION_DOWN", place=place, group=name, version=contract.version, locked=before.version
        )
    if before.holds(bound):
        raise HeadraceError("CONTRACT_SAME", place=place, group=name, version=before.version)
    changes = changes_between(before.meaning, bound.meaning)
    version = max(before.version + 1, contract.version)
    files = _files(project, name, before, version)
    source_version = bound.source.version
    if project.documents[f"events/{bound.source.source}"].path in files:
        source_version = before.source_version + 1
    after = next_lock(
        before, bound, version, today, why,
        tuple(change.told() for change in changes), any(change.breaking for change in changes), retire_after,
    ).model_copy(update={"source_version": source_version})  # fmt: skip
    files[lock_path(project.contracts, after.name)] = lock_text(after)
    files[changelog_path(project.contracts, after.name)] = changelog_text(after)
    upstream = any(change.key.startswith("source ") for change in changes)
    return Bump(after, before, changes, consumers(project, graph, name, source=upstream), files)


def _files(project: Project, name: str, before: Lock, version: int) -> dict[Path, str]:
    """The contracts with their versions raised: the group's, and that of a source which changed under its version."""
    bound = project.bound(name)
    files: dict[Path, str] = {}
    document = project.documents[f"features/{bound.group.namespace}"]
    if bound.group.version != version:
        files[document.path] = with_version(document, version)
    changed = before.meaning["upstream"] != bound.source.meaning_for_data
    if changed and before.meaning["source"] == bound.source.source and bound.source.version <= before.source_version:
        document = project.documents[f"events/{bound.source.source}"]
        files[document.path] = with_version(document, before.source_version + 1)
    return files


def _told(one: Bump, retire_after: date) -> Iterator[str]:
    after, before = one.lock, one.before
    kind = "breaking" if after.history[-1].breaking else "nothing that was there changes"
    yield f"{after.name}: version {before.version} -> {after.version} ({kind})"
    yield from (f"    {change.told()}" for change in one.changes)
    yield f"  read by: {one.consumers.told()}"
    old, new = before.history[-1].table, after.history[-1].table
    yield f"  version {before.version} stays in {old}, to be read until {retire_after}; version {after.version} will be {new}"
    yield from (f"  {path}" for path in one.files)


def _write(files: dict[Path, str]) -> None:
    for path, text in files.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode("utf-8"))

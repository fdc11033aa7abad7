"""Commands that write lock entries: for new groups, for groups that ended, and in another scheme."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path

from headrace.cli.absent import stand_ins
from headrace.cli.choice import Choice, console
from headrace.contracts.changes import changes_between
from headrace.contracts.fingerprint import SCHEME
from headrace.contracts.lock import Lock, ended, first_lock, lock_path, lock_text, next_lock, next_step, rehashed
from headrace.graph.agreed import place_of
from headrace.graph.catalogs import is_listed
from headrace.graph.consumers import readers_abroad
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.ground.errors import DONE, HeadraceError, nearest


def lock(choice: Choice, names: tuple[str, ...], why: str, today: date) -> int:
    """Entries for groups that have none. One that was retired goes on, with a later version.

    Raises:
        HeadraceError: CONTRACT_UNKNOWN, CONTRACT_LOCKED, CONTRACT_RETURNS, LOCK_UNWRITABLE.
    """
    project, _ = open_declared(choice)
    out = console(markup=False)
    for name in names:
        check_known(name, project.groups)
    unlocked = [name for name in project.groups if _is_unlocked(project, name)]
    asked = [project.groups.shortest(project.groups[name]) for name in names]
    for name in asked:
        if name not in unlocked:
            raise HeadraceError("CONTRACT_LOCKED", place=place_of(project, name, "version"), group=name)
    for name in asked or unlocked:
        made = _entry(project, name, why, today)
        write_files({lock_path(project.contracts, made.name): lock_text(made)})
        out.print(f"{made.name}: version {made.version} is locked as {made.fingerprint}", soft_wrap=True)
    if not asked and not unlocked:
        out.print("Every feature group has its lock entry.")
    return DONE


def retire(choice: Choice, name: str, why: str, today: date, retire_after: date | None = None) -> int:
    """Write down that a group whose contract was removed is no more; its table is to be read until ``retire_after``.

    Raises:
        HeadraceError: CONTRACT_UNKNOWN; CONTRACT_PRESENT where the contract is still there; OPTION_INVALID, LOCK_UNWRITABLE.
    """
    if retire_after is not None and retire_after < today:
        raise HeadraceError("OPTION_INVALID", problem=f"--retire-after {retire_after} is over; today is {today}")
    project, _ = open_declared(choice)
    check_known(name, project.locks)
    entry = project.locks[name]
    if any(group.namespace == name for group in project.groups.values()):
        raise HeadraceError("CONTRACT_PRESENT", name=name)
    until = retire_after or today + project.config.retention.tables
    gone = ended(entry, today, why, until, published=is_listed(project, name))
    write_files({lock_path(project.contracts, name): lock_text(gone)})
    out = console(markup=False)
    table = entry.history[-1].table
    out.print(f"{name} is retired; its table {table} is not made any more, to be read until {until}.", soft_wrap=True)
    for told in readers_abroad(project, name):
        out.print(f"  read in another project: {told}", soft_wrap=True)
    return DONE


def rehash(choice: Choice, dry_run: bool) -> int:
    """Entries of an older scheme in the present one. Nothing is written unless every meaning is proven to be the same.

    Raises:
        HeadraceError: REHASH_REFUSED, LOCK_UNWRITABLE.
    """
    project, _ = open_declared(choice)
    present = {group.namespace for group in project.groups.values()}
    out = console(markup=False)
    moved = {name: rehashed(entry) for name, entry in project.locks.items() if entry.scheme != SCHEME}
    for name, entry in moved.items():
        if name in present and not entry.holds(project.bound(name)):
            changes = changes_between(entry.meaning, project.bound(name).meaning)
            told = "\n".join(f"    {change.told()}" for change in changes)
            old = project.locks[name].scheme
            raise HeadraceError("REHASH_REFUSED", name=name, scheme=old, present=SCHEME, changes=told)
    for name, entry in moved.items():
        before = project.locks[name]
        told = f"scheme {before.scheme} -> {SCHEME}, {before.fingerprint} -> {entry.fingerprint}"
        out.print(f"{name}: {told}; version {entry.version} stays", soft_wrap=True)
    if not moved:
        out.print(f"Every lock entry is of scheme {SCHEME}.")
    elif dry_run:
        out.print("Nothing was written.")
    else:
        write_files({lock_path(project.contracts, name): lock_text(entry) for name, entry in moved.items()})
    return DONE


def open_declared(choice: Choice) -> tuple[Project, Graph]:
    """The project and its graph; what only a run needs may be absent."""
    with stand_ins():
        return choice.open()


def check_known(name: str, known: Iterable[str]) -> None:
    """Refuse a name that is none.

    Raises:
        HeadraceError: CONTRACT_UNKNOWN with the nearest name.
    """
    names = known if isinstance(known, Mapping) else tuple(known)
    if name not in names:
        raise HeadraceError("CONTRACT_UNKNOWN", name=name, hint=nearest(name, names))


def write_files(files: Mapping[Path, str]) -> None:
    """Write contracts and entries, line ends as they are.

    Raises:
        HeadraceError: LOCK_UNWRITABLE.
    """
    for path, text in files.items():
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode("utf-8"))
        except OSError as error:
            raise HeadraceError("LOCK_UNWRITABLE", file=path, problem=error.strerror) from error


def _is_unlocked(project: Project, group: str) -> bool:
    entry = project.lock_of(group)
    return entry is None or entry.retired is not None


def _entry(project: Project, name: str, why: str, today: date) -> Lock:
    bound, before = project.bound(name), project.lock_of(name)
    if before is None:
        return first_lock(bound, today, why)
    version = bound.group.version
    if version <= before.version:
        place = place_of(project, name, "version")
        raise HeadraceError("CONTRACT_RETURNS", place=place, group=name, version=version, locked=before.version)
    changes = changes_between(before.meaning, bound.meaning) if before.scheme == SCHEME else ()
    return next_lock(before, bound, next_step(before, bound, version, today, why, changes), today, bound.source.version)

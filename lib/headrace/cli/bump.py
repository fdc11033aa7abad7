"""A new version of feature groups whose meaning changed: contract, lock entry and changelog, written together or not at all."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from headrace.cli.choice import Choice, console
from headrace.cli.locking import check_known, open_declared, write_files
from headrace.contracts.binding import UPSTREAM
from headrace.contracts.changelog import changelog_path, changelog_text
from headrace.contracts.changes import Change, changes_between
from headrace.contracts.earlier import earlier_files
from headrace.contracts.lock import Lock, lock_path, lock_text, next_lock, next_step
from headrace.contracts.version_line import with_version
from headrace.graph.agreed import as_locked, place_of
from headrace.graph.consumers import Consumers, consumers
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.ground.errors import DONE, HeadraceError


@dataclass(frozen=True)
class Reason:
    """Why a version is raised, on which day, and until when the one before is kept; None where nobody says."""

    why: str
    at: date
    retire_after: date | None

    def until(self, kept: timedelta) -> date:
        """The last day of the version before: where nobody says, it is read for as long as tables keep theirs."""
        return self.retire_after or self.at + kept


@dataclass(frozen=True)
class Bump:
    """What a bump writes for one group, and what is said of it."""

    before: Lock
    after: Lock
    changes: tuple[Change, ...]
    consumers: Consumers
    files: dict[Path, str]
    published: bool = False

    def told(self) -> Iterator[str]:
        """What happens, line by line."""
        old, new = self.after.history[-2:]
        kind = "breaking" if new.breaking else "nothing that was there changes"
        yield f"{self.after.name}: version {old.version} -> {new.version} ({kind})"
        yield from (f"    {change.told()}" for change in self.changes)
        yield f"  read by: {replace(self.consumers, abroad=()).told()}"
        yield from (f"  read in another project: {told}" for told in self.consumers.abroad)
        kept = f"version {old.version} stays in {old.table}, to be read until {old.retire_after}"
        yield f"  {kept}; version {new.version} will be {new.table}"
        yield from (f"  {path}" for path in self.files)


def bump(choice: Choice, names: Iterable[str], reason: Reason, dry_run: bool) -> int:
    """A new version of each group, its changelog, and the old version kept until the day named.

    Raises:
        HeadraceError: CONTRACT_UNKNOWN, CONTRACT_UNLOCKED, CONTRACT_SAME, CONTRACT_VERSION_DOWN, CONTRACT_VERSION_LINE, LOCK_SCHEME,
            LOCK_UNWRITABLE, OPTION_INVALID.
    """
    if reason.retire_after is not None and reason.retire_after < reason.at:
        raise HeadraceError(
            "OPTION_INVALID", problem=f"--retire-after {reason.retire_after} is over; today is {reason.at}"
        )
    if not reason.why.strip():
        raise HeadraceError("OPTION_INVALID", problem="--why is empty; the changelog needs a reason")
    project, graph = open_declared(choice)
    bumps = [_bump(project, graph, name, reason) for name in _asked(project, names)]
    out = console(markup=False)
    for line in (line for one in bumps for line in one.told()):
        out.print(line, soft_wrap=True)
    if dry_run:
        out.print("Nothing was written.")
        return DONE
    write_files({path: text for one in bumps for path, text in one.files.items()})
    if any(one.published for one in bumps) and not isinstance(project.tables_at, Path):
        out.print(f"Who reads them in other projects is not to be seen from here: {project.tables_at}", soft_wrap=True)
    out.print(
        f"Next: commit these files with the contracts; {choice.command('run')} computes the new versions.",
        soft_wrap=True,
    )
    return DONE


def _asked(project: Project, names: Iterable[str]) -> tuple[str, ...]:
    """The groups that are meant, as ``team.group``: those named, and those over a source that is named."""
    found: dict[str, None] = {}
    for name in names:
        over = [group.namespace for group in project.groups_of(name)] if name in project.sources else []
        if name not in project.groups and not over:
            check_known(name, (*project.groups, *project.sources))
        found |= dict.fromkeys([project.groups[name].namespace] if name in project.groups else over)
    return tuple(found)


def _bump(project: Project, graph: Graph, name: str, reason: Reason) -> Bump:
    contract, bound, before = project.groups[name], project.bound(name), as_locked(project, name)
    place = place_of(project, name, "version")
    if contract.version < before.version:
        raise HeadraceError(
            "CONTRACT_VERSION_DOWN", place=place, group=name, version=contract.version, locked=before.version
        )
    if before.holds(bound):
        raise HeadraceError("CONTRACT_SAME", place=place, group=name, version=before.version)
    changes = changes_between(before.meaning, bound.meaning)
    step = next_step(before, bound, max(before.version + 1, contract.version), reason.at, reason.why, changes)
    source_version = _source_version(project, name)
    after = next_lock(before, bound, step, reason.until(project.config.retention.tables), source_version)
    files = {
        **_raised(project, f"features/{name}", contract.version, step.version),
        **_raised(project, f"events/{bound.source.source}", bound.source.version, source_version),
        lock_path(project.contracts, name): lock_text(after),
        **earlier_files(project.contracts, before),
        changelog_path(project.contracts, name): changelog_text(after),
    }
    upstream = any(change.key.startswith("source ") for change in changes)
    return Bump(before, after, changes, consumers(project, graph, name, source=upstream), files, contract.published)


def _source_version(project: Project, name: str) -> int:
    """The version of a group's source: one above that which any entry knows, where the source means something else by now."""
    source = project.bound(name).source
    entries = [project.lock_of(group.namespace) for group in project.groups_of(source.source)]
    known = [one for one in entries if one is not None and one.meaning["source"] == source.source]
    newest = max((one.source_version for one in known), default=0)
    meanings = [one.meaning[UPSTREAM] for one in known if one.source_version == newest]
    if source.version > newest or source.meaning_for_data in meanings:
        return source.version
    return newest + 1


def _raised(project: Project, contract: str, present: int, version: int) -> dict[Path, str]:
    """A contract's file with its version raised; nothing where it says that already."""
    document = project.documents[contract]
    return {} if present == version else {document.path: with_version(document, version)}

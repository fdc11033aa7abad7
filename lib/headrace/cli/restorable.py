"""To what a feature group can be rolled back here, what that would change, and whose models it concerns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from headrace import __version__
from headrace.cli.held import version_of_group
from headrace.contracts.earlier import Earlier
from headrace.contracts.lock import Lock
from headrace.graph.project import Project
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import parse_instant
from headrace.release.registry import Champion
from headrace.release.rollback import Change, restored
from headrace.release.targets import State, at_time, at_version, has_it, states
from headrace.tables.log import log_of
from headrace.tables.upkeep import LAID_ANEW, named
from headrace.tables.versions import version_of

if TYPE_CHECKING:
    from headrace.cli.assembly import Assembly
    from headrace.release.decisions import Decision


@dataclass(frozen=True)
class Asked:
    """What a group is to be rolled back to: a version of its contract, or what its readers had at an instant."""

    version: int | None
    time: str | None

    def __post_init__(self) -> None:
        if (self.version is None) == (self.time is None):
            raise HeadraceError("OPTION_INVALID", problem="give one of --to-version and --to-time")
        if self.time is not None:
            parse_instant(self.time)

    def of(self, known: tuple[State, ...]) -> State | None:
        """The state that is meant; None where there was none."""
        if self.version is not None:
            return at_version(known, self.version)
        return at_time(known, parse_instant(self.time or ""))

    @property
    def told(self) -> str:
        """In words."""
        return f"version {self.version}" if self.time is None else f"what it was at {self.time}"


@dataclass(frozen=True)
class Target:
    """A state that can be had, the version that readers would be given, that which they are given now, and what changes."""

    group: str
    state: State
    version: Earlier
    now: int
    change: Change

    @property
    def told(self) -> Iterator[str]:
        """What a rollback to it does, line by line."""
        yield f"{self.group}: version {self.now} -> {self.state.told}"
        if self.change.to is None:
            yield f"  {self.state.table} has that content: no table is written"
        else:
            yield f"  {self.state.table} gets the content of its version {self.change.to} again; no row is copied"


def known_group(project: Project, name: str) -> str:
    """``team.group`` of the group that is meant.

    Raises:
        HeadraceError: ROLLBACK_RETIRED where its contract is gone, GROUP_UNKNOWN, GROUP_AMBIGUOUS.
    """
    ended = next((lock for lock in project.locks.values() if lock.retired and name in (lock.name, lock.group)), None)
    if name not in project.groups and ended is not None and ended.retired is not None:
        raise HeadraceError("ROLLBACK_RETIRED", group=ended.name, at=ended.retired.at, why_then=ended.retired.why)
    return project.groups.find(name).namespace


def target(parts: Assembly, group: str, asked: Asked, history: tuple[Decision, ...], today: date) -> Target:
    """What is asked for, where it still can be had.

    Raises:
        HeadraceError: ROLLBACK_GONE with what can be had, ROLLBACK_SAME, ROLLBACK_COLUMNS, VERSION_RETIRED,
            VERSION_UNKNOWN, EARLIER_MISSING, LOCK_*.
    """
    project, lock = parts.project, parts.project.locks[group]
    if asked.version is not None and lock.step(asked.version) is None:
        version_of_group(project, group, asked.version)
    known = states(lock, parts.ledger.entries, history)
    state = asked.of(known)
    problem = "it was never made" if state is None else why_gone(parts, lock, state, today)
    if state is None or problem:
        have = _can_be_had(parts, lock, known, today)
        raise HeadraceError("ROLLBACK_GONE", group=group, asked=asked.told, problem=problem, have=have)
    version = version_of_group(project, group, state.version)
    now, declared = parts.holding.version_read(group), project.groups[group]
    commits = [(one.version, one.operation) for one in parts.store.commits(named(state.table))]
    there = has_it(state, commits, restored(history).get(state.table, ()), LAID_ANEW)
    if there and state.version == (now or declared.version):
        raise HeadraceError("ROLLBACK_SAME", group=group, state=state.told)
    check_readers(project, group, version)
    to, identity = None if there else state.number, project.identity(group)
    change = Change(state.table, declared.table, identity, __version__, to, commits[0][0])
    return Target(group, state, version, now or declared.version, change)


def why_gone(parts: Assembly, lock: Lock, state: State, today: date) -> str:
    """Why a state cannot be had any more; empty where it can."""
    step = lock.step(state.version)
    if step is not None and step.retire_after is not None and step.retire_after < today:
        return f"version {state.version} was to be read until {step.retire_after}"
    if not parts.store.exists(named(state.table)):
        return f"{state.table} is gone"
    log = log_of(parts.project.root_of(state.table), state.table)
    return version_of(state.table, state.number, log, datetime.max.replace(tzinfo=UTC)).lost


def _can_be_had(parts: Assembly, lock: Lock, known: tuple[State, ...], today: date) -> str:
    """The states that can be had, the newest of each version and how far back it goes."""
    lines = []
    for step in reversed(lock.history):
        have = [one for one in known if one.version == step.version and not why_gone(parts, lock, one, today)]
        if have:
            lines.append(f"    {have[-1].told}" + (f", and back to {have[0].told}" if len(have) > 1 else ""))
    return "\n".join(lines) or "    nothing"


def check_readers(project: Project, group: str, version: Earlier) -> None:
    """Refuse a version without a column that a model takes.

    Raises:
        HeadraceError: ROLLBACK_COLUMNS.
    """
    for name, model in project.models.items():
        asked = [(one, column) for one, columns in model.features.items() for column in columns]
        asked += [(segment.group, segment.column) for segment in model.segments]
        mine = [column for one, column in asked if _is(project, one, group)]
        absent = [column for column in mine if column not in version.group.columns]
        if absent:
            told = {"group": group, "version": version.group.version, "model": name, "columns": ", ".join(absent)}
            raise HeadraceError("ROLLBACK_COLUMNS", **told)


def champions_apart(parts: Assembly, group: str, identity: str) -> Iterator[str]:
    """The champions that were trained on another version of a group than the one with this identity, in words."""
    for name, model in parts.project.models.items():
        mine = [one for one in model.own_groups if _is(parts.project, one, group)]
        champion = Champion(name)
        if not mine or not parts.champions.exists(champion):
            continue
        serving = parts.champions.serving(name)
        trained = [serving.model.fingerprints.get(one) for one in mine]
        if any(mark not in (None, identity) for mark in trained):
            yield (
                f"  champion of {name}, version {serving.version}, was trained on another version of {group}: it will not "
                f"score until the next run has trained anew, or `headrace rollback model {name}`"
            )


def _is(project: Project, reference: str, group: str) -> bool:
    return reference in project.groups and project.groups[reference].namespace == group

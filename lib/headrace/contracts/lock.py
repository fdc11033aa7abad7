"""Lock entries: what a feature group was agreed to mean, a file each in ``lock/`` beside the contracts.

An entry keeps the meaning itself and not only its fingerprint: so a change can be told in words, an older canonical
form can be restated, and the group as it was can be computed again. headrace writes the files; people review them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import yaml
from pydantic import Field

from headrace.contracts.binding import Bound
from headrace.contracts.changes import Change
from headrace.contracts.fingerprint import SCHEME, data_fingerprint
from headrace.contracts.names import Name
from headrace.contracts.nodes import check_notations
from headrace.contracts.schemes import restated
from headrace.ground.document import Strict, read_document, validate
from headrace.ground.errors import HeadraceError

FOLDER = "lock"
FORMAT_VERSION = 1
_HEAD = "# Written by `headrace contract`, not by hand; reviewed like code. What it is for: docs/guides/contracts.md\n"


class Step(Strict):
    """One version of a group: since when, why, what changed in it, and the table that holds its rows.

    ``fingerprint`` is the identity that its tables, models and stamps carry; a new scheme does not change it.
    ``retire_after`` is the last day on which it is to be read, once another version follows it.
    """

    version: int = Field(ge=1)
    at: date
    why: str = Field(min_length=1)
    fingerprint: str
    table: str = Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")
    breaking: bool = False
    changes: tuple[str, ...] = ()
    retire_after: date | None = None


class Retired(Strict):
    """Since when, and why, a group is no more."""

    at: date
    why: str = Field(min_length=1)
    published: Literal[True] | None = None
    """Whether the catalog of published groups has it, and is to say that it ended."""


class Lock(Strict):
    """The entry of one group: the version that holds, its meaning in the scheme's canonical form, all versions so far.

    ``source_version`` is that of the event contract when the group was locked.
    """

    format_version: Literal[1] = 1
    team: Name
    group: Name
    owner: str
    version: int = Field(ge=1)
    scheme: int = Field(ge=1)
    fingerprint: str
    history: tuple[Step, ...] = Field(min_length=1)
    retired: Retired | None = None
    source_version: int = Field(ge=1)
    meaning: dict[str, Any]

    @property
    def name(self) -> str:
        """``team.group``: the entry's name, and that of its file."""
        return f"{self.team}.{self.group}"

    @property
    def identity(self) -> str:
        """What tables, models and stamps of the version that holds carry."""
        return self.history[-1].fingerprint

    @property
    def sound(self) -> bool:
        """Whether fingerprint, meaning and history belong together: nobody wrote into the file by hand."""
        one = data_fingerprint(self.meaning, self.scheme) == self.fingerprint
        return one and self.history[-1].version == self.version and self.meaning["group"] == [self.team, self.group]

    def step(self, version: int) -> Step | None:
        """A version of the group; None where there was none of this number."""
        return next((step for step in self.history if step.version == version), None)

    def holds(self, bound: Bound) -> bool:
        """Whether the contract means what was agreed, in the present scheme."""
        return self.fingerprint == bound.fingerprint

    def kept(self, today: date) -> tuple[Step, ...]:
        """The earlier versions whose tables are still to be read."""
        return tuple(step for step in self.history[:-1] if step.retire_after is None or step.retire_after >= today)


def first_lock(bound: Bound, at: date, why: str) -> Lock:
    """The entry of a group that had none: whatever its version, its table is the one that it always had."""
    group = bound.group
    step = Step(version=group.version, at=at, why=why, fingerprint=bound.fingerprint, table=group.table)
    return _entry(bound, (step,), bound.source.version)


def next_step(lock: Lock, bound: Bound, version: int, at: date, why: str, changes: Iterable[Change]) -> Step:
    """A new version of a group, in a table of its own."""
    known = tuple(changes)
    return Step(
        version=version,
        at=at,
        why=why,
        fingerprint=bound.fingerprint,
        table=f"{lock.history[0].table}_v{version}",
        breaking=any(change.breaking for change in known),
        changes=tuple(change.told() for change in known),
    )


def next_lock(lock: Lock, bound: Bound, step: Step, retire_after: date, source_version: int) -> Lock:
    """The entry once a group has a new version; the one before is kept until ``retire_after``."""
    before = lock.history[-1].model_copy(update={"retire_after": retire_after})
    return _entry(bound, (*lock.history[:-1], before, step), source_version)


def ended(lock: Lock, at: date, why: str, retire_after: date, published: bool) -> Lock:
    """The entry of a group that is no more; its last version is to be read until ``retire_after``."""
    last = lock.history[-1].model_copy(update={"retire_after": retire_after})
    retired = Retired(at=at, why=why, published=True if published else None)
    return lock.model_copy(update={"retired": retired, "history": (*lock.history[:-1], last)})


def rehashed(lock: Lock) -> Lock:
    """The entry restated in the present scheme; versions, and the identity that tables carry, stay."""
    meaning = restated(lock.meaning, lock.scheme)
    said = {"scheme": SCHEME, "meaning": meaning, "fingerprint": data_fingerprint(meaning)}
    return lock.model_copy(update=said)


def _entry(bound: Bound, history: tuple[Step, ...], source_version: int) -> Lock:
    group = bound.group
    return Lock(
        team=group.team,
        group=group.group,
        owner=group.owner,
        version=history[-1].version,
        scheme=SCHEME,
        fingerprint=bound.fingerprint,
        history=history,
        source_version=source_version,
        meaning=bound.meaning,
    )


def read_locks(contracts: Path) -> Mapping[str, Lock]:
    """The lock entries in a folder of contracts, by ``team.group``.

    Raises:
        HeadraceError: DOCUMENT_*, LOCK_BROKEN, LOCK_NEWER.
    """
    found = {}
    for path in sorted((contracts / FOLDER).glob("*.yaml")):
        lock = read_lock(path)
        found[lock.name] = lock
    return MappingProxyType(found)


def read_lock(path: Path, called: str | None = None) -> Lock:
    """One entry, in a file of its name, or ``called`` otherwise."""
    document = read_document(path)
    newest = {"scheme": SCHEME, "format_version": FORMAT_VERSION}
    for key, known in newest.items():
        given = document.values.get(key)
        if isinstance(given, int) and given > known:
            raise HeadraceError("LOCK_NEWER", place=document.place((key,)), key=key, found=given, known=known)
    lock = validate(document, Lock)
    if path.stem != (called or lock.name) or not _is_sound(lock):
        raise HeadraceError("LOCK_BROKEN", place=document.place(("fingerprint",)), name=lock.name)
    return lock


def _is_sound(lock: Lock) -> bool:
    """Whether headrace could have written the entry: also that its expressions are some that a contract may hold."""
    try:
        check_notations(restated(lock.meaning, lock.scheme))
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return False
    return lock.sound


def lock_path(contracts: Path, name: str) -> Path:
    """The file of an entry."""
    return contracts / FOLDER / f"{name}.yaml"


def write_lock(contracts: Path, lock: Lock) -> Path:
    """Write an entry; equal entries give equal bytes."""
    path = lock_path(contracts, lock.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(lock_text(lock), encoding="utf-8")
    return path


def lock_text(lock: Lock) -> str:
    """The entry as YAML: a line a feature's key, so that a review sees what moved."""
    values = lock.model_dump(mode="json", exclude_none=True)
    values["history"] = [_told(step) for step in values["history"]]
    return _HEAD + yaml.safe_dump(values, sort_keys=False, allow_unicode=True, width=4096, default_flow_style=None)


def _told(step: dict[str, Any]) -> dict[str, Any]:
    """A step without what is not so: a first version has no changes, and breaks nothing."""
    return {key: value for key, value in step.items() if value not in (False, [], None)}

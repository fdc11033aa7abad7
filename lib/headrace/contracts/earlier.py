"""Earlier versions of feature groups as they were agreed: each the lock entry that held until a bump, a file in ``lock/earlier/``.

So that a group can be read as an earlier version meant it: its columns, their null rules, the fingerprint that its
models carry. headrace writes the files with a bump; people review them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from headrace.contracts.binding import Bound
from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.contracts.lock import FOLDER, Lock, Step, lock_text, read_lock, rehashed
from headrace.contracts.restore import restored
from headrace.ground.errors import HeadraceError

EARLIER = "earlier"


@dataclass(frozen=True)
class Earlier:
    """A version of a group as its readers are given it, and the identity of its values."""

    group: FeatureGroup
    identity: str


def earlier_path(contracts: Path, name: str, version: int) -> Path:
    """The file of an earlier version."""
    return contracts / FOLDER / EARLIER / f"{name}@{version}.yaml"


def earlier_files(contracts: Path, before: Lock) -> dict[Path, str]:
    """What a bump writes so that the version before it can be understood later."""
    return {earlier_path(contracts, before.name, before.version): lock_text(before)}


def read_earlier(contracts: Path, lock: Lock, step: Step, present: FeatureGroup) -> Earlier:
    """A version of a group as it was agreed; the contract itself for the version that holds.

    Raises:
        HeadraceError: EARLIER_MISSING where its meaning was not kept; LOCK_BROKEN, LOCK_NEWER, DOCUMENT_*.
    """
    if step.version == lock.version:
        return Earlier(present, lock.identity)
    path = earlier_path(contracts, lock.name, step.version)
    if not path.is_file():
        raise HeadraceError("EARLIER_MISSING", group=lock.name, version=step.version, file=path)
    found = _agreed(path, step)
    return Earlier(restored(found).group, found.identity)


def _agreed(path: Path, step: Step) -> Lock:
    """The entry that a version had while it held."""
    found = read_lock(path, path.stem)
    if (f"{found.name}@{found.version}", found.identity) != (path.stem, step.fingerprint):
        raise HeadraceError("LOCK_BROKEN", place=f"{path}:1", name=path.stem)
    return found


def still_made(
    contracts: Path, lock: Lock, sources: Mapping[str, EventContract], present: FeatureGroup, today: date
) -> Iterator[Earlier]:
    """The earlier versions that get snapshots beside the present one: each until the last day on which it is to be read.

    Not one whose meaning was not kept, nor one whose source means something else by now: it could not be made as agreed.

    Raises:
        HeadraceError: LOCK_BROKEN, LOCK_NEWER, DOCUMENT_*.
    """
    for step in lock.kept(today):
        path = earlier_path(contracts, lock.name, step.version)
        if step.table == present.table or not path.is_file():
            continue
        found = _agreed(path, step)
        group = restored(found).group
        source = sources.get(group.source)
        if source is not None and Bound(group, source).fingerprint == rehashed(found).fingerprint:
            until = f" until {step.retire_after}" if step.retire_after is not None else ""
            purpose = f"Version {step.version} of {lock.name}, made beside version {lock.version}{until}."
            yield Earlier(group.model_copy(update={"purpose": purpose}), found.identity)

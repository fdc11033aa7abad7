"""The versions of a feature: since when each holds, why it came, and what of it concerns this feature.

They are read from the lock entry of its group, which keeps what was agreed; and where the contract has been changed
since, that is the first of them, not agreed to yet.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date
from typing import Literal

from headrace.contracts.changes import changes_between
from headrace.contracts.features import Feature, FeatureGroup
from headrace.contracts.fingerprint import SCHEME
from headrace.contracts.lock import Lock
from headrace.features.derivation import ancestry
from headrace.graph.project import Project

State = Literal["not agreed", "holds", "made", "kept", "gone"]
_ALL = "every feature"


@dataclass(frozen=True)
class Version:
    """A version of a feature's group, as it concerns the feature.

    ``changes`` are in the words of contracts, () where the feature kept its meaning; those of what it is derived from
    are among them. ``state``: whether it is not agreed to yet (``at`` is None then), holds, is still made beside the one
    that holds and read until ``until``, is only kept until then, or is gone.
    """

    number: int
    at: date | None
    why: str
    changes: tuple[str, ...]
    table: str
    state: State
    until: date | None = None
    first: bool = False

    @property
    def told(self) -> str:
        """Since when, and what has become of it, in a line."""
        since = f"since {self.at}" if self.at is not None else "in the contract"
        last = f" until {self.until}" if self.until is not None else ""
        what = {
            "not agreed": "not agreed to yet: `headrace contract check`",
            "holds": "holds",
            "made": f"still made{last}",
            "kept": f"made no more; its table is kept{last}",
            "gone": f"its table was kept{last}",
        }[self.state]
        return f"{since}, {what}"

    @property
    def changed(self) -> tuple[str, ...]:
        """What changed with it, a line each; never empty."""
        if self.changes:
            return self.changes
        return ("the first that was agreed" if self.first else "no change of this feature",)


def versions_of(feature: Feature, group: FeatureGroup, project: Project, kept: Collection[str]) -> tuple[Version, ...]:
    """The versions of a feature's group, the newest first; ``kept`` are the tables that are still there to be read."""
    lock = project.lock_of(group.namespace)
    concerned = {one.name for one in ancestry(feature, group)} | {_ALL}
    made = {one.group.table for one in project.kept}
    agreed = reversed(list(_agreed(lock, concerned, kept, made))) if lock is not None else ()
    return (*_proposed(group, project, lock, concerned), *agreed)


def _agreed(lock: Lock, concerned: set[str], kept: Collection[str], made: Collection[str]) -> Iterator[Version]:
    for step in lock.history:
        last = step is lock.history[-1] and lock.retired is None
        yield Version(
            number=step.version,
            at=step.at,
            why=" ".join(step.why.split()),
            changes=tuple(change for change in step.changes if _concerns(change, concerned)),
            table=step.table,
            state="holds" if last else "made" if step.table in made else "kept" if step.table in kept else "gone",
            until=step.retire_after,
            first=step is lock.history[0],
        )


def _proposed(group: FeatureGroup, project: Project, lock: Lock | None, concerned: set[str]) -> Iterator[Version]:
    """What the contract says now, where that is not what was agreed."""
    bound = project.bound(group.namespace)
    held = lock if lock is not None and lock.retired is None else None
    if held is not None and held.holds(bound):
        return
    found = changes_between(held.meaning, bound.meaning) if held is not None and held.scheme == SCHEME else ()
    changes = tuple(change.told() for change in found if (change.feature or _ALL) in concerned)
    yield Version(group.version, None, "", changes, group.table, "not agreed", first=held is None)


def _concerns(change: str, concerned: set[str]) -> bool:
    """Whether a change, as lock entries tell it (``feature.key: old -> new``), is about one of the features."""
    return change.partition(":")[0].partition(".")[0] in concerned

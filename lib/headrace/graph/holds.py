"""What a rollback of features holds, and what a table that was rolled back has in it. Values; no Spark.

A job's ledger entry says with which stamp an interval was done, and which version of each output that left. A table that
was restored has the intervals of an earlier version of itself: so its content is replayed from both.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from headrace.graph.ledger import Entry
from headrace.ground.asset import Asset
from headrace.ground.interval import Interval
from headrace.tables.spec import Table

Content = Mapping[Interval, str]
"""The intervals that a table has, each with the stamp of what made it."""


@dataclass(frozen=True)
class Hold:
    """What rollback ``number`` restored: readers of ``group`` see ``version``, which ``table`` has.

    ``declared`` is the table of the version that the contract says; neither is written while the hold lasts.
    ``release``: of a rollback of a whole run, the release that it went back to; ``group`` is then the table's name.
    """

    number: int
    group: str
    version: int
    table: str
    declared: str
    release: str = ""

    @property
    def told(self) -> str:
        """What a plan says of it."""
        return f"{self.group} held by rollback {self.number}"


@dataclass(frozen=True)
class Restored:
    """A commit ``version`` of a table, made at an instant, that gave it the content of its version ``to`` again."""

    version: int
    to: int
    at: datetime


@dataclass(frozen=True)
class Holding:
    """The holds that last, and every table that a rollback ever concerned: how it was restored, and what it has."""

    holds: tuple[Hold, ...] = ()
    restored: Mapping[str, tuple[Restored, ...]] = field(default_factory=dict)
    contents: Mapping[str, Content] = field(default_factory=dict)

    def after(self, entries: Sequence[Entry]) -> Holding:
        """The same with what the tables have once these entries are written down."""
        if not self.restored:
            return self
        return replace(self, contents={table: content(table, entries, again) for table, again in self.restored.items()})

    def of_output(self, asset: Asset) -> Hold | None:
        """The hold that keeps a job from writing a table."""
        return next((hold for hold in self.holds if asset.name in (hold.table, hold.declared)), None)

    def of_all(self, outputs: Iterable[Asset]) -> bool:
        """Whether nothing is left of a job that it may write."""
        return all(self.of_output(asset) is not None for asset in outputs)

    def of_input(self, asset: Asset) -> Hold | None:
        """The hold on what a reader of a table's rows is given."""
        rows = isinstance(asset, Table)
        return next((hold for hold in self.holds if rows and asset.name == hold.table), None)

    def version_read(self, group: str) -> int | None:
        """The version of a group that its readers are given; None where that is the one that its contract says."""
        return next((hold.version for hold in self.holds if hold.group == group and not hold.release), None)

    def content(self, asset: Asset, done: Mapping[Interval, Entry]) -> Content:
        """What a table has: as the entries of its maker say, where no rollback ever concerned it."""
        known = self.contents.get(asset.name)
        return known if known is not None else {interval: entry.stamp for interval, entry in done.items()}

    def behind(self, outputs: Iterable[Asset], interval: Interval, stamp: str | None) -> str | None:
        """The first output that has an interval otherwise than its job's entry says, for a rollback that is over."""
        for asset in outputs:
            known = self.contents.get(asset.name)
            if known is not None and self.of_output(asset) is None and known.get(interval) != stamp:
                return asset.name
        return None

    def noted(self, outputs: Iterable[Asset]) -> str:
        """What is left out of a job's outputs; empty where nothing is."""
        found = dict.fromkeys(hold.told for hold in map(self.of_output, outputs) if hold is not None)
        return ", ".join(found)


def written(table: str, entries: Iterable[Entry]) -> tuple[tuple[int, Entry], ...]:
    """The versions that a table's jobs left, each with the entry of an interval that it is for, the oldest first."""
    found = [(int(entry.outputs[table]), entry) for entry in entries if entry.outputs.get(table, "").isdigit()]
    return tuple(sorted(found, key=lambda pair: (pair[0], pair[1].at)))


def content(table: str, entries: Sequence[Entry], restored: Sequence[Restored], version: int | None = None) -> Content:
    """What a table has at a version, or at the latest: the entries since it was last restored, over what that gave it."""
    until = [one for one in restored if version is None or one.version <= version]
    last = max(until, key=lambda one: one.version, default=None)
    found = dict(content(table, entries, until, last.to)) if last is not None else {}
    for number, entry in written(table, entries):
        since = last is None or (number, entry.at) > (last.version, last.at)
        if since and (version is None or number <= version):
            found[entry.interval] = entry.stamp
    return found

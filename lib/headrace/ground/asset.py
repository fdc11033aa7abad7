"""Assets: what jobs make and read. A sink reads and commits one kind of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

from headrace.ground.interval import Interval


class Asset(Protocol):
    """Anything that a job makes or reads: a table, a landing zone, a candidate, a champion, a page."""

    @property
    def name(self) -> str:
        """Unique in the graph."""
        ...


@dataclass(frozen=True)
class At:
    """When and for whom a job runs: the only source of time, ids and randomness in a job."""

    interval: Interval
    run_id: str
    now: datetime
    seed: int
    spark: Any = None
    cores: int = 1
    hold: Callable[[Any], Any] = lambda frame: frame
    """Marks a frame that several outputs share: computed once, let go after the commit."""
    warn: Callable[[str], None] = lambda text: None
    """Tells whoever looks on of something that is no error."""
    before: Callable[[Any], Any] = lambda _: None
    """What earlier intervals left of one of the job's own outputs; None where there is nothing yet."""
    carries_on: bool = False
    """Whether the interval just before is done, of inputs as they are now: what it left can be carried on."""
    made_without: frozenset[str] = frozenset()
    """Contracts, as ``Job.contracts`` calls them, that part of a history that the job reads was made without."""

    @property
    def start(self) -> datetime:
        """Start of the interval, inclusive."""
        return self.interval.start

    @property
    def end(self) -> datetime:
        """End of the interval, exclusive."""
        return self.interval.end


@dataclass(frozen=True)
class Receipt:
    """What a commit of one output left behind."""

    version: str
    rows: int | None = None
    note: Mapping[str, Any] = field(default_factory=dict)


@runtime_checkable
class Pinning(Protocol):
    """A sink of what others write: throughout one command it reads one version of each asset."""

    def pinned_version(self, asset: Any) -> str:
        """That version, as a commit made from the asset names it."""
        ...


class Sink(Protocol):
    """Where one kind of asset is read from and committed to. Committing the same value twice changes nothing."""

    def exists(self, asset: Any) -> bool:
        """Whether there is something to read."""
        ...

    def read(self, asset: Any, at: At) -> Any:
        """The asset's present value."""
        ...

    def commit(self, asset: Any, value: Any, at: At, identity: Mapping[str, str]) -> Receipt:
        """Make ``value`` the asset's value over ``at.interval``; ``identity`` goes into the commit's metadata."""
        ...

"""A job: a pure function from inputs over an interval to outputs, and the assets that join jobs into a graph."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from headrace.graph.timetable import Timetable
from headrace.ground.asset import Asset, At, Receipt, Sink
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval

__all__ = [
    "Asset", "At", "Each", "Inputs", "Job", "Latest", "Once", "Receipt", "Refusal", "Sink", "asset_key", "fallback_of",
]  # fmt: skip

if TYPE_CHECKING:
    from headrace.graph.project import Project


@dataclass(frozen=True)
class Each(Timetable):
    """The job is done for each interval: ``Each(HOUR)``, ``Each(DAY, "Europe/London")``, ``Each(WEEK, begins="monday")``."""


@dataclass(frozen=True)
class Latest(Timetable):
    """The job is done for the last interval in the run, and not for those before."""


@dataclass(frozen=True)
class Once:
    """The job is done once, over a span of its own (a contract's cutoffs, the demo's year).

    ``what``: what is over with the span, in words, where that is not the span itself.
    """

    span: Interval
    what: str = field(default="", compare=False)


class Inputs:
    """A job's inputs by name, read when first asked for: ``inputs.tiles`` or ``inputs["tiles"]``."""

    def __init__(self, read: Callable[[str], Any]) -> None:
        self._read = read

    def __getattr__(self, name: str) -> Any:
        return self._read(name)

    def __getitem__(self, name: str) -> Any:
        return self._read(name)


Run = Callable[[Inputs, At, "Project"], Any]


@dataclass(frozen=True)
class Job:
    """One node of the graph.

    ``run`` returns a mapping from output to value, or the value itself where there is one output, or a ``Refusal``.
    ``fingerprint`` identifies everything besides the inputs that shapes the outputs; ``contracts`` are those among it,
    with their versions (``origin.versions``): by them a plan says what has changed. An interval depends on the same
    time of its inputs, and on all earlier time of those named in ``history``; ``lag`` is how far back it reads its own
    output. ``begun``: inputs that are tables of groups, each with the contract that all which is read of it must have been
    made with (``unbegun``). A job that ``requires`` classic Spark names what it does instead on Spark Connect as its ``fallback``; with
    none it is refused there. What takes longer than ``timeout``, or than the configuration's where it is None, is cancelled.
    """

    name: str
    run: Run
    inputs: Mapping[str, Asset]
    outputs: tuple[Asset, ...]
    every: Each | Latest | Once = field(default_factory=Each)
    fingerprint: str = ""
    contracts: Mapping[str, int] = field(default_factory=dict)
    history: tuple[str, ...] = ()
    begun: Mapping[str, str] = field(default_factory=dict)
    lag: timedelta = timedelta(0)
    exclusive: bool = False
    requires: Literal["classic"] | None = None
    fallback: str = ""
    tags: tuple[str, ...] = ()
    timeout: timedelta | None = None

    @property
    def meaning(self) -> str:
        """The first line of the docstring of ``run`` (of what is inside where it is a partial)."""
        inner = getattr(self.run, "func", self.run)
        return (inner.__doc__ or "").strip().partition("\n")[0]


@dataclass(frozen=True)
class Refusal:
    """A job's answer that what it was given may not pass; what was published before stays."""

    reason: str
    evidence: Mapping[str, Any] = field(default_factory=dict)
    withheld: HeadraceError | None = None
    """Of rows that are not as expected: nobody may go on with what was before, and the next run tries again."""


def asset_key(asset: Asset) -> str:
    """The asset's name, with the part of the table that it stands for."""
    part = getattr(asset, "part", None)
    return asset.name if part is None else f"{asset.name}[{part[1]}]"


def fallback_of(job: Job, classic: bool) -> str:
    """What the job does instead of what it needs classic Spark for; empty where it does all that it says.

    Raises:
        HeadraceError: NEEDS_CLASSIC where there is nothing that it could do instead.
    """
    if classic or job.requires != "classic":
        return ""
    if not job.fallback:
        raise HeadraceError("NEEDS_CLASSIC", job=job.name)
    return f"Spark Connect: {job.fallback}"

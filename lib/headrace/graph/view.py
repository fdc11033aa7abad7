"""What planning looks at: graph, ledger, the outside, and the time asked for; and which intervals lie in that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from headrace.graph.holds import Holding
from headrace.graph.job import Asset, Job, Latest, Once
from headrace.graph.ledger import Ledger
from headrace.graph.lint import Graph
from headrace.ground.interval import Interval

Observe = Callable[[Asset, Interval], str | None]
"""The identity of what lies outside the ledger (landing folders) over an interval; None for an asset that is inside."""
Reach = Callable[[Asset, Interval], str | None]
"""How far what others make reaches, in words, where that is not to the end of the interval; None where it does."""
Version = Callable[[Asset], str | None]
"""The version at which an asset stands: ``none`` where it is not there, None where that is not to be seen from here."""
Pending = Mapping[str, Mapping[Interval, str | None]]
"""The intervals of each job that are about to be made, with the stamps that they will have."""


@dataclass(frozen=True)
class View:
    """What planning looks at: graph, ledger, the outside, the time asked for, and what is about to be made."""

    graph: Graph
    ledger: Ledger
    observe: Observe
    asked: Interval
    project_start: datetime
    pending: Pending = field(default_factory=dict)
    forced: frozenset[str] = frozenset()
    makers: Mapping[str, Job] = field(default_factory=dict)
    reach: Reach = lambda asset, interval: None
    holding: Holding = field(default_factory=Holding)
    version: Version = lambda asset: None


def view(
    graph: Graph,
    ledger: Ledger,
    observe: Observe,
    asked: Interval,
    start: datetime,
    forced: Iterable[str] = (),
    reach: Reach = lambda asset, interval: None,
    holding: Holding | None = None,
    version: Version = lambda asset: None,
) -> View:
    """A view with nothing pending. What a hold gives readers has the maker of the version that the contract says."""
    held = holding or Holding()
    makers = {output.name: job for job in graph for output in job.outputs}
    makers |= {hold.table: makers[hold.declared] for hold in held.holds if hold.declared in makers}
    return View(graph, ledger, observe, asked, start, {}, frozenset(forced), makers, reach, held, version)


def intervals_of(job: Job, seen: View) -> tuple[Interval, ...]:
    """The intervals of a job in the time asked for. Cut from the project's start, so that weeks fall on the same days."""
    if isinstance(job.every, Once):
        return (job.every.span,) if job.every.span.end <= seen.asked.end else ()
    whole = Interval(seen.project_start, seen.asked.end)
    pieces = tuple(piece for piece in whole.cut(job.every.length) if piece.start >= seen.asked.start)
    return pieces[-1:] if isinstance(job.every, Latest) else pieces


def made_anew(asset: Asset, maker: Job, seen: View) -> Mapping[Interval, str | None]:
    """The intervals of an input that are about to be made; of one that is held, none is."""
    return {} if seen.holding.of_input(asset) is not None else seen.pending.get(maker.name, {})


def needed(job: Job, name: str, maker: Job, interval: Interval, seen: View) -> tuple[Interval, ...]:
    """The maker's intervals that an interval of ``job`` reads."""
    if isinstance(maker.every, Once):
        return (maker.every.span,)
    start = seen.project_start if name in job.history else interval.start
    if isinstance(maker.every, Latest):
        known = seen.ledger.settled(maker.name).keys() | seen.pending.get(maker.name, {}).keys()
        done = [piece for piece in known if piece.end <= interval.end]
        return (
            tuple(sorted(done)[-1:]) or tuple(Interval(seen.project_start, interval.end).cut(maker.every.length))[-1:]
        )
    pieces = Interval(seen.project_start, interval.end).cut(maker.every.length)
    return tuple(piece for piece in pieces if piece.end > start)

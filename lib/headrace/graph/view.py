"""What planning looks at: graph, ledger, the outside, and the time asked for; and which intervals lie in that."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import takewhile

from headrace.graph.holds import Holding
from headrace.graph.job import Asset, Each, Job, Latest, Once
from headrace.graph.ledger import Ledger
from headrace.graph.lint import Graph
from headrace.graph.timetable import Timetable
from headrace.ground.interval import MICROSECOND, Interval

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
    by_calendar: frozenset[str] = frozenset()
    """The jobs whose intervals a calendar lays (``graph.timetable``), and all below them."""


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
    laid = _by_calendar(graph, makers)
    return View(graph, ledger, observe, asked, start, {}, frozenset(forced), makers, reach, held, version, laid)


def _by_calendar(graph: Graph, makers: Mapping[str, Job]) -> frozenset[str]:
    above = {job.name: {makers[one.name].name for one in job.inputs.values() if one.name in makers} for job in graph}
    found = {job.name for job in graph if not isinstance(job.every, Once) and job.every.calendar}
    while found and (more := {name for name, makes in above.items() if makes & found} - found):
        found |= more
    return frozenset(found)


def intervals_of(job: Job, seen: View) -> tuple[Interval, ...]:
    """The intervals of a job in the time asked for, cut from the project's start whatever is asked for; of ``Latest`` the last."""
    if isinstance(job.every, Once):
        return (job.every.span,) if over(job, job.every.span, seen) <= seen.asked.end else ()
    found = tuple(takewhile(lambda piece: over(job, piece, seen) <= seen.asked.end, from_asked(job, job.every, seen)))
    return found[-1:] if isinstance(job.every, Latest) else found


def from_asked(job: Job, every: Timetable, seen: View) -> Iterator[Interval]:
    """The intervals of a job from the start of the time asked for on, without end.

    An interval counted from the project's start belongs to the time asked for in which it lies. What a calendar lays, and
    what reads that, is cut by any other time's edges: it belongs to the time in which it is ``over``. So what is asked for
    piece after piece is done once, whatever the pieces.
    """
    asked, start = seen.asked.start, seen.project_start
    if job.name not in seen.by_calendar:
        return (piece for piece in every.since(start, asked) if piece.start >= asked)
    ended = tuple(every.cut(Interval(start, asked))) if asked > start else ()
    first = bisect_right(ended, asked, key=lambda piece: over(job, piece, seen))
    pieces = every.since(start, ended[first].start if first < len(ended) else asked)
    return (piece for piece in pieces if piece.start >= asked or every.calendar or over(job, piece, seen) > piece.end)


def over(
    job: Job, interval: Interval, seen: View, known: dict[tuple[str, Interval], datetime] | None = None
) -> datetime:
    """When an interval is over, with all that it reads of other jobs: it can be done from then on, and is not due before.

    That is its end, except where it reads intervals that reach beyond it: a day of Tokyo reads two days of UTC.
    """
    if job.name not in seen.by_calendar:
        return interval.end
    known = {} if known is None else known
    if (job.name, interval) not in known:
        read = ((maker, _last_read(job, maker, interval, seen)) for maker in _makers(job, seen))
        ends = [over(maker, piece, seen, known) for maker, piece in read if piece is not None]
        known[job.name, interval] = max([interval.end, *ends])
    return known[job.name, interval]


def _makers(job: Job, seen: View) -> Iterator[Job]:
    return (seen.makers[asset.name] for asset in job.inputs.values() if asset.name in seen.makers)


def _last_read(job: Job, maker: Job, interval: Interval, seen: View) -> Interval | None:
    """The last of the maker's intervals that an interval reads, of those that go on and on."""
    if isinstance(maker.every, Once):
        return None
    if isinstance(maker.every, Each) and _covers(job, maker.every):
        piece = next(maker.every.since(seen.project_start, interval.end - MICROSECOND))
        return piece if piece.start < interval.end else None
    return maker.every.until(seen.project_start, interval.end)


def _covers(job: Job, made: Timetable) -> bool:
    """Whether a job reads all intervals that its own touch, though they reach beyond; else those that are over by its end.

    So it is between two grids of which a calendar lays one, unless the intervals made are the longer ones.
    """
    if isinstance(job.every, Once):
        return made.calendar and made.length <= job.every.span.end - job.every.span.start
    return (made.calendar or job.every.calendar) and made.length <= job.every.length


def made_anew(asset: Asset, maker: Job, seen: View) -> Mapping[Interval, str | None]:
    """The intervals of an input that are about to be made; of one that is held, none is."""
    return {} if seen.holding.of_input(asset) is not None else seen.pending.get(maker.name, {})


def needed(job: Job, name: str, maker: Job, interval: Interval, seen: View) -> tuple[Interval, ...]:
    """The maker's intervals that an interval of ``job`` reads."""
    if isinstance(maker.every, Once):
        return (maker.every.span,)
    if isinstance(maker.every, Latest):
        known = seen.ledger.settled(maker.name).keys() | seen.pending.get(maker.name, {}).keys()
        done = sorted(piece for piece in known if piece.end <= interval.end)
        last = done[-1] if done else maker.every.until(seen.project_start, interval.end)
        return () if last is None else (last,)
    pieces = maker.every.since(seen.project_start, seen.project_start if name in job.history else interval.start)
    if _covers(job, maker.every):
        return tuple(takewhile(lambda piece: piece.start < interval.end, pieces))
    return tuple(takewhile(lambda piece: piece.end <= interval.end, pieces))

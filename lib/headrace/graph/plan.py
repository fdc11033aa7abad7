"""The plan: which intervals of which jobs are due, and why. A pure function of graph, ledger and what has landed.

A job's interval has a *stamp*: a hash of the job's own fingerprint and of the stamps of everything that it reads. It is
done when the ledger holds the same stamp for it. So a plan knows the stamps that a run will write, and with them what
is below: a table that is made anew from the same inputs has the same stamp, and leaves everything below it up to date.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from headrace.graph.holds import Holding
from headrace.graph.job import Asset, Each, Job, Latest, Once
from headrace.graph.ledger import Entry, Ledger
from headrace.graph.lint import Graph, upstream
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval, merge_adjacent

Observe = Callable[[Asset, Interval], str | None]
"""The identity of what lies outside the ledger (landing folders) over an interval; None for an asset that is inside."""


@dataclass(frozen=True)
class Due:
    """One interval that is to be done, why, and the stamp that it will have.

    None where that is not known before a run: what it reads lies outside the ledger, and a job is about to change it.
    """

    interval: Interval
    why: str
    stamp: str | None


@dataclass(frozen=True)
class Step:
    """Adjacent due intervals of one job, done as one."""

    job: Job
    interval: Interval
    dues: tuple[Due, ...]

    @property
    def why(self) -> str:
        """The reasons, each once."""
        return ", ".join(dict.fromkeys(due.why for due in self.dues))


@dataclass(frozen=True)
class Missing:
    """An upstream interval that is not done, and is not going to be in this run; or was refused, and nothing came before."""

    upstream: str
    interval: Interval
    refused: bool = False
    outside: str = ""
    """Of what others make: how far it reaches."""
    held: str = ""
    """Of what a rollback restored: the group, and which rollback."""


Reach = Callable[[Asset, Interval], str | None]
"""How far what others make reaches, in words, where that is not to the end of the interval; None where it does."""
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


def view(
    graph: Graph,
    ledger: Ledger,
    observe: Observe,
    asked: Interval,
    start: datetime,
    forced: Iterable[str] = (),
    reach: Reach = lambda asset, interval: None,
    holding: Holding | None = None,
) -> View:
    """A view with nothing pending. What a hold gives readers has the maker of the version that the contract says."""
    held = holding or Holding()
    makers = {output.name: job for job in graph for output in job.outputs}
    makers |= {hold.table: makers[hold.declared] for hold in held.holds if hold.declared in makers}
    return View(graph, ledger, observe, asked, start, {}, frozenset(forced), makers, reach, held)


def intervals_of(job: Job, seen: View) -> tuple[Interval, ...]:
    """The intervals of a job in the time asked for. Cut from the project's start, so that weeks fall on the same days."""
    if isinstance(job.every, Once):
        return (job.every.span,) if job.every.span.end <= seen.asked.end else ()
    whole = Interval(seen.project_start, seen.asked.end)
    pieces = tuple(piece for piece in whole.cut(job.every.length) if piece.start >= seen.asked.start)
    return pieces[-1:] if isinstance(job.every, Latest) else pieces


def due(job: Job, seen: View) -> tuple[tuple[Due, ...], tuple[Missing, ...]]:
    """The job's due intervals, and what they lack. An interval that lacks something is not due."""
    dues: list[Due] = []
    missing: list[Missing] = []
    for interval in intervals_of(job, seen):
        lacking = [] if job.name in seen.forced else _lacking(job, interval, seen)
        if lacking:
            missing += lacking
            continue
        found = _due(job, interval, seen)
        if found is not None:
            dues.append(found)
    return tuple(dues), tuple(missing)


def _due(job: Job, interval: Interval, seen: View) -> Due | None:
    current = stamp(job, interval, seen)
    entry = seen.ledger.settled(job.name).get(interval)
    why = _why(job, interval, seen, entry, current)
    return None if why is None else Due(interval, why + seen.holding.noted(job.outputs), current)


def _why(job: Job, interval: Interval, seen: View, entry: Entry | None, current: str | None) -> str | None:
    """Why an interval is due; None where it is not."""
    if job.name in seen.forced and entry is not None:
        return "forced"
    if entry is not None and entry.stamp == current:
        behind = seen.holding.behind(job.outputs, interval, current) if entry.state == "done" else None
        return None if behind is None else f"{behind} was rolled back"
    waiting = next((name for name, pieces in _pending(job, interval, seen) if pieces), None)
    if waiting is not None:
        return f"{waiting} will be made anew"
    return "never done" if entry is None else "code, contract or input changed"


def _pending(job: Job, interval: Interval, seen: View) -> Iterator[tuple[str, frozenset[Interval]]]:
    """What an interval reads of that which is about to be made."""
    for asset, maker, pieces in _reads(job, interval, seen):
        pending = _made_anew(asset, maker, seen)
        yield maker.name, frozenset(piece for piece in pieces if piece in pending)


def _made_anew(asset: Asset, maker: Job, seen: View) -> Mapping[Interval, str | None]:
    """The intervals of an input that are about to be made; of one that is held, none is."""
    return {} if seen.holding.of_input(asset) is not None else seen.pending.get(maker.name, {})


def _reads(job: Job, interval: Interval, seen: View) -> Iterator[tuple[Asset, Job, frozenset[Interval]]]:
    for name, asset in job.inputs.items():
        maker = seen.makers.get(asset.name)
        if maker is not None:
            yield asset, maker, frozenset(needed(job, name, maker, interval, seen))


def _lacking(job: Job, interval: Interval, seen: View) -> list[Missing]:
    """Upstream intervals that are needed, not settled, and not about to be made.

    A refused one is settled: what was published before it goes on. Where nothing was, there is nothing to read.
    """
    short = ((asset.name, seen.reach(asset, interval)) for asset in job.inputs.values())
    found = [Missing(name, interval, outside=told) for name, told in short if told is not None]
    for asset, maker, pieces in _reads(job, interval, seen):
        hold = seen.holding.of_input(asset)
        if hold is not None:
            known = seen.holding.content(asset, {})
            found += [Missing(maker.name, piece, held=hold.told) for piece in sorted(pieces - known.keys())]
            continue
        settled, pending = seen.ledger.settled(maker.name), seen.pending.get(maker.name, {})
        found += [Missing(maker.name, piece) for piece in sorted(pieces - settled.keys() - pending.keys())]
        if not pending and not seen.ledger.published(maker.name):
            found += [Missing(maker.name, piece, refused=True) for piece in sorted(pieces & settled.keys())]
    return found


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


def stamp(job: Job, interval: Interval, seen: View) -> str | None:
    """The identity of what the interval's output is made from; None where it is not known before a run."""
    digest = hashlib.sha256(f"{job.name}\0{job.fingerprint}\0{interval.label()}".encode())
    for name, asset in sorted(job.inputs.items()):
        parts = _identities(job, name, asset, interval, seen)
        if parts is None:
            return None
        digest.update(f"\0{name}\0{','.join(parts)}".encode())
    return digest.hexdigest()[:16]


def _identities(job: Job, name: str, asset: Asset, interval: Interval, seen: View) -> list[str] | None:
    """What identifies an input over an interval once the run has come this far; None where that is not known yet.

    What lies outside the ledger stays as it is where its maker is not run, or is run again on the same.
    """
    outside = seen.observe(asset, Interval(interval.start - job.lag, interval.end))
    maker = seen.makers.get(asset.name)
    if maker is None:
        return [outside] if outside is not None else []
    done, pending = seen.holding.content(asset, seen.ledger.done(maker.name)), _made_anew(asset, maker, seen)
    pieces = needed(job, name, maker, interval, seen)
    now = {piece: done[piece] for piece in pieces if piece in done}
    if outside is not None:
        return [outside] if all(pending[piece] == now.get(piece) for piece in pieces if piece in pending) else None
    stamps = [pending[piece] if piece in pending else now.get(piece, "none") for piece in pieces]
    return None if None in stamps else [str(stamp) for stamp in stamps]


def carries_on(job: Job, interval: Interval, seen: View) -> bool:
    """Whether the interval just before is done, of what its inputs are now: then ``interval`` can build on what it left.

    Not where the job is forced: who asks for that mistrusts what is there.
    """
    if job.name in seen.forced or not isinstance(job.every, Each):
        return False
    before = Interval(interval.start - job.every.length, interval.start)
    entry = seen.ledger.done(job.name).get(before)
    return entry is not None and entry.stamp == stamp(job, before, seen)


def steps(job: Job, dues: Iterable[Due], most: int) -> tuple[Step, ...]:
    """The due intervals as few steps of at most ``most`` adjacent intervals."""
    pending = list(dues)
    found: list[Step] = []
    for stretch in merge_adjacent(item.interval for item in pending):
        inside = [item for item in pending if stretch.contains(item.interval)]
        for at in range(0, len(inside), most):
            part = tuple(inside[at : at + most])
            found.append(Step(job, Interval(part[0].interval.start, part[-1].interval.end), part))
    return tuple(found)


def not_ready(job: str, missing: Missing) -> str:
    """Why a job is left alone, as people read it."""
    if missing.outside:
        about = {"group": missing.upstream, "day": missing.interval.end.date(), "reach": missing.outside}
        return HeadraceError("PUBLISHED_LATE", job=job, **about).render()
    if missing.held:
        about = {"held": missing.held, "number": missing.held.rpartition(" ")[2], "interval": missing.interval.label()}
        return HeadraceError("UPSTREAM_HELD", job=job, upstream=missing.upstream, **about).render()
    code = "UPSTREAM_REFUSED" if missing.refused else "UPSTREAM_NOT_READY"
    return HeadraceError(code, job=job, upstream=missing.upstream, interval=missing.interval.label()).render()


@dataclass(frozen=True)
class Plan:
    """What a run would do: its steps in order, and the jobs that it would leave alone because something is not ready."""

    steps: tuple[Step, ...]
    not_ready: Mapping[str, tuple[Missing, ...]]
    """By job; () for a job that is below one that is not ready."""


def survey(graph: Graph, seen: View, most: int) -> Plan:
    """The plan of a run over the jobs, in order: each job as if those before it were done, and no gate refused."""
    found: list[Step] = []
    pending: dict[str, Mapping[Interval, str | None]] = {}
    unready: dict[str, tuple[Missing, ...]] = {}
    parents = upstream(graph)
    for job in graph:
        if parents[job.name] & unready.keys():
            unready[job.name] = ()
            continue
        dues, missing = due(job, replace(seen, pending=pending))
        if missing:
            unready[job.name] = missing
        elif dues:
            pending[job.name] = {item.interval: item.stamp for item in dues}
            found += steps(job, dues, most)
    return Plan(tuple(found), unready)


def plan(graph: Graph, seen: View, most: int) -> tuple[Step, ...]:
    """The steps of ``survey``."""
    return survey(graph, seen, most).steps

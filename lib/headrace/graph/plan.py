"""The plan: which intervals of which jobs are due, and why. A pure function of graph, ledger and what has landed.

A job's interval has a *stamp*: a hash of the job's own fingerprint and of the stamps of everything that it reads. It is
done when the ledger holds the same stamp for it. So a plan knows the stamps that a run will write, and with them what
is below: a table that is made anew from the same inputs has the same stamp, and leaves everything below it up to date.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from headrace.graph.job import Asset, Job
from headrace.graph.ledger import Entry
from headrace.graph.lint import Graph, upstream
from headrace.graph.stamps import stamp
from headrace.graph.view import Pending, View, intervals_of, made_anew, needed
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval, merge_adjacent


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


def due(job: Job, seen: View) -> tuple[tuple[Due, ...], tuple[Missing, ...]]:
    """The job's due intervals, and what they lack. An interval that lacks something is not due, nor is what is all held."""
    if seen.holding.of_all(job.outputs):
        return (), ()
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
        pending = made_anew(asset, maker, seen)
        yield maker.name, frozenset(piece for piece in pieces if piece in pending)


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
    pending: Pending = field(default_factory=dict)


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
    return Plan(tuple(found), unready, pending)


def plan(graph: Graph, seen: View, most: int) -> tuple[Step, ...]:
    """The steps of ``survey``."""
    return survey(graph, seen, most).steps

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
from headrace.graph.origin import Origin
from headrace.graph.reasons import Reason, reasons
from headrace.graph.stamps import identities, origin, stamp_of
from headrace.graph.unbegun import Unbegun, unbegun
from headrace.graph.view import Pending, View, intervals_of, needed
from headrace.graph.waiting import Wait, wait
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval, merge_adjacent


@dataclass(frozen=True)
class Due:
    """One interval that is to be done, why, the stamp that it will have, and what it will be made of.

    ``stamp`` is None where it is not known before a run: what it reads lies outside the ledger, and a job is about to
    change it. ``noted`` is what else there is to say: what a rollback leaves out of it.
    """

    interval: Interval
    reasons: tuple[Reason, ...]
    stamp: str | None
    origin: Origin | None = None
    noted: str = ""

    @property
    def why(self) -> str:
        """The reasons in words."""
        return ", ".join([*(reason.told for reason in self.reasons), *filter(None, [self.noted])])


@dataclass(frozen=True)
class Step:
    """Adjacent due intervals of one job, done as one."""

    job: Job
    interval: Interval
    dues: tuple[Due, ...]

    @property
    def why(self) -> str:
        """The reasons, each once."""
        told = [reason.told for reason in self.reasons] + [due.noted for due in self.dues if due.noted]
        return ", ".join(dict.fromkeys(told))

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """Why its intervals are due, each reason once."""
        return tuple(dict.fromkeys(reason for due in self.dues for reason in due.reasons))

    @property
    def stamps(self) -> dict[Interval, str]:
        """The stamp of each interval; empty where none is known."""
        return {due.interval: due.stamp or "" for due in self.dues}

    def entries(self, whole: Entry, settled: bool = True) -> list[Entry]:
        """The step's entry for each of its intervals, each with its own origin and, where it is settled, its stamp."""
        stamps = self.stamps if settled else dict.fromkeys(self.stamps, "")
        return [
            replace(
                whole,
                interval=due.interval,
                stamp=stamps[due.interval],
                intervals=len(self.dues),
                origin=due.origin,
            )
            for due in self.dues
        ]


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
    unbegun: Unbegun | None = None
    """Of a group: the snapshots of which it has no values yet, and who reads them."""
    waits: str = ""
    """Of a job that waits: for what, and until when."""


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
        if found is None:
            continue
        missing += (early := _unbegun(job, interval, seen))
        dues += [] if early else [found]
    return tuple(dues), tuple(missing)


def _due(job: Job, interval: Interval, seen: View) -> Due | None:
    found = identities(job, interval, seen)
    current, now = stamp_of(job, interval, found), origin(job, found)
    why = reasons(job, interval, seen, seen.ledger.settled(job.name).get(interval), current, now)
    return Due(interval, why, current, now, seen.holding.noted(job.outputs)) if why else None


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
        lacking = sorted(pieces - settled.keys() - pending.keys())
        waits = wait(maker, seen) if lacking else None
        found += [Missing(maker.name, piece, waits=waits.told if waits else "") for piece in lacking]
        if not pending and not seen.ledger.published(maker.name):
            found += [Missing(maker.name, piece, refused=True) for piece in sorted(pieces & settled.keys())]
    return found


def _unbegun(job: Job, interval: Interval, seen: View) -> list[Missing]:
    """What is there and has no values yet of a group: also who forces a job would take that for users who did nothing."""
    return [Missing(one.contract, one.intervals[0], unbegun=one) for one in unbegun(job, interval, seen)]


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
    if missing.unbegun is not None:
        told = {"group": missing.unbegun.contract, "reader": missing.unbegun.reader, "days": missing.unbegun.days}
        return HeadraceError("GROUP_NOT_BEGUN", job=job, **told).render()
    if missing.waits:
        return HeadraceError("UPSTREAM_WAITS", job=job, upstream=missing.upstream, waits=missing.waits).render()
    code = "UPSTREAM_REFUSED" if missing.refused else "UPSTREAM_NOT_READY"
    return HeadraceError(code, job=job, upstream=missing.upstream, interval=missing.interval.label()).render()


@dataclass(frozen=True)
class Plan:
    """What a run would do: its steps in order, and the jobs that it would leave alone because something is not ready."""

    steps: tuple[Step, ...]
    not_ready: Mapping[str, tuple[Missing, ...]]
    """By job; () for a job that is below one that is not ready."""
    pending: Pending = field(default_factory=dict)
    waiting: tuple[Wait, ...] = ()
    """The jobs of which nothing is due because what they are done for is not over."""


def survey(graph: Graph, seen: View, most: int) -> Plan:
    """The plan of a run over the jobs, in order: each job as if those before it were done, and no gate refused."""
    found: list[Step] = []
    pending: dict[str, Mapping[Interval, str | None]] = {}
    unready: dict[str, tuple[Missing, ...]] = {}
    waiting: list[Wait] = []
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
        else:
            waiting += filter(None, [wait(job, seen)])
    return Plan(tuple(found), unready, pending, tuple(waiting))


def plan(graph: Graph, seen: View, most: int) -> tuple[Step, ...]:
    """The steps of ``survey``."""
    return survey(graph, seen, most).steps

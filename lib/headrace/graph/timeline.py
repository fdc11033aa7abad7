"""What happened in a run and when, from the ledger: its steps in their order, and the chain that its end hung on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from headrace.graph.ledger import Entry
from headrace.graph.lint import Graph, upstream
from headrace.ground.errors import HeadraceError, nearest
from headrace.ground.interval import Interval

_MOST_NAMED = 5


@dataclass(frozen=True)
class Bar:
    """One step of one job. ``seconds`` hold all its attempts, reading and commit; ``interval`` is all that it was over."""

    job: str
    interval: Interval
    began: datetime
    seconds: float
    state: str
    intervals: int
    rows_in: int | None
    rows_out: int | None
    note: str

    @property
    def ended(self) -> datetime:
        """When it was written down."""
        return self.began + timedelta(seconds=self.seconds)


@dataclass(frozen=True)
class Timeline:
    """The steps of a run by their beginning. ``chain`` are the places of those that its end hung on, first to last."""

    run_id: str
    bars: tuple[Bar, ...]
    chain: tuple[int, ...]

    @property
    def began(self) -> datetime:
        """The beginning of the first step; what the application needed before it is in no step."""
        return min(bar.began for bar in self.bars)

    @property
    def seconds(self) -> float:
        """From there to the end of the last step."""
        return max(self.after(bar) + bar.seconds for bar in self.bars)

    @property
    def worked(self) -> float:
        """The seconds of all steps, one after another."""
        return sum(bar.seconds for bar in self.bars)

    @property
    def chained(self) -> float:
        """The seconds of the chain's steps: a run of the same steps on any number of lanes takes no less."""
        return sum(self.bars[place].seconds for place in self.chain)

    def after(self, bar: Bar) -> float:
        """Seconds from the run's beginning to the step's."""
        return (bar.began - self.began).total_seconds()

    @property
    def told(self) -> str:
        """The whole in a line."""
        waited = max(self.seconds - self.chained, 0.0)
        names = ", ".join(dict.fromkeys(self.bars[place].job for place in self.chain))
        return (
            f"{self.seconds:.1f} s, {self.worked:.1f} s of steps; its end hung on {names}: "
            f"{self.chained:.1f} s of steps, {waited:.1f} s between them"
        )


def timeline(entries: Iterable[Entry], run_id: str, graph: Graph) -> Timeline:
    """The timeline of one run, from the ledger's entries; without bars where it left none."""
    steps: dict[tuple[str, datetime], list[Entry]] = {}
    for entry in entries:
        if entry.run_id == run_id:
            steps.setdefault((entry.job, entry.at), []).append(entry)
    bars = tuple(sorted((_bar(step) for step in steps.values()), key=lambda bar: (bar.began, bar.ended, bar.job)))
    return Timeline(run_id, bars, _chain(bars, ancestors(graph)))


def run_named(entries: Iterable[Entry], text: str) -> str:
    """The run of this id, or the only one whose id begins so.

    Raises:
        HeadraceError: RUN_UNKNOWN with the nearest, RUN_AMBIGUOUS with those that begin so.
    """
    runs = list(dict.fromkeys(entry.run_id for entry in entries))
    if text in runs:
        return text
    found = [run for run in runs if text and run.startswith(text)]
    if len(found) > 1:
        raise HeadraceError("RUN_AMBIGUOUS", run=text, count=len(found), runs=", ".join(found[-_MOST_NAMED:]))
    if not found:
        close = nearest(text, runs)
        latest = f"The latest: {', '.join(runs[-_MOST_NAMED:])}." if runs else "None was run yet."
        raise HeadraceError("RUN_UNKNOWN", run=text, hint=close if close.startswith("Did") else latest)
    return found[0]


def ancestors(graph: Graph) -> Mapping[str, frozenset[str]]:
    """Job -> all jobs above it, however far."""
    parents = upstream(graph)
    found: dict[str, frozenset[str]] = {}

    def above(name: str) -> frozenset[str]:
        if name not in found:
            found[name] = frozenset(parents[name]).union(*(above(parent) for parent in parents[name]))
        return found[name]

    return {name: above(name) for name in parents}


def _bar(step: Sequence[Entry]) -> Bar:
    first = step[0]
    whole = Interval(min(entry.interval.start for entry in step), max(entry.interval.end for entry in step))
    return Bar(
        first.job,
        whole,
        first.at - timedelta(seconds=first.seconds),
        first.seconds,
        first.state,
        first.intervals,
        first.rows_in,
        first.rows_out,
        first.note,
    )


def _chain(bars: Sequence[Bar], above: Mapping[str, frozenset[str]]) -> tuple[int, ...]:
    """From the step that ended last back: each time to the latest to end of those that it had to wait for.

    A step waits for its own job's earlier steps, and for all jobs above its own.
    """
    found: list[int] = []
    at = max(range(len(bars)), key=lambda place: bars[place].ended, default=None)
    while at is not None:
        found.append(at)
        own = bars[at]
        before = [
            place
            for place, bar in enumerate(bars)
            if place < at and (bar.job == own.job or bar.job in above.get(own.job, ()))
        ]
        at = max(before, key=lambda place: bars[place].ended, default=None)
    return tuple(reversed(found))

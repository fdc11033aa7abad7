"""A run without Spark: sinks in memory, sessions that only know what was cancelled."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from graph_fakes import START, day, ledger_of

from headrace.graph.events import Events
from headrace.graph.job import At, Job, Receipt
from headrace.graph.ledger import Ledger
from headrace.graph.run import Run
from headrace.graph.view import view
from headrace.ground.config import Engine
from headrace.ground.interval import Interval
from headrace.tables.spec import Table


@dataclass
class Commits:
    """The sink of tables: which intervals were committed, in order."""

    made: list[tuple[str, Interval]] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def exists(self, asset: Any) -> bool:
        return any(name == asset.name for name, _ in self.made)

    def read(self, asset: Any, at: At) -> str:
        return str(asset.name)

    def commit(self, asset: Any, value: Any, at: At, identity: Mapping[str, str]) -> Receipt:
        with self.lock:
            self.made.append((asset.name, at.interval))
        return Receipt(str(len(self.made)), rows=10)


@dataclass
class Sessions:
    """In place of ``JobSessions``: waits do not last, and what is cancelled is known."""

    cancelled: list[str] = field(default_factory=list)
    waited: list[float] = field(default_factory=list)
    hit: dict[str, threading.Event] = field(default_factory=dict)
    interrupted: bool = False

    @contextmanager
    def of_job(self, pool: str) -> Iterator[str]:
        self.hit[pool] = threading.Event()
        yield pool

    @contextmanager
    def cancelled_by_interrupt(self) -> Iterator[None]:
        try:
            yield
        except (KeyboardInterrupt, SystemExit):
            self.interrupted = True
            for event in self.hit.values():
                event.set()
            raise

    def pause(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return not self.interrupted

    def cancel(self, pool: str) -> None:
        self.cancelled.append(pool)
        self.hit[pool].set()


@dataclass
class Faked:
    """A run with everything that it touched."""

    run: Run
    ledger: Ledger
    commits: Commits
    sessions: Sessions
    retried: list[tuple[str, str]]

    def go(self) -> int:
        return self.run.go()


def fake_run(*jobs: Job, days: int = 4, events: Events | None = None, **engine: Any) -> Faked:
    """A run of the jobs over the first days of the project."""
    config = SimpleNamespace(engine=Engine(**engine), seed=7)
    project: Any = SimpleNamespace(config=config)
    spark: Any = SimpleNamespace()
    ledger, commits, sessions = ledger_of(), Commits(), Sessions()
    sinks: Any = {Table: commits}
    retried: list[tuple[str, str]] = []

    def look() -> Any:
        return view(jobs, ledger, lambda *_: None, day(0, days), START)

    told = Events(retried=lambda job, error: retried.append((job, getattr(error, "code", ""))))
    run = Run(project, jobs, look, ledger, spark, lambda _: sinks, "r", events or told)
    run.__dict__ |= {"_sessions": sessions, "cores": 2}
    return Faked(run, ledger, commits, sessions, retried)


def doing(name: str, work: Callable[[At], Any], *reads: str, **more: Any) -> Job:
    """A job that does something, and makes the table of its own name."""

    def run(inputs: Any, at: At, project: Any) -> Any:
        """Does it."""
        return work(at)

    inputs = {read: Table(name=f"t.{read}", meaning=read) for read in reads}
    return Job(name, run, inputs=inputs, outputs=(Table(name=f"t.{name}", meaning=name),), **more)

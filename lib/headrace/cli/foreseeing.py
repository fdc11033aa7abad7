"""When a run will be done, while it goes on; an alert before a deadline is missed, and what became of each at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from rich.console import Console

from headrace.cli.alerts import keep_record
from headrace.graph.deadlines import FORETOLD, spelled
from headrace.graph.events import Events
from headrace.graph.forecast import step_forecasts
from headrace.graph.foresight import Foresight, Habit, Standing, eats_the_slack, foresee, habits
from headrace.graph.lint import Graph
from headrace.graph.plan import Plan, Step
from headrace.graph.result import JobResult
from headrace.graph.view import View
from headrace.ground.deadline import Deadline
from headrace.ground.errors import HeadraceError
from headrace.ground.session import slots

if TYPE_CHECKING:
    from headrace.cli.assembly import Assembly

EVERY = 10.0
"""Seconds between two looks ahead, at the least; more where a look takes more than a twentieth of that."""
Keep = Callable[[str, Mapping[str, Any]], None]
"""Takes an alert's name, and what it is about."""


@dataclass(frozen=True)
class Due:
    """A table that is to be done, the job that makes it, and by when."""

    table: str
    job: str
    deadline: Deadline
    at: datetime


@dataclass
class Foreseeing:
    """Listens to a run. ``now`` is the clock, ``say`` takes a line for people, ``keep`` an alert's record."""

    run_id: str
    jobs: Graph
    deadlines: Mapping[str, Deadline]
    lanes: int
    seed: int
    now: Callable[[], datetime]
    say: Callable[[str], None]
    keep: Keep
    habits: Mapping[str, Habit] = field(default_factory=dict)
    dues: Sequence[Due] = ()
    alerted: set[str] = field(default_factory=set)
    _done: dict[str, float] = field(default_factory=dict)
    _ended: dict[str, datetime] = field(default_factory=dict)
    _running: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _seen: Foresight | None = None
    _at: float = 0.0
    _wait: float = 0.0

    @property
    def events(self) -> Events:
        """The callbacks for the run."""
        return Events(started=self._start, finished=self._finish, planned=self._plan, passed=self._pass)

    def left(self) -> tuple[float, float, float] | None:
        """(low, likely, high) seconds until the run is done; None where nothing is known of it."""
        if not self.habits:
            return None
        found = self._look().interval()
        since = time.monotonic() - self._at
        return None if found is None else (max(found[0] - since, 0), max(found[1] - since, 0), max(found[2] - since, 0))

    def outlook(self) -> Iterator[str]:
        """A line for each deadline that is still ahead: the likely finish, its interval and the slack."""
        for due in self.dues:
            seen = self._look()
            found = seen.interval(due.job)
            if found is not None:
                low, likely, high = (self.now() + timedelta(seconds=seconds) for seconds in found)
                slack = spelled((due.at - likely).total_seconds())
                yield (
                    f"{due.table}: done about {likely:%H:%M:%S} UTC ({low:%H:%M:%S} to {high:%H:%M:%S}), "
                    f"{slack} {due.deadline} ({due.at:%Y-%m-%d %H:%M} UTC)"
                )

    def check(self) -> None:
        """Alert, once a table, where more than half of the ways in which the run can go on are late."""
        seen, standing = self._look(), self._standing()
        for due in self.dues:
            ends, left = seen.ends.get(due.job, ()), (due.at - self.now()).total_seconds()
            late = sum(end > left for end in ends)
            if due.table not in self.alerted and late * 2 > len(ends):
                self.alerted.add(due.table)
                self._alert(due, late / len(ends), seen, standing)

    def _alert(self, due: Due, late: float, seen: Foresight, standing: Standing) -> None:
        found = seen.interval(due.job) or (0.0, 0.0, 0.0)
        low, likely, high = (self.now() + timedelta(seconds=seconds) for seconds in found)
        eater, seconds = eats_the_slack(self.jobs, self.habits, standing, self.lanes, due.job)
        because = f"{eater} costs {seconds:.0f} s more than expected" if seconds else f"{eater} takes longest"
        about = {"table": due.table, "deadline": due.deadline, "likely": f"{likely:%Y-%m-%d %H:%M:%S} UTC"}
        told = HeadraceError(FORETOLD, **about, share=f"{late:.0%}", because=because, job=eater)
        self.say(told.render())
        name = f"deadline-{sha256(f'{self.run_id} {due.table}'.encode()).hexdigest()[:16]}"
        finish = {"low": f"{low:%FT%TZ}", "likely": f"{likely:%FT%TZ}", "high": f"{high:%FT%TZ}"}
        self.keep(
            name,
            {
                "run": self.run_id,
                "table": due.table,
                "job": due.job,
                "deadline": f"{due.at:%FT%TZ}",
                "finish": finish,
                "late": round(late, 3),
                "slack_seconds": round((due.at - likely).total_seconds()),
                "eats_the_slack": {"job": eater, "seconds": round(seconds)},
            },
        )

    def ended(self, results: Mapping[str, JobResult]) -> Iterator[str]:
        """A line for each table that was to be made: whether it was, in time."""
        for due in self.dues:
            result, ended = results.get(due.job), self._ended.get(due.job)
            if ended is not None and result is not None and result.state == "done":
                kept = "in time" if ended <= due.at else "late"
                yield f"{due.table}: done {kept}, {spelled((due.at - ended).total_seconds())} {due.deadline}"
            else:
                yield f"{due.table}: not done; it is due at {due.deadline} ({due.at:%Y-%m-%d %H:%M} UTC)"

    def _plan(self, found: Plan, seen: View) -> None:
        """Know what is due; tables that are up to date have no deadline in this run."""
        steps, began = step_forecasts(found, seen), self.now()
        planned = {step.job.name for step in found.steps}
        makers = {output.name: job.name for job in self.jobs for output in job.outputs if job.name in planned}
        self.habits = habits(self.jobs, steps, seen.ledger.entries)
        asked = {table: deadline for table, deadline in self.deadlines.items() if table in makers}
        self.dues = [Due(table, makers[table], deadline, deadline.after(began)) for table, deadline in asked.items()]
        if self.habits and self.dues:
            for line in self.outlook():
                self.say(line)
            self.check()

    def _start(self, step: Step) -> None:
        with self._lock:
            self._running.setdefault(step.job.name, time.monotonic())

    def _finish(self, result: JobResult) -> None:
        with self._lock:
            self._running.pop(result.job, None)
            self._done[result.job] = result.seconds
            self._ended[result.job] = self.now()
            self._wait = 0.0

    def _pass(self) -> None:
        if self.habits and self.dues and time.monotonic() - self._at >= self._wait:
            self.check()

    def _standing(self) -> Standing:
        with self._lock:
            began = time.monotonic()
            return Standing(dict(self._done), {name: began - at for name, at in self._running.items()})

    def _look(self) -> Foresight:
        if self._seen is None or time.monotonic() - self._at >= self._wait:
            began = time.monotonic()
            self._seen = foresee(self.jobs, self.habits, self._standing(), self.lanes, self.seed)
            self._at = time.monotonic()
            self._wait = max(EVERY, 20 * (self._at - began))
        return self._seen


def foreseeing(out: Console, parts: Assembly, chosen: Graph, run_id: str) -> Foreseeing:
    """Who looks ahead in one run."""
    config = parts.project.config

    def say(text: str) -> None:
        out.print(text, highlight=False, markup=False, soft_wrap=True)

    def keep(name: str, about: Mapping[str, Any]) -> None:
        keep_record(parts.project, name, FORETOLD, about)

    lanes = min(config.engine.parallel_jobs, slots(parts.spark))
    return Foreseeing(run_id, chosen, config.deadlines, lanes, config.seed, lambda: datetime.now(UTC), say, keep)

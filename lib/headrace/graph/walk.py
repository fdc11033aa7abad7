"""Walk a graph of applications: each is a process of its own, started when what it reads is there. No Spark here."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from graphlib import TopologicalSorter
from typing import Protocol

from headrace.graph.again import LONGEST
from headrace.graph.applications import Application
from headrace.graph.lint import upstream
from headrace.graph.order import NOTHING_KNOWN, longest_path, ranked, startable
from headrace.ground.errors import DONE, FAILED, LOST, NOT_READY, REFUSED, RETRYABLE, HeadraceError, worst

GOES_ON = (DONE, REFUSED)
"""Of a refused candidate what is below goes on with what was published before; where that is nothing, it says so itself."""
TICK = 0.2
"""Seconds between two looks at the processes."""


class Child(Protocol):
    """A process that runs an application."""

    def status(self) -> int | None:
        """How it ended: an exit status, or LOST; None while it goes on."""
        ...

    def half(self) -> int | None:
        """Half as many intervals as the largest step that it was at; None where it was at none."""
        ...

    def withheld(self) -> bool:
        """Whether rows of one of its jobs were held back: what is below has nothing to go on with."""
        ...

    def stop(self) -> None:
        """End it in order: what Spark does is cancelled, what was committed stays."""
        ...


@dataclass(frozen=True)
class Start:
    """A start of an application. ``most_intervals``: how many are done at once, where that is less than usual."""

    application: Application
    attempt: int = 1
    most_intervals: int | None = None


@dataclass(frozen=True)
class Told:
    """What a walk tells: a process that is started again and why, and one that is not started, since of what."""

    again: Callable[[Application, HeadraceError], None] = lambda application, error: None
    skipped: Callable[[Application, str], None] = lambda application, since: None
    lost: Callable[[Application, HeadraceError], None] = lambda application, error: None
    passed: Callable[[], None] = lambda: None
    """Time has passed; called at each look at the processes."""


@dataclass
class Walk:
    """A walk. ``launch`` starts a process; ``most`` of them run at once, one that is exclusive alone."""

    applications: tuple[Application, ...]
    launch: Callable[[Start], Child]
    most: int
    attempts: int
    chance: str
    told: Told = field(default_factory=Told)
    seconds: Mapping[str, float] = field(default_factory=lambda: NOTHING_KNOWN)
    clock: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep
    statuses: dict[str, int] = field(default_factory=dict)
    """How each application ended; of one that was not started, nothing."""
    _children: dict[str, tuple[Start, Child]] = field(default_factory=dict)
    _later: list[tuple[float, Start]] = field(default_factory=list)
    _withheld: set[str] = field(default_factory=set)

    def go(self) -> int:
        """Start each application whose inputs are there, the longest remaining path first; the exit status of the whole."""
        try:
            self._go()
        except (KeyboardInterrupt, SystemExit):
            for _, child in self._children.values():
                child.stop()
            raise
        known = (DONE, REFUSED, NOT_READY, RETRYABLE)
        return worst(status if status in known else FAILED for status in self.statuses.values())

    def _go(self) -> None:
        nodes = tuple(application.node for application in self.applications)
        by_name = {application.name: application for application in self.applications}
        parents, weight = upstream(nodes), longest_path(nodes, self.seconds)
        order = TopologicalSorter(parents)
        order.prepare()
        waiting: list[str] = []
        while order.is_active():
            waiting = ranked([*waiting, *order.get_ready()], weight)
            for name in [name for name in waiting if self._blocked(parents[name])]:
                waiting.remove(name)
                self.told.skipped(by_name[name], self._blocked(parents[name]))
                order.done(name)
            running = [by_name[name].node for name in self._under_way()]
            for name in startable([by_name[name].node for name in waiting], running, self.most):
                waiting.remove(name)
                self._start(Start(by_name[name]))
            self._start_again()
            ended = self._ended()
            self.told.passed()
            order.done(*ended)
            if not ended and self._under_way():
                self.pause(TICK)

    def _under_way(self) -> list[str]:
        return [*self._children, *(start.application.name for _, start in self._later)]

    def _blocked(self, parents: set[str]) -> str:
        """The first of the parents after which nothing goes on; empty where there is none."""
        return next((name for name in sorted(parents) if not self._goes_on(name)), "")

    def _goes_on(self, name: str) -> bool:
        return self.statuses.get(name, FAILED) in GOES_ON and name not in self._withheld

    def _start(self, start: Start) -> None:
        self._children[start.application.name] = start, self.launch(start)

    def _start_again(self) -> None:
        now = self.clock()
        for item in [item for item in self._later if item[0] <= now]:
            self._later.remove(item)
            self._start(item[1])

    def _ended(self) -> list[str]:
        """Those that came to their end; one that is worth another try is put back."""
        found = []
        for name, (start, child) in list(self._children.items()):
            status = child.status()
            if status is None:
                continue
            del self._children[name]
            if not self._again(start, child, status):
                self.statuses[name] = status
                self._withheld |= {name} if child.withheld() else set()
                found.append(name)
        return found

    def _again(self, start: Start, child: Child, status: int) -> bool:
        """Whether it is started once more: as it is and later where it says 75, in halves where it was lost."""
        application, attempt = start.application, start.attempt
        if status == LOST:
            error = HeadraceError("DRIVER_DIED", jobs=", ".join(job.name for job in application.jobs))
            if attempt >= max(self.attempts, 2):
                self.told.lost(application, error)
                return False
            self.told.again(application, error)
            self._later.append((self.clock(), Start(application, attempt + 1, child.half())))
            return True
        if status != RETRYABLE or attempt >= self.attempts:
            return False
        most = min(2.0**attempt, LONGEST)
        after = random.Random(f"{self.chance} {application.name} {attempt}").uniform(0, most)
        self.told.again(application, HeadraceError("APPLICATION_LATER", name=application.name))
        self._later.append((self.clock() + after, Start(application, attempt + 1, start.most_intervals)))
        return True

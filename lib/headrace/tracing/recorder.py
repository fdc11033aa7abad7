"""Hears a run and makes an event of each beginning and end in it. Nothing that goes wrong here stops the run."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from openlineage.client.event_v2 import RunEvent, RunState
from openlineage.client.serde import Serde

from headrace.graph.events import Events
from headrace.graph.ledger import Entry
from headrace.graph.plan import Step
from headrace.graph.result import JobResult
from headrace.ground.errors import FAILED, HeadraceError
from headrace.ground.interval import Interval
from headrace.ground.telling import told
from headrace.tracing.events import RunTold, Try
from headrace.tracing.outbox import Outbox, Sent
from headrace.tracing.transport import Emitting

_UNTOLD = (HeadraceError, OSError, ValueError)
"""What a log that cannot be read, a full disk, or a name that OpenLineage does not take raises."""
_STATES = {"done": RunState.COMPLETE, "refused": RunState.ABORT, "failed": RunState.FAIL}


@dataclass
class Recorder:
    """The events of one run. After an event that does not go, none is sent before the end: a run waits once."""

    told: RunTold
    outbox: Outbox
    transport: Emitting
    clock: Callable[[], datetime]
    warn: Callable[[str, str], None]
    sent: Sent = field(default_factory=Sent)
    _tries: dict[str, Try] = field(default_factory=dict)
    _begun: Counter[str] = field(default_factory=Counter)
    _read: dict[str, Mapping[str, str]] = field(default_factory=dict)
    _lock: threading.RLock = field(default_factory=threading.RLock)

    @property
    def events(self) -> Events:
        """The callbacks for the run."""
        return Events(self._start, self._finish, self._again, read=self._took, recorded=self._record)

    @contextmanager
    def over(self, asked: Interval) -> Iterator[Callable[[int], int]]:
        """The run itself; what this gives takes its exit status, and gives it back. At the end what is left is sent."""
        ended: list[int] = []

        def end(status: int) -> int:
            ended.append(status)
            return status

        self._tell(lambda: self.told.whole(RunState.START, self.clock(), asked))
        try:
            yield end
        except BaseException as error:
            stopped = isinstance(error, KeyboardInterrupt | SystemExit)
            self._end(asked, RunState.ABORT if stopped else RunState.FAIL, type(error).__name__)
            raise
        failed = FAILED in ended
        self._end(asked, RunState.FAIL if failed else RunState.COMPLETE, "a job failed" if failed else "")

    def _end(self, asked: Interval, state: RunState, error: str) -> None:
        for job in list(self._tries):
            self._close(job, RunState.ABORT, self.clock(), {}, error or "the run ended before it did")
        self._tell(lambda: self.told.whole(state, self.clock(), asked, error), again=True)

    def _start(self, step: Step) -> None:
        with self._lock:
            self._begun[step.job.name] += 1
            this = self._tries[step.job.name] = Try(step, self._begun[step.job.name])
        self._tell(lambda: self.told.step(RunState.START, self.clock(), this, {}, {}))

    def _again(self, job: str, error: BaseException) -> None:
        """What is tried again, as it is or in halves, begins anew: this try has failed."""
        self._close(job, RunState.FAIL, self.clock(), {}, told(error))

    def _took(self, step: Step, versions: Mapping[str, str]) -> None:
        with self._lock:
            self._read[step.job.name] = versions

    def _record(self, step: Step, entries: Sequence[Entry]) -> None:
        entry = entries[-1]
        error = entry.note if entry.state == "refused" else ""
        self._close(step.job.name, _STATES[entry.state], entry.at, entry.outputs, error)

    def _finish(self, result: JobResult) -> None:
        if result.state == "failed":
            self._close(result.job, RunState.FAIL, self.clock(), {}, result.note)

    def _close(self, job: str, state: RunState, at: datetime, left: Mapping[str, str], error: str) -> None:
        """The try at a job's step that is under way is over; nothing where none is."""
        with self._lock:
            this, read = self._tries.pop(job, None), self._read.pop(job, {})
        if this is not None:
            self._tell(lambda: self.told.step(state, at, this, read, left, error))

    def _tell(self, event: Callable[[], RunEvent], again: bool = False) -> None:
        """Keep an event and send what is kept; ``again``: although the last time it did not go."""
        with self._lock:
            try:
                self.outbox.put(Serde.to_json(event()), self.clock())
                if again or not self.sent.why:
                    self.sent = self.outbox.send(self.transport)
            except _UNTOLD as error:
                self.warn("lineage", f"an event was not told: {error}")

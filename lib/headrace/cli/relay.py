"""What a run tells the process that started it: a line of JSON for each thing, among what it prints or in a file.

Lines go from one process to another and are not kept; what is secret is left out, as wherever people read.
"""

from __future__ import annotations

import json
import os
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from headrace.cli.journal import code_of
from headrace.cli.progress import Left, Stages
from headrace.cli.standing import MARK, STARTED_BY, TERMINATED, TO
from headrace.cli.whereabouts import Whereabouts
from headrace.graph.events import Events, beside
from headrace.graph.failures import note_of
from headrace.graph.job import Job
from headrace.graph.plan import Due, Step
from headrace.graph.result import JobResult
from headrace.ground.errors import DONE, HeadraceError
from headrace.ground.interval import Interval
from headrace.ground.secret import redact


@dataclass
class Relay:
    """Listens to a run. Without anybody to tell, it tells nobody."""

    to: str = ""
    started_by: int = 0
    run_id: str = ""
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @classmethod
    def of_environment(cls, run_id: str) -> Relay:
        """As whoever started this process asked for."""
        return cls(os.environ.get(TO, ""), int(os.environ.get(STARTED_BY, "0")), run_id)

    @property
    def is_part(self) -> bool:
        """Whether this run is an application of several, which whoever started it tells as one."""
        return self.to == "-"

    @property
    def events(self) -> Events:
        """The callbacks for the run."""
        return Events(self._start, self._finish, self._retry, self._warn, passed=self._pass) if self.to else Events()

    def seeing(self, stages: Stages, left: Left) -> Events:
        """The callbacks for a run that can be looked into; a part of a run tells how far it is, too."""
        return beside(self.events, Whereabouts(self.tell, stages, left).events) if self.is_part else self.events

    @contextmanager
    def over(self) -> Iterator[None]:
        """The first word, and where an error ends the run, that it does."""
        self.tell("began", process=os.getpid(), run=self.run_id)
        try:
            yield
        except HeadraceError as error:
            self.tell("broke", code=error.code, status=error.exit_status)
            raise

    def stood_still(self, results: Iterable[JobResult]) -> None:
        """That nothing of the jobs was due."""
        for result in results:
            self._finish(result)
        self.tell("ended", status=DONE)

    def tell(self, event: str, **about: Any) -> None:
        """One line."""
        if not self.to:
            return
        line = json.dumps({"event": event, **about}, ensure_ascii=True)
        with self._lock:
            if self.to == "-":
                sys.stdout.write(f"{MARK}{line}\n")
                sys.stdout.flush()
                return
            with (
                suppress(OSError),
                Path(self.to).open("a", encoding="ascii") as file,
            ):  # a full disk ends no run by this
                file.write(f"{MARK}{line}\n")

    def _start(self, step: Step) -> None:
        pieces = [[due.interval.start.isoformat(), due.interval.end.isoformat()] for due in step.dues]
        self.tell("started", job=step.job.name, pieces=pieces, why=redact(step.why))

    def _finish(self, result: JobResult) -> None:
        kept = {key: getattr(result, key) for key in ("job", "state", "seconds", "rows_in", "rows_out", "intervals")}
        error = None if result.error is None else code_of(result.error)
        withheld = redact(str(result.error)) if result.withheld else ""
        self.tell("finished", **kept, note=redact(result.note), error=error, withheld=withheld)

    def _retry(self, job: str, error: BaseException) -> None:
        self.tell("retried", job=job, told=redact(note_of(error)))

    def _warn(self, job: str, text: str) -> None:
        self.tell("warned", job=job, told=redact(text))

    def _pass(self) -> None:
        """End where nobody is left who would hear how it ends."""
        try:
            os.kill(self.started_by, 0) if self.started_by else None
        except ProcessLookupError:
            sys.exit(TERMINATED)


class ToldError(Exception):
    """What another process told of an error that the catalogue does not have."""


def step_of(told: dict[str, Any], job: Job) -> Step:
    """The step that was started: its intervals, and why in words."""
    pieces = [Interval(datetime.fromisoformat(start), datetime.fromisoformat(end)) for start, end in told["pieces"]]
    dues = tuple(Due(piece, (), None, noted=told["why"]) for piece in pieces)
    return Step(job, Interval(pieces[0].start, pieces[-1].end), dues)


def result_of(told: dict[str, Any]) -> JobResult:
    """What became of a job. An error of the catalogue stands in the note, whole, but for that which held rows back."""
    kept = {key: told[key] for key in ("job", "state", "seconds", "rows_in", "rows_out", "intervals", "note")}
    code, withheld = told["error"] or "", told["withheld"]
    if withheld:
        return JobResult(**kept, error=ToldError(withheld))
    return JobResult(**kept, error=ToldError(told["note"]) if code and not code.isupper() else None)

"""A run as lines of JSON, for whatever collects logs: ``logs/RUN.jsonl`` in the environment's folder.

No line holds a value of a row: of an error that is not of the catalogue it has the class alone (semantics 18).
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from headrace.graph.events import Events
from headrace.graph.failures import note_of
from headrace.graph.ledger import Entry
from headrace.graph.plan import Plan, Step
from headrace.graph.result import JobResult
from headrace.graph.view import View
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval
from headrace.ground.secret import redact

KEPT = 100
"""The logs of so many runs are kept; the ledger has all runs."""
_LEVELS = {"failed": "error", "refused": "warning", "skipped": "warning", "not ready": "warning"}


@dataclass
class Journal:
    """Listens to a run and writes a line for each thing that it tells. A disk that is full stops the lines, not the run."""

    path: Path
    run_id: str
    now: Callable[[], datetime]
    say: Callable[[str], None]
    _tries: Counter[tuple[str, str]] = field(default_factory=Counter)
    _steps: dict[str, str] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _broken: bool = False

    @property
    def events(self) -> Events:
        """The callbacks for the run."""
        return Events(self._start, self._finish, self._retry, self._warn, recorded=self._record, planned=self._plan)

    @contextmanager
    def over(self, asked: Interval) -> Iterator[None]:
        """The first line, and the last however the run ends."""
        prune(self.path.parent, "*.jsonl", KEPT)
        self.write("info", "run began", interval=asked.label())
        try:
            yield
        except BaseException as error:
            self.write("error", "run ended", state="stopped", error=code_of(error))
            raise
        self.write("info", "run ended", state="ended")

    def write(self, level: str, event: str, job: str | None = None, **about: Any) -> None:
        """One line. ``interval`` and ``attempt`` are those that the job is at, unless they are given."""
        line: dict[str, Any] = {
            "time": f"{self.now():%Y-%m-%dT%H:%M:%S.%fZ}",
            "level": level,
            "event": event,
            "run": self.run_id,
        }
        if job is not None:
            interval = self._steps.get(job)
            line |= {"job": job, "interval": interval, "attempt": self._tries[job, interval] if interval else None}
        whole = {key: redact(value) if isinstance(value, str) else value for key, value in (line | about).items()}
        with self._lock:
            if self._broken:
                return
            try:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                with self.path.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(whole, ensure_ascii=False) + "\n")
            except OSError as error:
                self._broken = True
                self.say(f"No more of the log is kept: {self.path} cannot be written ({error.strerror}).")

    def _plan(self, found: Plan, seen: View) -> None:
        counted = Counter(step.job.name for step in found.steps)
        waiting = {one.job: one.told for one in found.waiting}
        self.write("info", "planned", steps=dict(counted), not_ready=sorted(found.not_ready), waiting=waiting)

    def _start(self, step: Step) -> None:
        name, interval = step.job.name, step.interval.label()
        with self._lock:
            self._steps[name] = interval
            self._tries[name, interval] += 1
        self.write("info", "step began", name, intervals=len(step.dues), why=step.why)

    def _record(self, step: Step, entries: Sequence[Entry]) -> None:
        entry = entries[0]
        about: Mapping[str, Any] = {
            "rows_in": entry.rows_in,
            "rows_out": entry.rows_out,
            "outputs": dict(entry.outputs),
        }
        level = _LEVELS.get(entry.state, "info")
        self.write(level, "step ended", step.job.name, state=entry.state, seconds=round(entry.seconds, 3), **about)

    def _finish(self, result: JobResult) -> None:
        about: dict[str, Any] = {"state": result.state, "seconds": round(result.seconds, 3)}
        if result.error is not None:
            about |= {"error": code_of(result.error), "told": said_of(result.error)}
        elif result.state in _LEVELS:
            about["told"] = result.note
        self.write(_LEVELS.get(result.state, "info"), "job ended", result.job, **about)

    def _retry(self, job: str, error: BaseException) -> None:
        self.write("warning", "tried again", job, error=code_of(error), told=said_of(error))

    def _warn(self, job: str, text: str) -> None:
        self.write("warning", "warned", job, told=text)


def code_of(error: BaseException) -> str:
    """The error's code in the catalogue, else its class."""
    return error.code if isinstance(error, HeadraceError) else type(error).__name__


def said_of(error: BaseException) -> str:
    """What may be said of an error where anybody may read it: the catalogue's words, else nothing."""
    return note_of(error) if isinstance(error, HeadraceError) else ""


def prune(folder: Path, pattern: str, most: int) -> None:
    """Remove the oldest files of a folder beyond ``most``; one that somebody else has removed already is gone too."""
    found = sorted(folder.glob(pattern), key=lambda path: path.stat().st_mtime) if folder.is_dir() else []
    for path in found[: max(len(found) - most, 0)]:
        path.unlink(missing_ok=True)

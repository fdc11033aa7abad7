"""What a run shows while it goes on, and the table at its end: live on a terminal, plain lines in a log."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.live import Live
from rich.table import Table

from headrace.graph.events import Events
from headrace.graph.plan import Step
from headrace.graph.result import JobResult
from headrace.ground.secret import redact
from headrace.ground.stages import Stage
from headrace.ground.telling import told

Seconds = tuple[float, float, float]
Left = Callable[[], Seconds | None]
Stages = Callable[[], tuple[Stage, ...] | None]
EVERY = 30.0
"""Seconds between two looks at the stages, where lines are written and nobody sees a table."""
UNSEEN = "stages, rows and spilled bytes of what runs are not seen on Spark Connect"
_STYLES = {
    "done": "green",
    "up to date": "dim",
    "failed": "bold red",
    "refused": "yellow",
    "skipped": "yellow",
    "not ready": "yellow",
    "waits": "dim",
}


class Progress:
    """Listens to a run. ``stages`` are those that run now; None where nobody can see them.

    ``left`` foretells the seconds until its end: low, likely, high; None where nothing is known. ``apart`` foretells those
    until the end of the application that a job is in, where that is another one than the run's.
    """

    def __init__(
        self,
        console: Console,
        jobs: tuple[str, ...],
        stages: Stages,
        left: Left,
        apart: Callable[[str], Seconds | None] = lambda job: None,
    ) -> None:
        self.console = console
        self.jobs = jobs
        self._stages = stages
        self._foreseen = left
        self._apart = apart
        self._began = time.monotonic()
        self._looked = self._began
        self._running: dict[str, tuple[float, Step]] = {}
        self._results: dict[str, JobResult] = {}
        self._lock = threading.Lock()

    @property
    def events(self) -> Events:
        """The callbacks for the run."""
        return Events(self._start, self._finish, self._retry, self._warn, passed=self._pass)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Show a live table while inside, where a person looks on."""
        if not self.console.is_terminal:
            yield
            return
        with Live(get_renderable=self._live, console=self.console, refresh_per_second=2, transient=True):
            yield

    def _start(self, step: Step) -> None:
        with self._lock:
            self._running[step.job.name] = (time.monotonic(), step)
        if not self.console.is_terminal:
            self._say(f"{step.job.name}: {step.interval.label()} ({_intervals(len(step.dues))}; {step.why})")

    def _finish(self, result: JobResult) -> None:
        with self._lock:
            self._running.pop(result.job, None)
            self._results[result.job] = result
        if not self.console.is_terminal:
            rows = f", {result.rows_out:,} rows" if result.rows_out is not None else ""
            left = self._left()
            self._say(f"{result.job}: {result.state}{rows}, {result.seconds:.1f} s{f'; {left}' if left else ''}")

    def _retry(self, job: str, error: BaseException) -> None:
        self._say(f"{job}: tried again after {told(error).splitlines()[0]}")

    def _warn(self, job: str, text: str) -> None:
        self._say(f"{job}: warning: {redact(text)}")

    def _pass(self) -> None:
        """In a log, now and then, how far each running job is."""
        now = time.monotonic()
        if self.console.is_terminal or now - self._looked < EVERY:
            return
        self._looked = now
        stages = self._by_job()
        with self._lock:
            running = sorted(self._running)
        left = self._left()
        for job in running:
            at = UNSEEN if stages is None else stages.get(job, "between two stages")
            self._say(f"{job}: {'; '.join(filter(None, [at, _told(self._apart(job)), left]))}")

    def _by_job(self) -> dict[str, str] | None:
        """What each job's stages are at; None where they are not to be seen."""
        found = self._stages()
        if found is None:
            return None
        jobs = dict.fromkeys(stage.job for stage in found)
        return {job: "; ".join(stage.told for stage in found if stage.job == job) for job in jobs}

    def _say(self, text: str) -> None:
        self.console.print(
            f"[{time.monotonic() - self._began:6.1f} s] {text}", highlight=False, markup=False, soft_wrap=True
        )

    def _left(self) -> str:
        """Time left, with the interval that it is in four times of five; nothing where nothing is known."""
        return _told(self._foreseen())

    def _live(self) -> Table:
        table = _columns()
        with self._lock:
            running, results = dict(self._running), dict(self._results)
        stages = self._by_job()
        for job in self.jobs:
            if job in results:
                _add(table, results[job])
            elif job in running:
                began, step = running[job]
                apart = self._apart(job)
                left = "" if apart is None else f"~{apart[1]:.0f} s left"
                at = "; ".join(filter(None, [left, (stages or {}).get(job, step.why)]))
                table.add_row(job, "running", "", "", f"{time.monotonic() - began:.0f}", str(len(step.dues)), at)
            else:
                table.add_row(job, "[dim]waiting[/]", "", "", "", "", "")
        parts = (f"{time.monotonic() - self._began:.0f} s", self._left(), UNSEEN if stages is None else "")
        table.caption = ", ".join(filter(None, parts))
        return table


def summary(results: tuple[JobResult, ...]) -> Table:
    """The table at the end of a run."""
    table = _columns()
    for result in results:
        _add(table, result)
    return table


def _columns() -> Table:
    table = Table(box=None, pad_edge=False, caption_justify="left")
    table.add_column("job")
    table.add_column("state")
    for name in ("rows in", "rows out", "seconds", "intervals"):
        table.add_column(name, justify="right")
    table.add_column("why", overflow="ellipsis", no_wrap=True, max_width=60)
    return table


def _add(table: Table, result: JobResult) -> None:
    state = f"[{_STYLES[result.state]}]{result.state}[/]"
    numbers = ("" if count is None else f"{count:,}" for count in (result.rows_in, result.rows_out))
    seconds = f"{result.seconds:.1f}" if result.intervals else ""
    note = result.note.splitlines()[0] if result.note else ""
    table.add_row(result.job, state, *numbers, seconds, str(result.intervals or ""), note)


def _told(left: Seconds | None) -> str:
    if left is None:
        return ""
    low, likely, high = left
    return f"about {likely:.0f} s left ({low:.0f} to {high:.0f})"


def _intervals(count: int) -> str:
    return "1 interval" if count == 1 else f"{count} intervals"

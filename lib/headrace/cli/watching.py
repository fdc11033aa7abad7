"""Everybody who hears a run: what people see, what is foreseen, and the log."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from headrace.cli.assembly import Assembly
from headrace.cli.choice import Choice
from headrace.cli.foreseeing import Foreseeing, foreseeing
from headrace.cli.journal import Journal
from headrace.cli.outcome import interrupts_told
from headrace.cli.progress import Progress, Stages
from headrace.cli.spending import Spending, keep_bill, total
from headrace.cli.timelines import file_name, show_page
from headrace.graph.events import Events, beside
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.graph.result import JobResult
from headrace.ground.interval import Interval
from headrace.ground.stages import Stage, running_stages


@dataclass(frozen=True)
class Watching:
    """One run's listeners, and the console that they speak on."""

    out: Console
    parts: Assembly
    run_id: str
    ahead: Foreseeing
    stages: Stages
    progress: Progress
    journal: Journal
    spending: Spending

    @classmethod
    def of(cls, out: Console, parts: Assembly, chosen: Graph, run_id: str) -> Watching:
        """Those of a run over the chosen jobs."""
        ahead = foreseeing(out, parts, chosen, run_id)
        names = tuple(job.name for job in chosen)

        def stages() -> tuple[Stage, ...] | None:
            return running_stages(parts.spark)

        progress = Progress(out, names, stages, ahead.left)
        path = logs_of(parts.project) / f"{file_name(run_id)}.jsonl"
        journal = Journal(path, run_id, lambda: datetime.now(UTC), out.print)
        spending = Spending.of(parts.spark, parts.project.config.cost)
        return cls(out, parts, run_id, ahead, stages, progress, journal, spending)

    @property
    def events(self) -> Events:
        """The callbacks of all of them."""
        told = beside(self.progress.events, self.journal.events)

        def look() -> None:
            for job, text in self.spending.warnings():
                told.warned(job, text)

        return beside(beside(self.ahead.events, told), Events(passed=look))

    @contextmanager
    def over(self, asked: Interval, choice: Choice) -> Iterator[None]:
        """While the run goes on; where it is interrupted it says how to go on."""
        with interrupts_told(self.out, choice), self.progress.shown(), self.journal.over(asked):
            yield

    def show(self, results: Mapping[str, JobResult], paged: bool) -> None:
        """What is left to say of it: deadlines, and where its timeline, which is a page where that is wanted, and its log are."""
        for line in self.ahead.ended(results):
            self.out.print(line, markup=False, soft_wrap=True)
        bill = keep_bill(logs_of(self.parts.project), self.run_id, datetime.now(UTC), self.spending)
        if bill is not None:
            self.out.print(total(bill), markup=False, soft_wrap=True)
        if paged:
            show_page(self.out, self.parts, self.run_id)
        self.out.print(f"Log: {self.journal.path}", soft_wrap=True)


def logs_of(project: Project) -> Path:
    """The folder of an environment's logs."""
    return project.home / "logs"

"""A run of several applications: a process without Spark that starts a spark-submit for each, and tells what they tell."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console

from headrace.cli.child import Process
from headrace.cli.choice import Choice, console
from headrace.cli.leasing import lease_outputs
from headrace.cli.outcome import interrupts_told, show_states
from headrace.cli.progress import Progress
from headrace.cli.relay import Relay, result_of, step_of
from headrace.cli.standing import Standing
from headrace.cli.standstill import stands_still
from headrace.cli.submission import submission
from headrace.cli.whereabouts import left_of, stages_of
from headrace.graph.applications import Application, applications, check_groups
from headrace.graph.events import Events
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.graph.result import JobResult, State
from headrace.graph.walk import Child, Start, Told, Walk
from headrace.ground.errors import DONE, HeadraceError
from headrace.ground.interval import Interval
from headrace.ground.placement import Placement

LOOKED_AT = 10
"""Logs of so many runs tell how long jobs take."""


@dataclass
class Placed:
    """What is known of a run's jobs, from the processes that run them."""

    jobs: Graph
    out: Console
    results: dict[str, JobResult] = field(default_factory=dict)
    children: dict[str, Process] = field(default_factory=dict)

    @cached_property
    def progress(self) -> Progress:
        """What people see: the stages of all applications, and the time left of each; when the whole ends nobody knows."""

        def standings() -> list[Standing]:
            return [child.standing for child in list(self.children.values())]

        names = tuple(job.name for job in self.jobs)
        return Progress(
            self.out, names, lambda: stages_of(standings()), lambda: None, lambda job: left_of(job, standings())
        )

    @property
    def events(self) -> Events:
        """What tells people of the jobs."""
        return self.progress.events

    def hear(self, told: dict[str, Any]) -> None:
        """Tell on what a process told of its jobs."""
        by_name = {job.name: job for job in self.jobs}
        match told["event"]:
            case "started":
                self.events.started(step_of(told, by_name[told["job"]]))
            case "finished":
                self._settle(result_of(told))
            case "retried":
                self.events.warned(told["job"], f"tried again after {told['told'].splitlines()[0]}")
            case "warned":
                self.events.warned(told["job"], told["told"])

    def ended(self, application: Application, state: State, note: str) -> None:
        """The jobs that nothing was heard of: those under way have the state, those that never began were skipped."""
        child = self.children.get(application.name)
        at_work = child.standing.under_way if child is not None else {}
        for job in application.jobs:
            if job.name not in self.results:
                self._settle(
                    JobResult(job.name, state if job.name in at_work or child is None else "skipped", note=note)
                )

    def unheard(self, application: Application) -> None:
        """An application that ended before its jobs began: what it printed last says why."""
        if all(job.name in self.results for job in application.jobs):
            return
        for line in self.children[application.name].printed:
            self.out.print(line, markup=False, soft_wrap=True)
        for job in application.jobs:
            if job.name not in self.results:
                self._settle(
                    JobResult(job.name, "failed", note="it ended before it began; what it printed stands above")
                )

    def _settle(self, result: JobResult) -> None:
        self.results[result.job] = result
        self.events.finished(result)


def run_placed(
    choice: Choice, project: Project, graph: Graph, chosen: Graph, asked: Interval, run_id: str, placement: Placement
) -> int:
    """Run the chosen jobs, one application for each group of them, under one lease and one run id.

    Raises:
        HeadraceError: JOB_UNKNOWN, PLACEMENT_CYCLE, PLACEMENT_NAME; WAREHOUSE_BUSY.
    """
    check_groups(graph, placement)
    parts = applications(chosen, placement)
    out = console()
    placed = Placed(chosen, out)

    def launch(start: Start) -> Child:
        child = Process(words(choice, start, run_id), placed.hear)
        placed.children[start.application.name] = child
        return child

    def skipped(application: Application, since: str) -> None:
        placed.ended(application, "skipped", f"{since} did not end well")

    def again(application: Application, error: HeadraceError) -> None:
        del placed.children[application.name]  # where it was is where it is no more
        placed.events.retried(application.name, error)

    def lost(application: Application, error: HeadraceError) -> None:
        placed.ended(application, "failed", error.render())

    engine = project.config.engine
    seconds = of_applications(parts, seconds_before(project.home / "logs"))
    told = Told(again, skipped, lost, placed.events.passed)
    walk = Walk(parts, launch, engine.parallel_jobs, engine.attempts, run_id, told, seconds)
    relay = Relay.of_environment(run_id)
    with lease_outputs(project, chosen, run_id, joins=choice.run_id is not None), relay.over():
        many = f"{len(parts)} applications" if len(parts) != 1 else "1 application"
        out.print(f"headrace run {run_id}: {project.name}, environment {project.env}, {asked.label()}, {many}")
        if (still := stands_still(out, choice, project, graph, chosen, asked, run_id)) is not None:
            relay.stood_still(still)
            return DONE
        with interrupts_told(out, choice), placed.progress.shown():
            status = walk.go()
    for part in parts:
        if part.name in walk.statuses:
            placed.unheard(part)
    _show(choice, project, placed, run_id, status)
    relay.tell("ended", status=status)
    return status


def words(choice: Choice, start: Start, run_id: str) -> tuple[str, ...]:
    """The command line of one application: what the run was asked for, of its jobs alone."""
    names = ",".join(job.name for job in start.application.jobs)
    said = ["run", "--select", names, "--env", choice.env, "--run-id", run_id, "--placement", "one"]
    said += ["--project", str(choice.folder)]
    said += ["--from", choice.start] if choice.start else []
    said += ["--to", choice.end] if choice.end else []
    said += ["--full-refresh"] if choice.refresh else []
    said += ["--force"] if choice.force else []
    said += [part for text in choice.sets for part in ("--set", text)]
    said += ["--set", f"engine.most_intervals={start.most_intervals}"] if start.most_intervals else []
    return (*submission(), *said)


def seconds_before(logs: Path) -> Mapping[str, float]:
    """How long each job took, the median of the latest runs, from their logs; nothing where there are none."""
    latest = sorted(logs.glob("*.jsonl"), key=lambda path: path.stat().st_mtime)[-LOOKED_AT:]
    found: dict[str, list[float]] = {}
    for line in (line for path in latest for line in path.read_text(encoding="utf-8").splitlines()):
        told = json.loads(line) if line.endswith("}") else {}
        if told.get("event") == "job ended" and told.get("state") == "done":
            found.setdefault(told["job"], []).append(told["seconds"])
    return {job: median(seconds) for job, seconds in found.items()}


def of_applications(parts: tuple[Application, ...], seconds: Mapping[str, float]) -> Mapping[str, float]:
    """The seconds of each application: those of its jobs; a job of which nothing is known takes one."""
    return {part.name: sum(seconds.get(job.name, 1.0) for job in part.jobs) for part in parts}


def _show(choice: Choice, project: Project, placed: Placed, run_id: str, status: int) -> None:
    out = placed.out
    results = tuple(placed.results[job.name] for job in placed.jobs if job.name in placed.results)
    show_states(out, choice, results, "the decision ledger", status)
    out.print(f"Timeline and cost: {choice.command(f'status {run_id}')}", markup=False, soft_wrap=True)
    out.print(f"Log: {project.home / 'logs'}", soft_wrap=True)

"""What each command does; returns the exit status."""

from __future__ import annotations

import shlex
import signal
import sys
import traceback
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console
from rich.table import Table as Grid

from headrace.cli.loading import load_graph, open_project
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.graph.select import select
from headrace.ground.errors import DONE, HeadraceError, nearest
from headrace.ground.interval import DAY, Interval, merge_adjacent

if TYPE_CHECKING:
    from headrace.cli.assembly import Assembly
    from headrace.tables.spec import Table

TERMINATED = 143


@dataclass(frozen=True)
class Choice:
    """What a command line asks for."""

    folder: Path
    env: str
    sets: tuple[str, ...] = ()
    selector: str | None = None
    start: str | None = None
    end: str | None = None
    run_id: str | None = None
    refresh: bool = False

    @property
    def verbose(self) -> bool:
        """Whether stack traces are wanted (the app's --verbose installs Python's own hook)."""
        return sys.excepthook is traceback.print_exception

    def open(self) -> tuple[Project, Graph]:
        """The project and its linted graph."""
        project = open_project(self.folder, self.env, self.sets)
        return project, load_graph(project)

    def command(self, words: str) -> str:
        """A command line for the same project and environment."""
        rest = [*(["--project", str(self.folder)] if str(self.folder) != "." else [])]
        rest += [part for text in self.sets for part in ("--set", text)]
        return f"headrace {words} --env {self.env}" + (f" {shlex.join(rest)}" if rest else "")

    def resume(self) -> str:
        """The command that goes on where this one stopped."""
        words = ["run", *([self.selector] if self.selector else [])]
        words += ["--from", self.start] if self.start else []
        words += ["--to", self.end] if self.end else []
        return self.command(" ".join(words))


def console() -> Console:
    """Where people read; colours and live tables only on a terminal."""
    return Console(highlight=False)


def run(choice: Choice) -> int:
    """Run what is due of the chosen jobs."""
    from headrace.cli.assembly import asked_interval

    project, graph = choice.open()
    chosen = select(graph, choice.selector)
    asked = asked_interval(project, choice.start, choice.end)
    run_id = choice.run_id or f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    return run_chosen(choice, project, graph, chosen, asked, run_id)


def run_chosen(choice: Choice, project: Project, graph: Graph, chosen: Graph, asked: Interval, run_id: str) -> int:
    """One run under the warehouse's lock, with progress, and what came of it at the end."""
    from headrace.cli.assembly import assemble
    from headrace.cli.outcome import seconds_before, show_outcome
    from headrace.cli.progress import Progress
    from headrace.graph.run import Run
    from headrace.ground.session import running_stages
    from headrace.tables.lock import run_lock

    out = console()
    with run_lock(project.home / "run.lock", run_id):
        out.print(f"headrace run {run_id}: {project.name}, environment {project.env}, {asked.label()}")
        parts = assemble(project, graph)
        names = tuple(job.name for job in chosen)
        progress = Progress(out, names, lambda: running_stages(parts.spark), seconds_before(parts.ledger))
        forced = names if choice.refresh else ()
        going = Run(
            project,
            chosen,
            lambda: parts.look(asked, forced),
            parts.ledger,
            parts.spark,
            parts.sinks,
            run_id,
            progress.events,
        )
        with progress.shown():
            status = going.go()
        show_outcome(out, choice, parts, tuple(going.results[name] for name in names if name in going.results), status)
    return status


def plan(choice: Choice) -> int:
    """Print the steps that a run would take."""
    from headrace.cli.assembly import asked_interval, assemble
    from headrace.graph.plan import plan as plan_steps

    project, graph = choice.open()
    chosen = select(graph, choice.selector)
    asked = asked_interval(project, choice.start, choice.end)
    parts = assemble(project, graph)
    forced = tuple(job.name for job in chosen) if choice.refresh else ()
    found = plan_steps(chosen, parts.look(asked, forced), project.config.engine.most_intervals)
    out = console()
    if not found:
        out.print("Nothing is due: everything is up to date.")
        return DONE
    grid = _grid("job", "interval", "intervals", "why")
    for step in found:
        grid.add_row(step.job.name, step.interval.label(), str(len(step.dues)), step.why)
    out.print(grid)
    out.print(f"Next: {choice.resume()}")
    return DONE


def status(choice: Choice) -> int:
    """The last run and the champions."""
    from headrace.cli.assembly import assemble
    from headrace.cli.outcome import show_champions

    project, graph = choice.open()
    parts = assemble(project, graph)
    out = console()
    entries = parts.ledger.entries
    if not entries:
        out.print(f"Nothing was run yet. Next: {choice.command('run')}")
        return DONE
    last = entries[-1].run_id
    grid = _grid("job", "state", "intervals", "rows in", "rows out", "seconds", "note")
    steps = {(entry.job, entry.at): entry for entry in entries if entry.run_id == last}
    for entry in steps.values():
        counts = ["" if count is None else f"{count:,}" for count in (entry.rows_in, entry.rows_out)]
        note = entry.note.splitlines()[0] if entry.note else ""
        grid.add_row(entry.job, entry.state, str(entry.intervals), *counts, f"{entry.seconds:.1f}", note)
    out.print(f"The last run that did something: {last}")
    out.print(grid)
    show_champions(out, choice, parts)
    return DONE


def lint(choice: Choice) -> int:
    """Everything that can be checked without Spark."""
    project, graph = choice.open()
    console().print(
        f"{project.name}, environment {project.env}: {len(graph)} jobs, {_contracts(project)}. No fault found."
    )
    return DONE


def contract_check(choice: Choice) -> int:
    """The contracts with their fingerprints."""
    project = open_project(choice.folder, choice.env, choice.sets)
    grid = _grid("kind", "name", "version", "fingerprint", "owner")
    kinds = {"events": project.sources, "features": project.groups, "label": project.labels, "model": project.models}
    for kind, contracts in kinds.items():
        for name, contract in contracts.items():
            grid.add_row(kind, name, str(contract.version), contract.fingerprint, contract.owner)
    console().print(grid)
    return DONE


def _contracts(project: Project) -> str:
    features = sum(len(group.columns) for group in project.groups.values())
    return (
        f"{len(project.sources)} event contracts, {len(project.groups)} feature groups with {features} columns, "
        f"{len(project.labels)} labels, {len(project.models)} models"
    )


def rollback_model(choice: Choice, model: str, dry_run: bool) -> int:
    """Give the alias back to the predecessor."""
    from headrace.cli.assembly import assemble
    from headrace.ground.asset import At
    from headrace.tables.lock import run_lock

    project, graph = choice.open()
    if model not in project.models:
        raise HeadraceError("MODEL_UNKNOWN", model=model, hint=nearest(model, project.models))
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    out = console()
    with run_lock(project.home / "run.lock", run_id):
        parts = assemble(project, graph)
        history = parts.champions.champion_history(model)
        if dry_run:
            last = history[-1] if history else None
            if last is None or last.predecessor is None:
                raise HeadraceError("ROLLBACK_IMPOSSIBLE", model=model, why_not="there is no predecessor")
            out.print(f"{model}: version {last.version} is champion; version {last.predecessor} would be again.")
            return DONE
        step = parts.champions.rollback(model, At(project.span, run_id, datetime.now(UTC), project.config.seed))
    out.print(f"{model}: version {step.version} is champion again (decision {step.seq}; it was {step.predecessor}).")
    out.print(f"Next: {choice.command('run score_users')} scores by it. The same rollback again undoes this one.")
    return DONE


def table_list(choice: Choice) -> int:
    """Tables of the graph and where they are."""
    from headrace.tables.spec import Table

    project, graph = choice.open()
    grid = _grid("table", "made by", "meaning", "path")
    made = {output.name: (job.name, output) for job in graph for output in job.outputs if isinstance(output, Table)}
    for name, (job, table) in sorted(made.items()):
        path = project.warehouse.joinpath(*name.split("."))
        grid.add_row(name, job, table.meaning[:60], str(path) if path.exists() else "not made yet")
    console().print(grid)
    return DONE


def table_hash(choice: Choice, name: str, version: int | None) -> int:
    """The hash of a table, over all its parts."""
    from headrace.cli.assembly import assemble
    from headrace.tables.hash import table_hash as hash_of
    from headrace.tables.spec import Table

    project, graph = choice.open()
    tables = {output.name: output for job in graph for output in job.outputs if isinstance(output, Table)}
    if name not in tables:
        raise HeadraceError("TABLE_MISSING", table=name, hint=nearest(name, tables))
    parts = assemble(project, graph)
    whole = replace(tables[name], part=None)
    console().print(hash_of(parts.store.load(whole, version), whole.unhashed))
    return DONE


def quarantine_show(choice: Choice, rule: str | None, rows: int, raw: bool) -> int:
    """Counts by source and rule; some rows, without their text unless asked for (it may hold personal values)."""
    from headrace.cli.refused import counts_by_rule, some_rows

    out = console()
    parts, table = _quarantine(choice)
    counts = counts_by_rule(parts.store.load(table), rule)
    if not counts:
        out.print("Nothing is in quarantine." if rule is None else f"Nothing is in quarantine under the rule {rule}.")
        return DONE
    grid = _grid("source", "rule", "rows", "landing days")
    for source, name, count, days in counts:
        grid.add_row(source, name, f"{count:,}", str(days))
    out.print(grid)
    shown = _grid("landed on", "file", "rule", "detail", *(["raw"] if raw else []))
    for row in some_rows(parts.store.load(table), rule, rows, raw):
        shown.add_row(*row)
    out.print(shown)
    out.print(f"Next: mend the contract, then {choice.command('quarantine replay --rule ' + (rule or counts[0][1]))}")
    return DONE


def quarantine_replay(choice: Choice, rule: str, dry_run: bool) -> int:
    """Ingest anew the landing days that hold rows of a rule."""
    from headrace.cli.refused import counts_by_rule, days_of

    parts, table = _quarantine(choice)
    frame = parts.store.load(table)
    days = days_of(frame, rule)
    if not days:
        raise HeadraceError(
            "QUARANTINE_RULE", rule=rule, hint=nearest(rule, {name for _, name, _, _ in counts_by_rule(frame, None)})
        )
    stretches = merge_adjacent(Interval(day, day + DAY) for day in days)
    out = console()
    out.print(
        f"{len(days)} landing days hold rows of {rule}: {', '.join(part.label() for part in stretches[:5])}{' ...' if len(stretches) > 5 else ''}"
    )
    if dry_run:
        return DONE
    project, graph = choice.open()
    chosen = select(graph, "ingest_events")
    for stretch in stretches:
        forced = Choice(choice.folder, choice.env, choice.sets, "ingest_events", refresh=True)
        result = run_chosen(forced, project, graph, chosen, stretch, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-replay")
        if result != DONE:
            return result
    left = sum(count for _, name, count, _ in counts_by_rule(parts.store.load(table), rule) if name == rule)
    out.print(f"{left:,} rows are left under {rule}. Next: {choice.command('run')} brings what is below up to date.")
    return DONE


def _quarantine(choice: Choice) -> tuple[Assembly, Table]:
    from headrace.cli.assembly import assemble
    from headrace.events.quarantine import quarantine_table

    project, graph = choice.open()
    table = quarantine_table(next(iter(project.sources.values())))
    return assemble(project, graph), replace(table, part=None)


def _grid(*columns: str) -> Grid:
    grid = Grid(box=None, pad_edge=False)
    for name in columns:
        grid.add_column(
            name, justify="right" if name in ("rows", "rows in", "rows out", "seconds", "intervals") else "left"
        )
    return grid

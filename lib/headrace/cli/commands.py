"""Commands that run, plan and undo; each returns the exit status."""

from __future__ import annotations

import signal
import sys
from datetime import UTC, datetime
from functools import partial

from headrace.cli.abroad import refuse_elsewhere, refuse_run, tell_publishers
from headrace.cli.absent import stand_ins
from headrace.cli.agreement import check_agreed
from headrace.cli.choice import Choice, console
from headrace.cli.loading import check_landing
from headrace.cli.submission import submitted_master
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.graph.select import select
from headrace.ground.errors import DONE, HeadraceError, nearest
from headrace.ground.interval import Interval
from headrace.ground.placement import placed_by

TERMINATED = 143


def run(choice: Choice) -> int:
    """Run what is due of the chosen jobs."""
    from headrace.cli.assembly import asked_interval, check_master

    project, graph = choice.open()
    chosen = select(graph, choice.selector)
    placement = placed_by(project.config.placement, choice.placement)
    check_master(project, chosen, submitted_master() if placement.by != "one" else None)
    check_landing(graph, chosen)
    asked = asked_interval(project, choice.start, choice.end)
    run_id = choice.run_id or f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(TERMINATED))
    if placement.by == "one":
        return run_chosen(choice, project, graph, chosen, asked, run_id)
    from headrace.cli.placed import run_placed

    check_agreed(project, graph)
    return run_placed(choice, project, graph, chosen, asked, run_id, placement)


def run_chosen(choice: Choice, project: Project, graph: Graph, chosen: Graph, asked: Interval, run_id: str) -> int:
    """One run under its lease, with progress, and what came of it at the end."""
    from headrace.cli.assembly import assemble
    from headrace.cli.eventlog import logged
    from headrace.cli.leasing import lease_outputs, starting
    from headrace.cli.outcome import show_outcome
    from headrace.cli.recording import Recording
    from headrace.cli.relay import Relay
    from headrace.cli.restoring import lift, mended, show_holds
    from headrace.cli.staged import keep_refusals
    from headrace.cli.standstill import stands_still
    from headrace.cli.watching import Watching
    from headrace.graph.events import beside
    from headrace.graph.run import Run
    from headrace.ground.asset import At

    check_agreed(project, graph)
    out = console()
    refuse_run(out, project, datetime.now(UTC).date())
    tell_publishers(out, project, datetime.now(UTC).date())
    relay = Relay.of_environment(run_id)
    with lease_outputs(project, chosen, run_id, joins=choice.run_id is not None) as lease, relay.over():
        out.print(f"headrace run {run_id}: {project.name}, environment {project.env}, {asked.label()}")
        if (still := stands_still(out, choice, project, graph, chosen, asked, run_id)) is not None:
            relay.stood_still(still)
            return DONE
        at = At(asked, run_id, datetime.now(UTC), project.config.seed)
        told = partial(logged, folder=project.home / "logs" / "spark")
        parts = assemble(project, graph, told, lease.check)
        with starting(project):
            parts = mended(out, parts, at)
            parts = lift(out, parts, at, chosen) if choice.force else parts
            refuse_elsewhere(out, project, datetime.now(UTC).date())
            parts.keep_versions()
        names = tuple(job.name for job in chosen)
        chosen = parts.jobs(names)
        parts.pin_sources(chosen)
        watch = Watching.of(out, parts, chosen, run_id)
        recording = Recording.of(parts, at, beside(watch.events, relay.seeing(watch.stages, watch.ahead.left)))
        forced = names if choice.refresh else ()
        going = Run(
            parts.project,
            chosen,
            lambda: parts.look(asked, forced),
            parts.ledger,
            parts.spark,
            parts.sinks,
            run_id,
            recording.events,
            over=watch.spending.over,
        )
        with watch.over(asked, choice), recording.over(asked) as ended:
            status = ended(going.go())
        keep_refusals(project, run_id, going.results.values())
        show_holds(out, parts, choice)
        show_outcome(out, choice, parts, tuple(going.results[name] for name in names if name in going.results), status)
        watch.show(going.results, paged=not relay.is_part)
        recording.show(out, choice)
        relay.tell("ended", status=status)
    return status


def lint(choice: Choice) -> int:
    """Everything that can be checked without Spark."""
    with stand_ins() as absent:
        project, graph = choice.open()
    out = console()
    out.print(f"{project.name}, environment {project.env}: {len(graph)} jobs, {_contracts(project)}. No fault found.")
    if absent:
        out.print(f"Not installed here, so what jobs import from it was not looked at: {', '.join(sorted(absent))}.")
    return DONE


def _contracts(project: Project) -> str:
    features = sum(len(group.columns) for group in project.groups.values())
    return (
        f"{len(project.sources)} event contracts, {len(project.groups)} feature groups with {features} columns, "
        f"{len(project.labels)} labels, {len(project.models)} models"
    )


def rollback_model(choice: Choice, model: str, dry_run: bool) -> int:
    """Give the alias back to the predecessor."""
    from headrace.cli.assembly import assemble, check_master
    from headrace.cli.leasing import lease_all
    from headrace.ground.asset import At

    project, graph = choice.open()
    if model not in project.models:
        raise HeadraceError("MODEL_UNKNOWN", model=model, hint=nearest(model, project.models))
    run_id = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    out = console()
    check_master(project, graph)
    with lease_all(project, run_id) as lease:
        parts = assemble(project, graph, guard=lease.check)
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

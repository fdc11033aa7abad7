"""`headrace plan`: what a run would do, why, from which versions, and what it would take."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from headrace.cli.abroad import refuse_run
from headrace.cli.agreement import check_agreed
from headrace.cli.choice import Choice, console
from headrace.graph.manifest import manifest
from headrace.graph.select import select
from headrace.ground.errors import DONE, NOT_READY

if TYPE_CHECKING:
    from headrace.cli.planned import Planned

NOTHING_DUE = "Nothing is due: everything is up to date."


def plan(choice: Choice, slots: int | None = None, as_json: bool = False) -> int:
    """Print the steps that a run would take; ``slots``: foretold for so many as well."""
    from headrace.cli.assembly import asked_interval, assemble
    from headrace.cli.held import as_held
    from headrace.cli.planned import Planned, text
    from headrace.cli.restoring import show_holds
    from headrace.graph.forecast import forecast
    from headrace.graph.plan import survey
    from headrace.graph.reads import versions_read
    from headrace.ground import session

    out = Console(stderr=True, highlight=False, markup=False) if as_json else console(markup=False)
    project, graph = choice.open()
    chosen = select(graph, choice.selector)
    asked = asked_interval(project, choice.start, choice.end)
    check_agreed(project, graph)
    refuse_run(out, project, datetime.now(UTC).date())
    parts = as_held(assemble(project, graph))
    chosen = parts.jobs(tuple(job.name for job in chosen))
    seen = parts.look(asked, tuple(job.name for job in chosen) if choice.refresh else ())
    engine = project.config.engine
    found = survey(chosen, seen, engine.most_intervals)
    counts = (session.slots(parts.spark), *([slots] if slots else []))
    due = {step.job.name: versions_read(step.job, found, seen) for step in found.steps}
    planned = Planned(found, forecast(chosen, found, seen, counts, engine.parallel_jobs), due, project.config.cost)
    show_holds(out, parts, choice)
    if as_json:
        typer.echo(text(manifest(project, chosen, choice.sets).to_json(), planned), nl=False)
    else:
        _print(out, choice, planned)
    return NOT_READY if found.not_ready else DONE


def _print(out: Console, choice: Choice, planned: Planned) -> None:
    from headrace.cli.planned import show

    for lacks in planned.lacking.values():
        out.print(lacks, markup=False)
    for one in planned.plan.waiting:
        out.print(one.told, markup=False, soft_wrap=True)
    if planned.plan.steps:
        show(out, planned)
        out.print(f"Next: {choice.resume()}")
    elif not planned.plan.not_ready:
        out.print("Nothing is due: everything else is up to date." if planned.plan.waiting else NOTHING_DUE)

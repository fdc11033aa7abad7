"""What became of the last run, what serves, how far the tables are done, and what is due now."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.console import Console

from headrace.cli.choice import Choice, console, grid_of
from headrace.ground.errors import DONE

if TYPE_CHECKING:
    from headrace.cli.assembly import Assembly
    from headrace.features.entry import Entry
    from headrace.graph.ledger import Entry as LedgerEntry
    from headrace.graph.plan import Plan, Step


def status(choice: Choice) -> int:
    """Print it. Before any run no session is opened."""
    from headrace.cli.assembly import assemble
    from headrace.cli.held import as_held
    from headrace.cli.outcome import show_champions
    from headrace.cli.restoring import show_holds
    from headrace.features.catalog import build_catalog
    from headrace.graph.ledger import LEDGER
    from headrace.graph.plan import survey

    project, graph = choice.open()
    catalog = build_catalog(project, graph, (LEDGER,))
    out = console(markup=False)
    if catalog.entry("table", LEDGER.name).done_until == "never":
        out.print(f"Nothing was run yet. Next: {choice.command('run')}")
        return DONE
    parts = as_held(assemble(project, graph))
    if not parts.ledger.entries:
        out.print(f"Nothing was run yet. Next: {choice.command('run')}")
        return DONE
    _show_last(out, parts)
    show_champions(out, choice, parts)
    jobs = {job.name for job in graph}
    out.print(done_until(entry for entry in catalog.of("table") if jobs & set(entry.made_by)))
    show_holds(out, parts, choice)
    found = survey(parts.graph, parts.look(project.span), project.config.engine.most_intervals)
    out.print(due_now(found, choice))
    return DONE


def _show_last(out: Console, parts: Assembly) -> None:
    entries = parts.ledger.entries
    last = entries[-1].run_id
    grid = grid_of("job", "state", "intervals", "rows in", "rows out", "seconds", "note")
    steps: dict[object, LedgerEntry] = {(entry.job, entry.at): entry for entry in entries if entry.run_id == last}
    for entry in steps.values():
        counts = ["" if count is None else f"{count:,}" for count in (entry.rows_in, entry.rows_out)]
        note = entry.note.splitlines()[0] if entry.note else ""
        grid.add_row(entry.job, entry.state, str(entry.intervals), *counts, f"{entry.seconds:.1f}", note)
    out.print(f"The last run that did something: {last}")
    out.print(grid)


def done_until(tables: Iterable[Entry]) -> str:
    """How far the tables are done, in a line: the dates, and how many tables each holds for; newest first."""
    counted = Counter(table.done_until for table in tables)
    dates = sorted(counted, key=lambda said: (said != "never", said), reverse=True)
    return "Done until: " + ", ".join(
        f"{said} ({counted[said]} table{'s' if counted[said] != 1 else ''})" for said in dates
    )


def due_now(found: Plan, choice: Choice) -> str:
    """What a run would do now, and a line for each job that waits."""
    waits = "".join(f"\n{one.told}" for one in found.waiting)
    return f"{_due_now(found.steps, choice, 'everything else' if waits else 'everything')}{waits}"


def _due_now(steps: tuple[Step, ...], choice: Choice, rest: str) -> str:
    if not steps:
        return f"Due now: nothing; {rest} is up to date."
    jobs = ", ".join(dict.fromkeys(step.job.name for step in steps))
    intervals = sum(len(step.dues) for step in steps)
    return f"Due now: {jobs} ({intervals} interval{'s' if intervals != 1 else ''}). Next: {choice.command('run')}"

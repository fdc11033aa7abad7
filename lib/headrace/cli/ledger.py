"""`headrace ledger`: what was done, restored from the histories of tables where it was lost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from headrace.cli.choice import Choice, console, grid_of
from headrace.cli.options import HERE, DryRun, Env, Folder, Sets
from headrace.ground.errors import DONE
from headrace.ground.interval import show_instant

if TYPE_CHECKING:
    from headrace.cli.assembly import Assembly
    from headrace.graph.ledger import Entry
    from headrace.graph.proof import History, Proven

ledger = typer.Typer(help="What was done for which interval.", no_args_is_help=True)


@ledger.callback()
def entries() -> None:
    """What was done for which interval."""


@ledger.command("rebuild")
def ledger_rebuild(
    env: Env = "local", project: Folder = HERE, sets: Sets = None, dry_run: DryRun = False,
) -> None:  # fmt: skip
    """Write down again what the ledger lacks and the tables' own histories prove."""
    raise typer.Exit(rebuild(Choice(project, env, tuple(sets or ())), dry_run))


def rebuild(choice: Choice, dry_run: bool) -> int:
    """Restore the entries that are lost; with ``dry_run`` only say which.

    Raises:
        HeadraceError: WAREHOUSE_BUSY, TABLE_LOG_UNREADABLE, and what ``assemble`` refuses.
    """
    from headrace.cli.assembly import assemble
    from headrace.cli.leasing import lease_all
    from headrace.graph.proof import lost, proven

    project, graph = choice.open()
    out = console(markup=False)
    with lease_all(project, f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-rebuild") as lease:
        parts = assemble(project, graph, guard=lease.check)
        found = proven(histories(parts))
        lacking = lost(found, parts.ledger.entries)
        _show(out, parts, found, lacking)
        if lacking and not dry_run:
            parts.ledger.append(lacking)
    written = "would be" if dry_run else "were"
    out.print(f"{len(lacking)} entries {written} restored." if lacking else "The ledger has all that the tables prove.")
    out.print(f"Next: {choice.command('plan')}")
    return DONE


def histories(parts: Assembly) -> tuple[History, ...]:
    """The history of every table that a job makes: from its log, by Spark where that is not to be seen from here."""
    from headrace.graph.proof import History
    from headrace.tables.spec import Table

    tables = {output.name: output for job in parts.graph for output in job.outputs if isinstance(output, Table)}
    found = []
    for name, table in tables.items():
        log = parts.log(name)
        found.append(History(name, log.commits() if log.readable else parts.store.commits(table)))
    return tuple(found)


def _show(out: Console, parts: Assembly, found: Proven, lacking: Sequence[Entry]) -> None:
    grid = grid_of("job", "intervals", "from", "to", "done")
    for job in parts.graph:
        mine = [entry for entry in lacking if entry.job == job.name]
        if mine:
            spans = [entry.interval for entry in mine]
            first, last = min(span.start for span in spans), max(span.end for span in spans)
            done = max(entry.at for entry in mine)
            grid.add_row(
                job.name, str(len(set(spans))), show_instant(first), show_instant(last), f"{done:%Y-%m-%d %H:%M}"
            )
    if lacking:
        out.print(grid)
    for one in found.unproven:
        out.print(f"{one.job} {one.interval}: no commit of {one.output}; it is done again.", soft_wrap=True)
    told = {entry.job for entry in (*found.entries, *parts.ledger.entries)}
    silent = [job.name for job in parts.graph if job.name not in told]
    if silent:
        out.print(f"No table tells of these, and a run does what is due of them: {', '.join(silent)}.", soft_wrap=True)

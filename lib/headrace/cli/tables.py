"""Commands that look at tables and at what was refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from headrace.cli.absent import stand_ins
from headrace.cli.choice import Choice, console, grid_of
from headrace.cli.commands import run_chosen
from headrace.graph.select import select
from headrace.ground.errors import DONE, HeadraceError, nearest
from headrace.ground.interval import DAY, Interval, merge_adjacent

if TYPE_CHECKING:
    from headrace.cli.assembly import Assembly
    from headrace.tables.spec import Table


def table_list(choice: Choice) -> int:
    """Tables of the graph and where they are."""
    from headrace.tables.spec import Table

    with stand_ins():
        project, graph = choice.open()
    grid = grid_of("table", "made by", "meaning", "path")
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
    grid = grid_of("source", "rule", "rows", "landing days")
    for source, name, count, days in counts:
        grid.add_row(source, name, f"{count:,}", str(days))
    out.print(grid)
    shown = grid_of("landed on", "file", "rule", "detail", *(["raw"] if raw else []))
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
        f"{len(days)} landing days hold rows of {rule}, in {len(stretches)} stretches from {stretches[0].label()} on"
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

"""Commands that look at tables and at what was refused."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from headrace.cli.choice import Choice, console, grid_of
from headrace.cli.commands import run_chosen
from headrace.cli.entries import open_catalog, show_entry
from headrace.graph.select import select
from headrace.ground.errors import DONE, HeadraceError, nearest
from headrace.ground.interval import DAY, Interval, merge_adjacent

if TYPE_CHECKING:
    from headrace.cli.assembly import Assembly
    from headrace.tables.spec import Table


def table_list(choice: Choice) -> int:
    """All tables, how far they are done and how large they are."""
    project, catalog = open_catalog(choice)
    grid = grid_of("table", "made by", "done until", "version", "rows", "size", "meaning")
    for entry in catalog.of("table"):
        fresh = entry.freshness
        made = (str(fresh.version), fresh.count, fresh.size) if fresh is not None else ("", "", "")
        grid.add_row(entry.name, ", ".join(entry.made_by), entry.done_until, *made, entry.brief)
    out = console(markup=False)
    out.print(grid)
    out.print(f"schema.table lies in {project.tables_at}/schema/table", soft_wrap=True)
    if all(entry.done_until == "never" for entry in catalog.of("table")):
        out.print(f"Nothing was run yet. Next: {choice.command('run')}")
    return DONE


def table_show(choice: Choice, name: str) -> int:
    """Everything that is known of one table.

    Raises:
        HeadraceError: TABLE_UNKNOWN.
    """
    project, catalog = open_catalog(choice)
    entry = catalog.entry("table", name)
    job = entry.made_by[0]
    out = console(markup=False)
    show_entry(
        out, entry, f"never: nothing has made it yet; {choice.command('run' if job == 'headrace' else f'run +{job}')}"
    )
    out.print(f"It lies in {'/'.join((str(project.root_of(name)), *name.split('.')))}", soft_wrap=True)
    return DONE


def table_history(choice: Choice, name: str, rows: int) -> int:
    """The latest commits of a table.

    Raises:
        HeadraceError: TABLE_UNKNOWN, TABLE_LOG_ELSEWHERE.
    """
    from headrace.tables.log import log_of

    project, catalog = open_catalog(choice)
    entry = catalog.entry("table", name)
    out = console(markup=False)
    log = log_of(project.root_of(name), entry.name)
    if not log.readable:
        raise HeadraceError("TABLE_LOG_ELSEWHERE", table=name, place=project.root_of(name))
    commits = log.commits(rows)
    if not commits:
        out.print(f"{name} was never made. Next: {choice.command('run')}")
        return DONE
    grid = grid_of("version", "time (UTC)", "operation", "job", "interval", "run", "rows")
    for commit in commits:
        note = commit.note
        told = (note.get("job", "–"), note.get("interval", "–"), note.get("run_id", "–"))
        grid.add_row(
            str(commit.version),
            f"{commit.at:%Y-%m-%d %H:%M:%S}",
            commit.operation,
            *told,
            "–" if commit.rows is None else f"{commit.rows:,}",
        )
    out.print(grid)
    return DONE


def table_hash(choice: Choice, name: str, version: int | None) -> int:
    """The hash of a table's rows.

    Raises:
        HeadraceError: TABLE_UNKNOWN; TABLE_MISSING where it was never made; VERSION_GONE.
    """
    from headrace.cli.assembly import assemble
    from headrace.graph.ledger import LEDGER
    from headrace.release.decisions import DECISIONS
    from headrace.tables.hash import table_hash as hash_of
    from headrace.tables.log import log_of
    from headrace.tables.spec import Table

    project, graph = choice.open()
    made = [output for job in graph for output in job.outputs if isinstance(output, Table)]
    tables = {output.name: output for output in (*made, LEDGER, DECISIONS)}
    if name not in tables:
        raise HeadraceError("TABLE_UNKNOWN", table=name, hint=nearest(name, tables))
    log = log_of(project.root_of(name), name)
    if log.readable and not log.commits(1):
        raise HeadraceError("TABLE_MISSING", table=name, hint=choice.command("run"))
    parts = assemble(project, graph)
    whole_table = replace(tables[name], part=None)
    console(markup=False).print(hash_of(parts.store.load(whole_table, version), whole_table.unhashed))
    return DONE


def quarantine_show(choice: Choice, rule: str | None, rows: int, raw: bool) -> int:
    """Counts by source and rule; some rows, without their text unless asked for (it may hold personal values)."""
    from headrace.cli.refused import counts_by_rule, some_rows

    out = console()
    parts, table = open_quarantine(choice)
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
    source, named, *_ = counts[0]
    agreed = choice.command(f"contract bump {source} --why ...")
    out.print(
        f"Next: mend the contract, then {agreed}, then {choice.command(f'quarantine replay --rule {rule or named}')}"
    )
    return DONE


def quarantine_replay(choice: Choice, rule: str, dry_run: bool) -> int:
    """Ingest anew the landing days that hold rows of a rule."""
    from headrace.cli.refused import counts_by_rule, days_of

    parts, table = open_quarantine(choice)
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


def open_quarantine(choice: Choice) -> tuple[Assembly, Table]:
    """The environment, and its quarantine as a whole."""
    from headrace.cli.assembly import assemble
    from headrace.events.quarantine import quarantine_table

    project, graph = choice.open()
    table = quarantine_table(next(iter(project.sources.values())))
    return assemble(project, graph), replace(table, part=None)

"""Entries of the catalog on a terminal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from rich.console import Console
from rich.padding import Padding

from headrace.cli.absent import stand_ins
from headrace.cli.choice import Choice, grid_of
from headrace.cli.drawn import lineage_tree, spread_grid

if TYPE_CHECKING:
    from headrace.features.catalog import Catalog
    from headrace.features.entry import Entry
    from headrace.features.versions import Version
    from headrace.graph.lint import Graph
    from headrace.graph.project import Project


def open_catalog(choice: Choice) -> tuple[Project, Catalog]:
    """The project and its catalog, headrace's own tables included. No Spark is started, nor needed."""
    project, _, catalog = open_all(choice)
    return project, catalog


def open_all(choice: Choice) -> tuple[Project, Graph, Catalog]:
    """The same with the graph between them."""
    with stand_ins():
        from headrace.cli.withheld import with_holds_told
        from headrace.features.catalog import build_catalog
        from headrace.features.groups import kept_tables
        from headrace.graph.ledger import LEDGER
        from headrace.release.decisions import DECISIONS
        from headrace.tables.layout import MAINTENANCE

        project, graph = choice.open()
        kept = kept_tables(project, datetime.now(UTC).date())
        catalog = build_catalog(project, graph, (LEDGER, DECISIONS, MAINTENANCE, *kept))
        return project, graph, with_holds_told(catalog, project, graph)


def show_entry(out: Console, entry: Entry, never: str, place: int = 0) -> None:
    """Everything that is known of an entry; ``never`` is said of the freshness of what was never made.

    A feature of several columns is shown with the computation of one of them.
    """
    out.print(f"{entry.kind} {entry.name}: {entry.meaning}")
    grid = grid_of("", "")
    grid.show_header = False
    for name, value in _facts(entry, never):
        grid.add_row(f"  {name}", value)
    out.print(grid)
    if entry.columns and entry.kind == "table":
        columns = grid_of("  column", "type", "unit", "key", "sensitivity", "meaning")
        for column in entry.columns:
            key = "key" if column.key else ""
            told = (column.type or "–", column.unit or "–", key, column.sensitivity, column.meaning)
            columns.add_row(f"  {column.name}", *told)
        out.print(columns)
    if entry.kind == "feature":
        _show_feature(out, entry)
    computed = entry.definitions[place] if entry.definitions else ""
    for title, text in (("Computed as", computed), ("Read it in Python", entry.python), ("Read it in SQL", entry.sql)):
        if text:
            out.print(f"{title}:")
            out.print("\n".join(f"  {line}" for line in text.splitlines()), soft_wrap=True)


def _show_feature(out: Console, entry: Entry) -> None:
    """How it is spread, where it comes from and goes to, and its versions."""
    if entry.profiles:
        out.print(f"Spread over those whom model {entry.profiles[0].model} is about:")
        out.print(spread_grid(entry.profiles))
    else:
        out.print(f"Spread: not known; {entry.unprofiled}")
    if entry.lineage is not None:
        out.print("Lineage:")
        out.print(Padding(lineage_tree(entry.lineage), (0, 0, 0, 2)))
    _show_versions(out, entry.versions)


def _show_versions(out: Console, versions: Iterable[Version]) -> None:
    """Since when each version holds, why it came, and what of it concerns the feature."""
    grid = grid_of("  version", "state", "why", "what changed", "table")
    for version in versions:
        grid.add_row(f"  {version.number}", version.told, version.why, "\n".join(version.changed), version.table)
    out.print(grid)


def _facts(entry: Entry, never: str) -> Iterator[tuple[str, str]]:
    """The lines of an entry, those that say nothing left out."""
    contract = f"version {entry.version}, fingerprint {entry.fingerprint}" if entry.version is not None else ""
    lines = (
        ("columns", ", ".join(column.name for column in entry.columns) if entry.kind == "feature" else ""),
        ("owner", entry.owner),
        ("entity", ", ".join(entry.entity)),
        ("windows", ", ".join(entry.windows)),
        ("source", ", ".join(entry.sources)),
        ("contract", contract),
        ("sensitivity", entry.sensitivity),
        *((name.lower(), value) for name, value in entry.facts),
        ("table", entry.table if entry.kind != "table" else ""),
        ("written by" if entry.kind == "table" else "made by", ", ".join(entry.made_by)),
        ("read by", read_by(entry)),
        *_fresh(entry, never),
    )
    yield from ((name, value) for name, value in lines if value)


def _fresh(entry: Entry, never: str) -> Iterator[tuple[str, str]]:
    freshness = entry.freshness
    if freshness is None:
        yield "done until", "unknown: its log is in no folder of this machine" if entry.unseen else never
        return
    yield "done until", entry.done_until
    run = f", {freshness.interval} by {freshness.job}, run {freshness.run_id}" if freshness.run_id else ""
    yield "last commit", f"version {freshness.version}, {freshness.committed_at:%Y-%m-%d %H:%M:%S} UTC{run}"
    yield "size", f"{freshness.count} rows, {freshness.size}"


def read_by(entry: Entry) -> str:
    """The readers in a line: what is not a job first, since a job reads the whole table."""
    told = [reader for reader in entry.readers if reader.kind != "job"]
    jobs = [reader.name for reader in entry.readers if reader.kind == "job"]
    named = [f"{reader.kind} {reader.name}" + (f" ({reader.what})" if reader.what else "") for reader in told]
    return "; ".join([*named, *([f"jobs {', '.join(jobs)}"] if jobs else [])]) or "nobody"

"""What the catalog says of rollbacks that hold: readers of a table are given something else than its job would make."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from headrace import __version__
from headrace.cli.held import identities, table_identities
from headrace.release.decisions import DECISIONS, in_order
from headrace.release.rollback import about_tables, holds
from headrace.release.whole_run import run_holds
from headrace.tables.log import log_of
from headrace.tables.newest import all_rows

if TYPE_CHECKING:
    from headrace.features.catalog import Catalog
    from headrace.features.entry import Entry
    from headrace.graph.holds import Hold
    from headrace.graph.lint import Graph
    from headrace.graph.project import Project


def with_holds_told(catalog: Catalog, project: Project, graph: Graph) -> Catalog:
    """The catalog, in which each feature and table that a rollback holds says so; as it was where the ledger is not to be seen.

    Raises:
        HeadraceError: TABLE_LOG_UNREADABLE, TABLE_FILE_UNREADABLE.
    """
    rows = all_rows(log_of(project.root_of(DECISIONS.name), DECISIONS.name))
    steps = about_tables(in_order(rows or ()))
    lasting = holds(steps, identities(project), __version__)
    lasting += run_holds(steps, table_identities(project, graph), __version__)
    told = {table: _told(hold) for hold in lasting for table in (hold.table, hold.declared)}
    return replace(catalog, entries=tuple(_entry(entry, told.get(entry.table, "")) for entry in catalog.entries))


def _told(hold: Hold) -> str:
    what = (
        f"as of release {hold.release}" if hold.release else f"readers are given version {hold.version} ({hold.table})"
    )
    return f"by rollback {hold.number}: {what}, which is not made anew; headrace rollback undo {hold.number} ends it"


def _entry(entry: Entry, told: str) -> Entry:
    return replace(entry, facts=(("Held", told), *entry.facts)) if told else entry

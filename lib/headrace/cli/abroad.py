"""What other projects have done to the groups that this one takes: told by a check, and before anything is run."""

from __future__ import annotations

from datetime import date

from rich.console import Console

from headrace.cli.elsewhere import rows_elsewhere
from headrace.cli.findings import show_findings
from headrace.contracts.finding import Finding
from headrace.graph.agreed import refuse
from headrace.graph.catalogs import Elsewhere, read_catalogs
from headrace.graph.project import Project
from headrace.graph.registering import register
from headrace.graph.standing import CAN_WAIT, Standing, standing
from headrace.tables.published import catalog_root


def check_taken(out: Console, project: Project, today: date, elsewhere: Elsewhere | None = None) -> Standing:
    """How the taken groups stand, with what is no error shown. Without entries no catalog is looked at.

    Raises:
        HeadraceError: CATALOG_MISSING, CATALOG_UNREADABLE, PACKAGE_MISSING.
    """
    if not project.taken:
        return Standing((), ())
    needed = {entry.catalog for entry in project.taken.values()}
    named = {name: text for name, text in project.config.catalogs.items() if name in needed}
    found = standing(project, read_catalogs(project.root, named, elsewhere), today)
    show_findings(out, found.findings)
    return found


def tell_publishers(out: Console, project: Project, today: date) -> None:
    """Write down, where their owners see it, what is read of other projects; of what cannot be written a note is shown."""
    show_findings(out, register(project, today))


def refuse_run(out: Console, project: Project, today: date, elsewhere: Elsewhere | None = None) -> None:
    """Stop a run where what was accepted is not there any more; of what only waits for a decision, warn.

    Raises:
        HeadraceError: what ``check_taken`` raises; PUBLISHED_*, CONTRACTS_REFUSED for several.
    """
    errors = check_taken(out, project, today, elsewhere).errors
    waiting = [error for error in errors if error.code in CAN_WAIT]
    show_findings(out, [Finding("warning", error.render()) for error in waiting])
    refuse(tuple(error for error in errors if error.code not in CAN_WAIT))


def refuse_elsewhere(out: Console, project: Project, today: date) -> None:
    """The same once Spark is there, where a catalog is in no folder of this machine and only Spark can look.

    Raises:
        HeadraceError: what ``refuse_run`` raises.
    """
    catalogs = {entry.catalog for entry in project.taken.values()}
    if any(isinstance(catalog_root(project.root, project.config.catalogs[name]), str) for name in catalogs):
        refuse_run(out, project, today, rows_elsewhere(project.config, project.name))

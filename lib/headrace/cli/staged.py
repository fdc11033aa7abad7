"""What lies staged: rows that were held back, and what a kill left behind; and the records of refusals."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from headrace.cli.alerts import keep_record
from headrace.cli.choice import Choice, console, grid_of
from headrace.cli.timelines import file_name
from headrace.ground.errors import DONE, HeadraceError

if TYPE_CHECKING:
    from headrace.graph.project import Project
    from headrace.graph.result import JobResult

ROWS_REFUSED = "ROWS_REFUSED"
LEFT = "not judged yet, or left behind by a run that was stopped"


def table_staged(choice: Choice) -> int:
    """A line a staged table: of which job and interval, how many rows, why; and what it is called in SQL.

    Raises:
        HeadraceError: TABLE_LOG_ELSEWHERE, TABLE_LOG_UNREADABLE.
    """
    from headrace.tables.staging import FOLDER, staged_in
    from headrace.tables.upkeep import sql_name

    project, _ = choice.open()
    if not isinstance(project.tables_at, Path):
        raise HeadraceError("TABLE_LOG_ELSEWHERE", table=FOLDER, place=project.tables_at)
    out = console(markup=False)
    found = [one for root in _roots(project) for one in staged_in(root)]
    if not found:
        out.print("Nothing is staged: whatever was made is published.")
        return DONE
    grid = grid_of("table", "job", "interval", "run", "rows", "why it is not published")
    for one in found:
        rows = "" if one.rows is None else f"{one.rows:,}"
        grid.add_row(one.table, one.job, one.interval.label(), one.run_id, rows, one.why or LEFT)
    out.print(grid)
    for one in found:
        out.print(f"{one.table} lies staged as {sql_name(one.folder.parent.parent, one.table)}", soft_wrap=True)
    out.print(f"Next: mend what comes in, or what is expected, then {choice.command('run')}", soft_wrap=True)
    return DONE


def _roots(project: Project) -> tuple[Path, ...]:
    """The warehouse, and what else tables lie below, as far as they are folders of this machine."""
    from headrace.tables.spec import QUARANTINE

    roots = (project.tables_at, project.root_of(QUARANTINE))
    return tuple(dict.fromkeys(root for root in roots if isinstance(root, Path)))


def keep_refusals(project: Project, run_id: str, results: Iterable[JobResult]) -> None:
    """An alert record for each job whose rows were held back in a run."""
    for result in results:
        error = result.error
        if result.withheld and isinstance(error, HeadraceError):
            about = {key: str(error.parameters[key]) for key in ("job", "interval", "broken", "table", "path")}
            keep_record(project, f"refused-{result.job}-{file_name(run_id)}", ROWS_REFUSED, {"run": run_id, **about})

"""The command that tends tables now, whether the job is due or not, and says what it did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from rich.console import Console

from headrace.cli.assembly import Assembly, assemble
from headrace.cli.choice import Choice, console, grid_of
from headrace.cli.leasing import lease_all
from headrace.graph.ledger import LEDGER
from headrace.ground.errors import DONE
from headrace.release.decisions import DECISIONS
from headrace.tables.layout import MAINTENANCE, MEBIBYTE, Lying, Thresholds, Work, work_of
from headrace.tables.spec import Table
from headrace.tables.tended import UpkeepSink


def maintain(choice: Choice, dry_run: bool) -> int:
    """Lay small files together and let go what no promise keeps; with ``dry_run`` only say which.

    Raises:
        HeadraceError: what ``lease_all`` raises, VACUUM_TOO_SHORT.
    """
    project, graph = choice.open()
    out, now = console(markup=False), datetime.now(UTC)
    run_id = f"{now:%Y%m%dT%H%M%SZ}-maintain"
    with lease_all(project, run_id) as lease:
        parts = assemble(project, graph, guard=lease.check)
        sink = UpkeepSink(parts.store, parts.log, parts.needs)
        asked = project.config.maintenance
        thresholds = Thresholds(asked.small_mebibytes * MEBIBYTE, asked.least_files)
        found = tuple(sink.lying(table.name for table in _tables(parts)))
        works = tuple(work_of(one, thresholds, now) for one in found)
        _show_plan(out, found, works)
        for folder in sink.outdated(now):
            out.print(f"{folder} was staged and never published; it is let go.", soft_wrap=True)
        if dry_run:
            out.print("Nothing was written.")
            return DONE
        _show_done(out, sink.tend(works, run_id, now))
    return DONE


def _tables(parts: Assembly) -> Iterable[Table]:
    made = [output for job in parts.graph for output in job.outputs if isinstance(output, Table)]
    return (*made, LEDGER, DECISIONS, MAINTENANCE)


def _show_plan(out: Console, found: Iterable[Lying], works: Iterable[Work]) -> None:
    grid = grid_of("table", "files", "MiB", "MiB of earlier versions", "what is to be done")
    for one, work in zip(found, works, strict=True):
        grid.add_row(one.table, f"{one.files:,}", _size(one.bytes), _size(one.bytes_left), work.told or "nothing")
    out.print(grid)


def _show_done(out: Console, rows: Iterable[Mapping[str, Any]]) -> None:
    grid = grid_of("table", "files before", "files after", "MiB before", "MiB after", "MiB freed")
    done = list(rows)
    for row in done:
        files = (f"{row[name]:,}" for name in ("files_before", "files_after"))
        grid.add_row(row["table"], *files, *(_size(row[f"bytes_{name}"]) for name in ("before", "after", "freed")))
    out.print(grid if done else "Nothing is worth doing.")
    if done:
        freed = sum(row["bytes_freed"] for row in done)
        out.print(
            f"{_size(freed)} MiB freed. Files that compaction replaced stay for as long as their versions are kept."
        )


def _size(count: int) -> str:
    return f"{count / MEBIBYTE:,.2f}"

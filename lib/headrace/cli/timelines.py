"""The timeline of a run, on a terminal and as a page."""

from __future__ import annotations

import re
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from headrace.cli.choice import Choice, console, grid_of
from headrace.graph.timeline import Timeline, run_named, timeline
from headrace.ground.errors import DONE, HeadraceError
from headrace.ground.secret import redact

if TYPE_CHECKING:
    from headrace.cli.assembly import Assembly

CELLS = 40
_CRITICAL, _BESIDE = "█", "▒"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")


def show_run(choice: Choice, text: str, output: Path | None) -> int:
    """Print the timeline of one run, and write its page where one is asked for.

    Raises:
        HeadraceError: RUN_UNKNOWN, RUN_AMBIGUOUS, PAGE_UNWRITABLE.
    """
    from headrace.cli.assembly import assemble
    from headrace.cli.spending import read_bills, show_bill
    from headrace.monitoring.gantt import render
    from headrace.monitoring.page import write_page

    project, graph = choice.open()
    out = console(markup=False)
    parts = assemble(project, graph)
    entries = parts.ledger.entries
    found = timeline(entries, run_named(entries, text), graph)
    show_timeline(out, found)
    show_bill(out, read_bills(project.home / "logs"), found.run_id)
    if output is not None:
        try:
            write_page(output, render(found, project.name, project.env))
        except OSError as error:
            raise HeadraceError("PAGE_UNWRITABLE", file=output, problem=error.strerror) from None
        out.print(f"Timeline: {output.resolve()}", soft_wrap=True)
    return DONE


def show_page(out: Console, parts: Assembly, run_id: str) -> None:
    """Write the page of a run that has just ended, and say where it is; of a run that did nothing there is none."""
    from headrace.monitoring.gantt import render
    from headrace.monitoring.page import write_page

    found = timeline(parts.ledger.entries, run_id, parts.graph)
    path = page_of(parts.pages.folder, run_id)
    if not found.bars:
        return
    try:
        write_page(path, render(found, parts.project.name, parts.project.env), "run")
    except OSError as error:  # the run itself is done
        out.print(f"No timeline was written: {path} cannot be written ({error.strerror}).", soft_wrap=True)
    else:
        out.print(f"Timeline: {path}", soft_wrap=True)


def show_timeline(out: Console, found: Timeline) -> None:
    """A line a step, each with its bar: full blocks on the critical path, light ones beside it."""
    out.print(f"Run {found.run_id}, from {found.began:%Y-%m-%d %H:%M:%S} UTC: {found.told}", soft_wrap=True)
    grid = grid_of("job", "time", "start", "seconds", "state", "rows in", "rows out", f"{_CRITICAL} critical path")
    for place, bar in enumerate(found.bars):
        counts = ["" if count is None else f"{count:,}" for count in (bar.rows_in, bar.rows_out)]
        drawn = bar_of(found, place)
        when = f"+{found.after(bar):.1f}"
        grid.add_row(bar.job, bar.interval.label(), when, f"{bar.seconds:.1f}", bar.state, *counts, drawn)
    out.print(grid)
    for bar in found.bars:
        if bar.state != "done" and bar.note:
            out.print(redact(f"{bar.job} {bar.state}: {bar.note}"), soft_wrap=True)


def bar_of(found: Timeline, place: int) -> str:
    """The step's place in the run's time, in ``CELLS`` cells; the shortest step has one."""
    bar, whole = found.bars[place], found.seconds or 1.0
    start = min(int(found.after(bar) / whole * CELLS), CELLS - 1)
    width = max(round(bar.seconds / whole * CELLS), 1)
    block = _CRITICAL if place in found.chain else _BESIDE
    return " " * start + block * min(width, CELLS - start)


def page_of(reports: Path, run_id: str) -> Path:
    """Where the page of a run is."""
    return reports / "runs" / f"{file_name(run_id)}.html"


def file_name(run_id: str) -> str:
    """The run's ID where a file can be called so, else what is like it."""
    if _PLAIN.fullmatch(run_id):
        return run_id
    plain = re.sub(r"[^A-Za-z0-9]+", "-", run_id)[:60]
    return f"{plain}-{sha256(run_id.encode()).hexdigest()[:8]}"

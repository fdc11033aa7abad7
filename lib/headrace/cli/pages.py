"""The command that writes the catalog's page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from headrace.cli.choice import Choice, console
from headrace.cli.entries import open_catalog
from headrace.ground.errors import DONE, HeadraceError


def catalog(choice: Choice, output: Path | None) -> int:
    """Write the page to ``output``, or beside the environment's reports.

    Raises:
        HeadraceError: PAGE_UNWRITABLE.
    """
    from headrace.monitoring.catalog import render
    from headrace.monitoring.page import write_page

    project, found = open_catalog(choice)
    path = output if output is not None else project.home / "reports" / "catalog.html"
    try:
        write_page(path, render(found, datetime.now(UTC)))
    except OSError as error:
        raise HeadraceError("PAGE_UNWRITABLE", file=path, problem=error.strerror) from None
    out = console(markup=False)
    counts = ", ".join(f"{count} {kind}{'s' if count != 1 else ''}" for kind, count in found.counts.items())
    out.print(f"{counts}. Open it in a browser: {path.resolve()}", soft_wrap=True)
    if all(entry.done_until == "never" for entry in found.entries):
        out.print(f"Nothing was run yet, so nothing in it has a freshness. Next: {choice.command('run')}")
    return DONE

"""The command that lets refused text go when its time is over."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from headrace.cli.choice import Choice, console
from headrace.contracts.names import show_span
from headrace.ground.errors import DONE


def quarantine_purge(choice: Choice, dry_run: bool) -> int:
    """Delete the quarantined rows that landed longer ago than ``retention.quarantine``."""
    from headrace.cli.leasing import lease_all
    from headrace.cli.tables import open_quarantine

    now = datetime.now(UTC)
    parts, table = open_quarantine(choice)
    kept = parts.project.config.retention.quarantine
    first = (now - kept).date()
    over = f"landed_on < DATE '{first}'"
    out = console(markup=False)
    if not parts.store.exists(table):
        out.print("Nothing was ever quarantined.")
        return DONE
    if dry_run:
        rows = parts.store.load(table).where(over).count()
        out.print(f"{rows:,} rows landed before {first} ({show_span(kept)} ago) and would be deleted.")
        return DONE
    with lease_all(parts.project, f"{now:%Y%m%dT%H%M%SZ}-purge") as lease:
        rows = replace(parts, guard=lease.check).store.purge(table, over)
    out.print(
        f"{rows:,} rows that landed before {first} ({show_span(kept)} ago) were deleted. Their files go with the first "
        f"purge that is {show_span(parts.store.retention.raw_files)} later or more.",
        soft_wrap=True,
    )
    return DONE

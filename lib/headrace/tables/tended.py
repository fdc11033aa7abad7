"""Where tables are tended: what maintenance reads of them, and what it did, a row a table."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from headrace.ground.asset import At, Receipt
from headrace.tables.layout import MAINTENANCE, Laid, Lying, Need, Upkeep, Work, lying
from headrace.tables.log import TableLog
from headrace.tables.retention import FILES, retained
from headrace.tables.staging import outdated
from headrace.tables.store import Store
from headrace.tables.upkeep import named, tend

SCHEMA = (
    "at timestamp, run_id string, table string, files_before bigint, files_after bigint, bytes_before bigint, "
    "bytes_after bigint, bytes_freed bigint, what string"
)
Needs = Callable[[str], Iterable[Need]]
"""What goes back to earlier versions of a table."""


class UpkeepSink:
    """Tables as they lie, and the one place where they are laid anew."""

    def __init__(self, store: Store, log: Callable[[str], TableLog], needs: Needs) -> None:
        self.store = store
        self.log = log
        self.needs = needs

    def exists(self, asset: Laid | Upkeep) -> bool:
        """There is always something to look at; what is not made yet has nothing to be tended."""
        del asset
        return True

    def read(self, asset: Laid | Upkeep, at: At) -> tuple[Lying, ...]:
        """How the table lies, or all of them that are meant; those that are not here are left out."""
        del at
        tables = asset.tables if isinstance(asset, Upkeep) else (asset.table,)
        return tuple(self.lying(table.name for table in tables))

    def lying(self, tables: Iterable[str]) -> Iterator[Lying]:
        """How tables lie that are in folders of this machine."""
        for name in dict.fromkeys(tables):
            log = self.log(name)
            if log.readable and self.store.exists(named(name)):
                kept = retained(log.properties() or {}, FILES)
                found = lying(name, log, kept, self.needs(name))
                yield from () if found is None else (found,)

    def commit(self, asset: Upkeep, value: Iterable[Work], at: At, identity: Mapping[str, str]) -> Receipt:
        """Do the work, table by table; a row each. Done twice, the second finds nothing to do."""
        del asset, identity
        rows = self.tend(value, at.run_id, at.now)
        return Receipt(version=at.run_id, rows=len(rows))

    def tend(self, works: Iterable[Work], run_id: str, now: datetime) -> list[dict[str, Any]]:
        """Do what is due, write it down, and give it back."""
        rows = [self._tend(work, run_id, now) for work in works if work.due]
        rows += [_let_go(folder, run_id, now) for folder in self.outdated(now)]
        if rows:
            self.store.append_rows(MAINTENANCE, rows, SCHEMA)
        return rows

    def outdated(self, now: datetime) -> tuple[Path, ...]:
        """What was staged and not published for longer than tables keep their versions, in folders of this machine."""
        roots = {self.store.warehouse, *self.store.places.values()}
        before = now - self.store.retention.tables
        return tuple(found for root in roots if isinstance(root, Path) for found in outdated(root, before))

    def _tend(self, work: Work, run_id: str, now: datetime) -> dict[str, Any]:
        (before,) = self.lying([work.table])
        tend(self.store, work, run_id)
        (after,) = self.lying([work.table])
        on_disk = before.bytes + before.bytes_left, after.bytes + after.bytes_left
        return {
            "at": now,
            "run_id": run_id,
            "table": work.table,
            "files_before": before.files,
            "files_after": after.files,
            "bytes_before": before.bytes,
            "bytes_after": after.bytes,
            "bytes_freed": on_disk[0] - on_disk[1],
            "what": work.told,
        }


def _let_go(folder: Path, run_id: str, now: datetime) -> dict[str, Any]:
    """Remove what lies staged; the row that says so."""
    sizes = [path.stat().st_size for path in folder.rglob("*.parquet")]
    shutil.rmtree(folder)
    return {
        "at": now,
        "run_id": run_id,
        "table": "/".join(folder.parts[-3:]),
        "files_before": len(sizes),
        "files_after": 0,
        "bytes_before": sum(sizes),
        "bytes_after": 0,
        "bytes_freed": sum(sizes),
        "what": "let go what was staged, and not published since",
    }

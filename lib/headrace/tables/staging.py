"""Where a step's rows wait until what is expected of them is seen to hold: a small warehouse of its own, beside the tables.

It is ``{warehouse}/_staged/{job}/{interval}``, laid out as the warehouse itself, so that a reader of the tables meets
nothing of it. One attempt replaces the one before it; what was published needs no staging any more.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType

from pyspark.sql import DataFrame

from headrace.ground.asset import At, Receipt
from headrace.ground.interval import Interval
from headrace.tables.log import TableLog
from headrace.tables.retention import Retention
from headrace.tables.spec import Table
from headrace.tables.store import Store
from headrace.tables.upkeep import tell

FOLDER = "_staged"
REFUSED = "headrace.refused"
"""The property of a staged table that says why it was not published."""
_FORM = "%Y%m%dT%H%M%SZ"
_INTERVAL = re.compile(r"(\d{8}T\d{6}Z)-(\d{8}T\d{6}Z)")


class Staging:
    """The staged outputs of one job over one interval."""

    def __init__(self, store: Store, job: str, interval: Interval) -> None:
        self._published = store
        self._job = job
        self._interval = interval
        self._below = (FOLDER, job, f"{interval.start:{_FORM}}-{interval.end:{_FORM}}")
        self._store = store.through(store.spark)
        self._store.warehouse = _below(store.warehouse, *self._below)
        self._store.places = MappingProxyType({name: _below(root, *self._below) for name, root in store.places.items()})
        self._store.retention = Retention(timedelta(0), timedelta(0))

    def write(self, table: Table, value: DataFrame, at: At, identity: Mapping[str, str]) -> DataFrame:
        """Stage an output in one commit; the rows as they lie there."""
        note = {**identity, "run_id": at.run_id, "began": at.now.isoformat()}
        self._store.replace(_bare(table), value, None, note)
        return self._store.load(_bare(table))

    def publish(self, table: Table, at: At, identity: Mapping[str, str]) -> Receipt:
        """Make the staged rows the table's, in one commit; they are read once and laid as they were, nothing is computed."""
        rows, order = self._store.load(_bare(table)), (*table.partitioned_by, *table.sorted_by)
        laid = rows.sortWithinPartitions(*order) if table.sorted_by else rows
        return self._published.commit(table, laid, at, identity)

    def refuse(self, table: Table, why: str) -> None:
        """Write down why the rows are not published, where they lie."""
        tell(self._store, _bare(table), {REFUSED: why})

    def path(self, table: Table) -> str:
        """Where its rows lie."""
        return self._store.path(table)

    def clear(self, tables: tuple[Table, ...]) -> None:
        """Let go the staged rows of these tables, and what lies there of earlier attempts at any of the same time.

        Of a warehouse in no folder of this machine the rows of this step go; what stays is a log of some kilobytes.
        """
        for table in tables:
            root = self._published.places.get(table.name, self._published.warehouse)
            if not isinstance(root, Path):
                if self._store.exists(table):
                    self._store.purge(_bare(table), "TRUE")
                continue
            for folder, interval in _attempts(root.joinpath(FOLDER, self._job)):
                if interval.start < self._interval.end and self._interval.start < interval.end:
                    shutil.rmtree(folder)


@dataclass(frozen=True)
class Staged:
    """A table that lies staged in a folder of this machine. ``why`` it was refused; None for what a kill left behind."""

    table: str
    job: str
    interval: Interval
    folder: Path
    at: datetime
    run_id: str
    rows: int | None
    why: str | None


def staged_in(root: Path) -> tuple[Staged, ...]:
    """What lies staged below a warehouse, the oldest first.

    Raises:
        HeadraceError: TABLE_LOG_UNREADABLE.
    """
    found = [
        one
        for job in sorted(root.joinpath(FOLDER).glob("*"))
        for folder, interval in _attempts(job)
        for log in sorted(folder.glob("*/*/_delta_log"))
        for one in _staged(job.name, interval, log.parent)
    ]
    return tuple(sorted(found, key=lambda one: (one.at, one.table)))


def outdated(root: Path, before: datetime) -> tuple[Path, ...]:
    """The folders of what was staged before an instant, refused or left behind."""
    attempts = (folder for job in sorted(root.joinpath(FOLDER).glob("*")) for folder, _ in _attempts(job))
    return tuple(one for one in attempts if datetime.fromtimestamp(one.stat().st_mtime, UTC) < before)


def _staged(job: str, interval: Interval, folder: Path) -> Iterator[Staged]:
    log = TableLog(folder)
    written = next((commit for commit in log.commits() if commit.note), None)
    if written is not None:
        name = ".".join(folder.parts[-2:])
        why = (log.properties() or {}).get(REFUSED)
        run_id = written.note.get("run_id", "")
        yield Staged(name, job, interval, folder, written.at, run_id, written.rows, why)


def _attempts(job: Path) -> Iterator[tuple[Path, Interval]]:
    for folder in sorted(job.glob("*-*")):
        found = _INTERVAL.fullmatch(folder.name)
        if found is not None:
            start, end = (datetime.strptime(text, _FORM).replace(tzinfo=UTC) for text in found.groups())
            yield folder, Interval(start, end)


def _bare(table: Table) -> Table:
    """The table without what is about more than these rows."""
    return replace(table, part=None, trailing=None, kept="history")


def _below(root: Path | str, *parts: str) -> Path | str:
    return root.joinpath(*parts) if isinstance(root, Path) else "/".join((root.rstrip("/"), *parts))

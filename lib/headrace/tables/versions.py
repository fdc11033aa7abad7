"""Whether an earlier version of a table can still be read, and until when that is promised: by its log. No Spark."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from headrace.tables.log import Commit, TableLog
from headrace.tables.retention import FILES, LOG, retained


@dataclass(frozen=True)
class Version:
    """One version of a table as its log tells of it.

    ``latest``: nothing was written since. ``until``: when the table's own retention ends for it; None where the log has
    no commit of that number any more. ``lost``: why it cannot be read; empty where nothing is known against it.
    """

    table: str
    number: int | str
    latest: bool = False
    until: datetime | None = None
    lost: str = ""

    @property
    def told(self) -> str:
        """Which one it is, and why it cannot be read."""
        return f"{self.table} version {self.number}: {self.lost}"


def version_of(table: str, number: int, log: TableLog, made: datetime) -> Version:
    """What the log says of a version that something was made from at the instant ``made``.

    Raises:
        HeadraceError: TABLE_LOG_UNREADABLE.
    """
    if not log.readable:
        return Version(table, number)
    commits = log.commits()
    own = next((commit for commit in commits if commit.version == number), None)
    if own is None:
        return Version(table, number, lost=_absent(number, commits))
    if own.at > made:
        lost = f"it is of another table of that name, made anew on {own.at:%Y-%m-%d %H:%M} (UTC)"
        return Version(table, number, lost=lost)
    properties = log.properties() or {}
    until = own.at + min(retained(properties, key) for key in (FILES, LOG))
    return Version(table, number, commits[0] is own, until, _files_lost(number, log, commits))


def _absent(number: int, commits: Sequence[Commit]) -> str:
    if not commits:
        return "the table is gone, or its log is"
    newest, oldest = commits[0].version, commits[-1].version
    if number > newest:
        return f"the table was made anew: its log ends at version {newest}"
    return f"its log was cleaned: it begins at version {oldest}"


def _files_lost(number: int, log: TableLog, commits: Sequence[Commit]) -> str:
    files = log.files(number)
    if files is None:
        return "its log was cleaned: what led to that version is not there"
    gone = sum(not file.is_file() for file in files)
    if not gone:
        return ""
    vacuum = next((commit for commit in commits if commit.operation.startswith("VACUUM")), None)
    told = f"by the VACUUM of {vacuum.at:%Y-%m-%d %H:%M} (UTC)" if vacuum is not None else "and no VACUUM is on record"
    return f"{gone} of its {len(files)} files were removed, {told}"

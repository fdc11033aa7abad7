"""For how long earlier versions of a table can be read, as Delta's two table properties. No Spark.

Delta keeps the files of an earlier version for ``delta.deletedFileRetentionDuration`` after they were replaced (VACUUM
removes older ones) and the log that names them for ``delta.logRetentionDuration`` after the commit (a checkpoint
removes older ones). Time travel needs both, and is refused for a version that is older than the first of the two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from headrace.tables.spec import Table

FILES, LOG = "delta.deletedFileRetentionDuration", "delta.logRetentionDuration"
DEFAULTS = {FILES: timedelta(days=7), LOG: timedelta(days=30)}
"""Delta's own, of a table that says nothing."""
MANIFESTS_KEPT = timedelta(days=3650)
"""A log whose commits say what was made from what outlives the data: it costs a few kilobytes a commit."""
WORKING = timedelta(days=1)
"""For how long files of a working table stay after they were replaced: a reader that began before is through by then."""
_HOUR = timedelta(hours=1)
_PART = re.compile(r"(\d+)\s*(week|day|hour|minute|second)s?", re.IGNORECASE)


@dataclass(frozen=True)
class Retention:
    """For how long tables keep earlier versions, and the quarantine refused text."""

    tables: timedelta = timedelta(days=90)
    quarantine: timedelta = timedelta(days=90)

    @property
    def raw_files(self) -> timedelta:
        """For how long files of refused text stay after their rows were let go.

        Nothing goes back to an earlier version of it, so as short as Delta's own default, and no longer than the rows.
        """
        return min(self.quarantine, DEFAULTS[FILES])

    def properties(self, table: Table) -> dict[str, str]:
        """The table properties that say so."""
        if table.kept == "raw text":
            return {FILES: interval(self.raw_files), LOG: interval(self.quarantine)}
        if table.kept == "working":
            return {FILES: interval(WORKING), LOG: interval(DEFAULTS[FILES])}
        log = MANIFESTS_KEPT if table.kept == "manifests" else self.tables
        return {FILES: interval(self.tables), LOG: interval(max(log, self.tables))}


def interval(span: timedelta) -> str:
    """A length of time, in whole hours, as Delta's properties spell it."""
    days = span / timedelta(days=1)
    return f"interval {days:.0f} days" if days.is_integer() else f"interval {span // _HOUR} hours"


def retained(properties: Mapping[str, str], key: str) -> timedelta:
    """What a table's properties say, Delta's default where they say nothing that is read here."""
    parts = _PART.findall(properties.get(key, ""))
    found = sum((timedelta(**{f"{unit.lower()}s": int(count)}) for count, unit in parts), timedelta(0))
    return found or DEFAULTS[key]

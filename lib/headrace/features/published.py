"""The tables by which projects share groups: what is published, and their columns. No Spark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from headrace.contracts.published import Published
from headrace.features.entry import Column
from headrace.tables.spec import Table

CATALOG = Table(
    name="catalog.groups",
    meaning="Feature groups that other projects may read, a row a version.",
    keys=("team", "group", "version"),
    unhashed=("published_at", "published_by"),
)
CATALOG_COLUMNS: Mapping[str, tuple[str, str]] = {
    "format_version": ("int", "How the row is spelled."),
    "project": ("string", "The project that makes the group."),
    "team": ("string", "The namespace."),
    "group": ("string", "The group; others name it team.group@version."),
    "version": ("int", "The version."),
    "fingerprint": ("string", "What its values mean, everything upstream included."),
    "owner": ("string", "Who answers for it."),
    "purpose": ("string", "What it is for."),
    "keys": ("array<struct<name:string,type:string,sensitivity:string>>", "The key's columns."),
    "features": (
        "array<struct<name:string,type:string,meaning:string,unit:string,sensitivity:string,when_empty:string>>",
        "The feature columns; when_empty is the value for whom the source has never seen, as text.",
    ),
    "accuracy": ("string", "snapshot or temporal."),
    "zone": ("string", "The zone of its midnights."),
    "snapshots_from": ("date", "The first midnight of which the table holds rows."),
    "snapshots_every": ("int", "Days from one snapshot to the next."),
    "table": ("string", "Where the rows are, below the warehouse in which this table is."),
    "agreed_on": ("date", "The day on which the version was agreed to."),
    "why": ("string", "Why there is this version."),
    "breaking": ("boolean", "Whether a value that was there before means something else, or is gone."),
    "changes": ("array<string>", "What differs from the version before."),
    "state": ("string", "current, retiring or retired, on the day on which the table was written."),
    "retire_after": ("date", "The last day on which it is to be read; null for the newest version."),
    "published_at": ("timestamp", "When the row was first written as it is."),
    "published_by": ("string", "The run that wrote it."),
}
"""Name -> SQL type and meaning."""


def published_columns(table: str) -> Iterator[Column]:
    """The columns of one of these tables; none of any other."""
    if table == CATALOG.name:
        for name, (kind, meaning) in CATALOG_COLUMNS.items():
            yield Column(name, kind, meaning, key=name in CATALOG.keys)


def published_features(group: Published, names: tuple[str, ...] | None = None) -> Iterator[Column]:
    """The feature columns of another project's group; all of them where none is named."""
    for name in group.columns if names is None else names:
        found = group.column(name)
        yield Column(name, found.type, f"{found.meaning} ({group.reference})", found.sensitivity, unit=found.unit or "")

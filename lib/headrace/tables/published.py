"""The table of another project's published group, as an asset: read at one version, never written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace.contracts.published import Published
from headrace.ground.errors import HeadraceError, nearest
from headrace.ground.interval import DAY, Interval
from headrace.tables.source import SourceTable, local_folder
from headrace.tables.spec import place_of


@dataclass(frozen=True)
class PublishedTable(SourceTable):
    """A source table whose ``arrived`` is the snapshot, ``as_of``. ``types``: the columns that were accepted, with their types."""

    types: tuple[tuple[str, str], ...] = ()

    @property
    def name(self) -> str:
        """Unique in the graph: ``published.team.group@version``."""
        return f"published.{self.source}"

    def missing(self) -> HeadraceError | None:
        """PUBLISHED_TABLE_MISSING where it can be seen, without Spark, that nothing is there."""
        if super().missing() is None:
            return None
        return HeadraceError("PUBLISHED_TABLE_MISSING", group=self.source, location=self.location)

    def mismatch(self, found: Mapping[str, str]) -> HeadraceError | None:
        """PUBLISHED_SCHEMA for the first column that the table, with columns ``found``, has not as it was accepted."""
        for column, kind in self.types:
            if found.get(column) != kind:
                problem = f"is {found[column]}" if column in found else "is not there"
                hint = "" if column in found else nearest(column, found)
                about = {"column": column, "accepted": kind, "problem": problem}
                return HeadraceError("PUBLISHED_SCHEMA", group=self.source, location=self.location, hint=hint, **about)
        return None


def published_table(group: Published, warehouse: Path | str) -> PublishedTable:
    """The table of a version, in the warehouse of the catalog that has it."""
    columns = tuple(name for name in group.types if name != "as_of")
    return PublishedTable(
        source=group.reference,
        format="delta",
        location=place_of(warehouse, group.table),
        arrived="as_of",
        columns=columns,
        types=tuple(group.types.items()),
    )


def catalog_root(project: Path, text: str) -> Path | str:
    """Where a catalog of the configuration is: a folder of this machine (relative ones begin in the project's), or a URI."""
    folder = local_folder(text)
    return text if folder is None else (project / folder).resolve()


def snapshots_in(interval: Interval) -> Interval:
    """The days whose midnights are the snapshots of an interval: after its start, up to its end."""
    return Interval(interval.start + DAY, interval.end + DAY)

"""Tables of others, read where they are: which table a contract means, and where it lies."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from headrace.contracts.events import EventContract
from headrace.ground.errors import HeadraceError

_SCHEME = re.compile(r"([a-z0-9]+):(.*)")


@dataclass(frozen=True)
class SourceTable:
    """One source as a table that headrace reads and never writes.

    ``location`` is an absolute path or a URI. ``columns`` are those whose values shape events; empty means all.
    """

    source: str
    format: Literal["delta", "parquet"]
    location: str
    arrived: str
    columns: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Unique in the graph."""
        return f"source.{self.source}"

    @property
    def folder(self) -> Path | None:
        """Where it lies on this machine's disks; None where it lies elsewhere."""
        return local_folder(self.location)

    def missing(self) -> HeadraceError | None:
        """SOURCE_TABLE_MISSING where it can be seen, without Spark, that nothing is there."""
        folder = self.folder
        if folder is None or (folder / "_delta_log" if self.format == "delta" else folder).is_dir():
            return None
        return HeadraceError("SOURCE_TABLE_MISSING", source=self.source, format=self.format, location=self.location)


def source_table(contract: EventContract, project: Path, roots: Mapping[str, str]) -> SourceTable:
    """The table that an event contract names, below the project's folder or below one of the configuration's roots.

    Raises:
        KeyError: the contract names a root that is not there.
        HeadraceError: SOURCE_TABLE_OUTSIDE where a link leads out of the root.
    """
    table = contract.table
    if table is None or contract.arrived is None:
        raise ValueError(f"source '{contract.source}' lands in files")
    root = str(project) if table.root is None else roots[table.root]
    # What shapes no event need not be read; where new columns matter, all of them do.
    columns = tuple(contract.called.values()) if contract.new_columns == "allow" else ()
    return SourceTable(
        contract.source, table.format, _below(root, table.path, project, contract), contract.arrived, columns
    )


def local_folder(location: str) -> Path | None:
    """The folder of a path or a ``file:`` URI; None for any other URI."""
    found = _SCHEME.fullmatch(location)
    if found is None:
        return Path(location)
    return Path("/" + found[2].lstrip("/")) if found[1] == "file" else None


def _below(root: str, path: str, project: Path, contract: EventContract) -> str:
    folder = local_folder(root)
    if folder is None:
        return f"{root}/{path}"
    base = (project / folder).resolve()
    found = (base / path).resolve()
    if not found.is_relative_to(base):
        raise HeadraceError("SOURCE_TABLE_OUTSIDE", source=contract.source, path=path, root=base)
    return str(found)

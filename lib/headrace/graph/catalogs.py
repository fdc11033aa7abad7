"""What other projects publish: the catalogs that the configuration names, read from their tables' own files. No Spark."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from headrace.contracts.published import Listed, listed_of
from headrace.graph.project import Project
from headrace.ground.errors import HeadraceError, nearest
from headrace.tables.log import TableLog, log_of
from headrace.tables.published import catalog_root

TABLE = "catalog.groups"
"""The publisher's table, as it is called in every warehouse."""
Rows = Iterable[Mapping[str, Any]]
Elsewhere = Callable[[str], Rows]
"""The rows of the table in a warehouse that is no folder of this machine."""


@dataclass(frozen=True)
class Catalog:
    """One catalog: the name that the configuration has for it, where it is, and the versions in it by reference."""

    name: str
    root: Path | str
    versions: Mapping[str, Listed]

    def newest(self, namespace: str) -> Listed | None:
        """The highest version of a group."""
        found = [one for one in self.versions.values() if one.group.namespace == namespace]
        return max(found, key=lambda one: one.group.version, default=None)

    def since(self, namespace: str, version: int) -> tuple[Listed, ...]:
        """The versions of a group after one, in order."""
        later = [one for one in self.versions.values() if one.group.namespace == namespace]
        return tuple(sorted((one for one in later if one.group.version > version), key=lambda one: one.group.version))


def read_catalogs(
    project: Path, named: Mapping[str, str], elsewhere: Elsewhere | None = None
) -> Mapping[str, Catalog | None]:
    """The catalogs by name; None for one that is no folder of this machine, where ``elsewhere`` does not read it.

    Raises:
        HeadraceError: CATALOG_MISSING, CATALOG_UNREADABLE, PACKAGE_MISSING where pyarrow is absent.
    """
    found: dict[str, Catalog | None] = {}
    for name, text in named.items():
        root = catalog_root(project, text)
        if isinstance(root, str) and elsewhere is None:
            found[name] = None
            continue
        rows = elsewhere(root) if isinstance(root, str) and elsewhere is not None else rows_in(name, root)
        found[name] = Catalog(name, root, _versions(name, root, rows))
    return found


def rows_in(name: str, root: Path | str) -> Rows:
    """The rows of the catalog's table in a folder, from its log and the files that this names.

    Raises:
        HeadraceError: CATALOG_MISSING, CATALOG_UNREADABLE, TABLE_LOG_UNREADABLE, PACKAGE_MISSING.
    """
    log = log_of(root, TABLE)
    if not log.commits(1):
        raise HeadraceError("CATALOG_MISSING", name=name, location=root, table=TABLE)
    return table_rows(log, name, root)


def table_rows(log: TableLog, name: str, root: Path | str) -> Rows:
    """All rows of a small table, from the files of its latest version."""
    import pyarrow as pa
    from pyarrow import ArrowException, parquet

    if not hasattr(pa, "__version__"):  # a stand-in, with which the project was declared
        raise HeadraceError("PACKAGE_MISSING", package="pyarrow", extra="local")
    added = log.added()
    if added is None or any(file.get("deletionVector") for file in added):
        problem = "its log has lost its beginning" if added is None else "rows in it are marked as deleted"
        raise HeadraceError("CATALOG_UNREADABLE", name=name, location=root, problem=problem)
    try:
        return [row for file in log.files() or () for row in parquet.ParquetFile(file).read().to_pylist()]
    except (OSError, ArrowException) as error:
        raise HeadraceError("CATALOG_UNREADABLE", name=name, location=root, problem=error) from None


def is_listed(project: Project, namespace: str) -> bool:
    """Whether a group stands in the project's own catalog, as far as this machine sees it.

    Raises:
        HeadraceError: CATALOG_UNREADABLE, TABLE_LOG_UNREADABLE, PACKAGE_MISSING.
    """
    log = log_of(project.tables_at, TABLE)
    if not log.commits(1):
        return False
    return any(f"{row['team']}.{row['group']}" == namespace for row in table_rows(log, project.name, project.tables_at))


def _versions(name: str, root: Path | str, rows: Rows) -> dict[str, Listed]:
    try:
        listed = [listed_of(row) for row in rows]
    except (ValueError, KeyError) as error:
        raise HeadraceError(
            "CATALOG_UNREADABLE", name=name, location=root, problem=str(error).splitlines()[0]
        ) from None
    return {one.group.reference: one for one in listed}


def find_offer(reference: str, catalogs: Mapping[str, Catalog | None], today: date) -> tuple[str, Listed]:
    """The catalog that has a version, and its row.

    Raises:
        HeadraceError: CATALOGS_NONE; PUBLISHED_UNKNOWN, PUBLISHED_VERSION with the nearest name; PUBLISHED_TWICE;
            PUBLISHED_RETIRED.
    """
    if not catalogs:
        raise HeadraceError("CATALOGS_NONE", name=reference)
    seen = [catalog for catalog in catalogs.values() if catalog is not None]
    having = [catalog for catalog in seen if reference in catalog.versions]
    if len(having) > 1:
        raise HeadraceError("PUBLISHED_TWICE", name=reference, catalogs=", ".join(one.name for one in having))
    if not having:
        raise _unknown(reference, seen)
    listed = having[0].versions[reference]
    if listed.state(today) == "retired":
        newest = having[0].newest(listed.group.namespace) or listed
        raise HeadraceError(
            "PUBLISHED_RETIRED",
            name=reference,
            day=listed.retire_after,
            newest=newest.group.reference,
            owner=listed.group.owner,
        )
    return having[0].name, listed


def _unknown(reference: str, catalogs: Iterable[Catalog]) -> HeadraceError:
    known = [one.group for catalog in catalogs for one in catalog.versions.values()]
    group, _, version = reference.partition("@")
    versions = sorted(one.version for one in known if one.namespace == group)
    if versions:
        told = ", ".join(map(str, versions))
        return HeadraceError(
            "PUBLISHED_VERSION", name=group, version=version, known=told, newest=f"{group}@{versions[-1]}"
        )
    return HeadraceError("PUBLISHED_UNKNOWN", name=reference, hint=nearest(reference, (one.reference for one in known)))

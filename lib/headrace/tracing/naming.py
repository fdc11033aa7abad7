"""What jobs, runs and datasets are called in lineage events, by OpenLineage's naming.

https://openlineage.io/docs/spec/naming: a dataset on a file system is named by its store and its path in it.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

from headrace.graph.project import Project
from headrace.ground.asset import Asset
from headrace.tables.landing import LandingZone
from headrace.tables.layout import Laid, Upkeep
from headrace.tables.source import SourceTable, local_folder
from headrace.tables.spec import Table, place_of

_STORES = {"s3a": "s3", "s3n": "s3"}
"""Spark's connectors, by the store that they reach."""
_BUCKETS = frozenset({"s3", "gs"})
"""Stores of objects, whose keys do not begin with a slash."""


@dataclass(frozen=True)
class Place:
    """A dataset's namespace and its name in it; ``table`` is ``schema.table`` where it is one of headrace's."""

    namespace: str
    name: str
    table: str = ""


def namespace_of(project: Project) -> str:
    """The namespace of a project's jobs in an environment."""
    return project.config.lineage.namespace or f"headrace.{project.name}.{project.env}"


def dataset_of(asset: Asset, project: Project) -> Place | None:
    """Where an asset is; None for a table as it lies in its files, of which no row is read or made."""
    match asset:
        case Laid() | Upkeep():
            return None
        case Table():
            return located(place_of(project.root_of(asset.name), asset.name), asset.name)
        case LandingZone():
            return located(str(asset.folder))
        case SourceTable():
            return located(asset.location)
        case _:
            return Place(namespace_of(project), asset.name)


def located(location: str, table: str = "") -> Place:
    """A path, or a URI, as namespace and name."""
    folder = local_folder(location)
    if folder is not None:
        return Place("file", str(Path(folder).absolute()), table)
    parts = urlsplit(location)
    scheme = _STORES.get(parts.scheme, parts.scheme)
    path = parts.path.strip("/") if scheme in _BUCKETS else parts.path.rstrip("/")
    return Place(f"{scheme}://{parts.netloc}" if parts.netloc else scheme, path or "/", table)


def run_uuid(*about: str | datetime) -> str:
    """An identifier of one doing of one thing, in a UUID's form (version 8, RFC 9562: a hash of what it is about)."""
    told = "\0".join(one if isinstance(one, str) else one.isoformat() for one in about)
    digits = hashlib.sha256(told.encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-8{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"

"""What Feast is told of feature groups: a view a group, its keys, its features with their types, and who answers for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from headrace.contracts.features import FeatureGroup
from headrace.features.columns import feature_columns, key_columns
from headrace.graph.project import Project
from headrace.ground.errors import HeadraceError
from headrace.serving.kinds import Kind, kind_of, kind_of_key
from headrace.tables.log import log_of

Types = Mapping[str, str]
"""Column -> its type in SQL."""


@dataclass(frozen=True)
class Served:
    """A column that Feast knows: of a key or a feature."""

    name: str
    kind: Kind
    meaning: str
    tags: Mapping[str, str]


@dataclass(frozen=True)
class View:
    """A feature group as Feast's view. ``folder``: that of its table."""

    name: str
    keys: tuple[Served, ...]
    features: tuple[Served, ...]
    folder: Path
    purpose: str
    owner: str
    tags: Mapping[str, str]


def view_name(project: Project, group: FeatureGroup) -> str:
    """The name of a group's view, whatever its version: the group's, with the team where another team has one of that name."""
    return project.groups.shortest(group).replace(".", "__")


def views(project: Project, told: Mapping[str, Types] | None = None) -> tuple[View, ...]:
    """The views of the groups whose tables are there; ``told`` has the types of tables that are known already.

    Raises:
        HeadraceError: SERVED_ELSEWHERE, SERVED_TYPE, TABLE_LOG_UNREADABLE.
    """
    found = []
    for group in project.readable.own.values():
        types = (told or {}).get(group.table) or _types(project, group)
        if types:
            found.append(view_of(project, group, types))
    return tuple(found)


def view_of(project: Project, group: FeatureGroup, types: Types) -> View:
    """The view of a group whose table has columns of these types.

    Raises:
        HeadraceError: SERVED_ELSEWHERE, SERVED_TYPE.
    """
    source = project.sources[group.source]
    keys = (
        Served(one.name, kind_of_key(one.name, types[one.name]), one.meaning, {"sensitivity": one.sensitivity})
        for one in key_columns(group.entity, source)
    )
    features = (
        Served(one.name, kind_of(one.name, types[one.name]), one.meaning, _about(one.unit, one.sensitivity))
        for one in feature_columns(group, source)
        if one.name in types
    )
    tags = {
        "team": group.team,
        "version": str(group.version),
        "owner": group.owner,
        "fingerprint": project.read_identity(group.namespace),
        "table": group.table,
        "accuracy": group.accuracy,
        "zone": group.zone,
    }
    purpose = " ".join(group.purpose.split())
    folder = _warehouse(project).joinpath(*group.table.split("."))
    return View(view_name(project, group), tuple(keys), tuple(features), folder, purpose, group.owner, tags)


def _about(unit: str, sensitivity: str) -> dict[str, str]:
    return {"sensitivity": sensitivity} | ({"unit": unit} if unit else {})


def _types(project: Project, group: FeatureGroup) -> Types:
    """The types of the columns of a group's table, by its log; none where it is not made yet."""
    extent = log_of(_warehouse(project), group.table).extent()
    return dict(extent.columns) if extent is not None else {}


def _warehouse(project: Project) -> Path:
    if not isinstance(project.tables_at, Path):
        raise HeadraceError("SERVED_ELSEWHERE", warehouse=project.tables_at)
    return project.tables_at

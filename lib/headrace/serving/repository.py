"""Feast's repository as files: feature_store.yaml and features.py. Neither Feast nor Spark is needed to write it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from types import MappingProxyType

from jinja2 import Environment, StrictUndefined, select_autoescape

from headrace.graph.project import Project
from headrace.ground.secret import is_reference
from headrace.ground.serving import Online
from headrace.serving.views import Served, View

SETTINGS, DEFINITIONS, REGISTRY, SQLITE = "feature_store.yaml", "features.py", "registry.db", "online.db"
OFFLINE = "headrace.serving.offline.DeltaOfflineStore"


@dataclass(frozen=True)
class Entity:
    """A key for Feast: a name, and the column."""

    name: str
    key: Served

    @property
    def variable(self) -> str:
        """What features.py calls it."""
        return f"{self.name}_entity"


@dataclass(frozen=True)
class Repository:
    """The texts of a repository."""

    folder: Path
    settings: str
    definitions: str

    def texts(self) -> Mapping[str, str]:
        """File -> text, in the order in which they are written."""
        return MappingProxyType({SETTINGS: self.settings, DEFINITIONS: self.definitions})

    def is_written(self) -> bool:
        """Whether the files are there, just so, with the registry that was made of them."""
        files = self.texts().items()
        same = all(self._read(name) == text for name, text in files)
        return same and (self.folder / REGISTRY).is_file()

    def write(self, name: str) -> None:
        """Write one of the texts, in one step for whoever reads it."""
        self.folder.mkdir(parents=True, exist_ok=True)
        fresh = self.folder / f"{name}.new"
        fresh.write_text(self.texts()[name], encoding="utf-8")
        fresh.replace(self.folder / name)

    def _read(self, name: str) -> str | None:
        path = self.folder / name
        return path.read_text(encoding="utf-8") if path.is_file() else None


def repository_folder(project: Project) -> Path:
    """Where an environment's repository is, with its registry and, of sqlite, the online store."""
    return project.home / "feast"


def feast_project(project: Project) -> str:
    """The project's name for Feast, the environment's in it: several may share one Redis."""
    return f"{project.name}_{project.env}".replace("-", "_")


def repository(project: Project, views: tuple[View, ...], folder: Path | None = None) -> Repository:
    """The repository of a project's groups."""
    place = folder or repository_folder(project)
    return Repository(place, _settings(project, place), _definitions(project, views, place))


def _settings(project: Project, folder: Path) -> str:
    lines = (
        f"# Feast's view of {project.name}, environment {project.env}. `headrace export feast` writes this file; edits are lost.",
        f"project: {feast_project(project)}",
        "provider: local",
        f"registry: {REGISTRY}",
        f"offline_store: {{type: {OFFLINE}}}",
        f"online_store: {_online(project, folder)}",
        "entity_key_serialization_version: 3",
    )
    return "\n".join(lines) + "\n"


def _online(project: Project, folder: Path) -> str:
    online = project.config.online
    if online.store == "redis":
        return f'{{type: redis, skip_dedup: true, connection_string: "{_address(online)}"}}'
    if online.store == "none":
        return "null"
    own = repository_folder(project)
    return f"{{type: sqlite, path: {SQLITE if folder == own else _from(folder, own / SQLITE)}}}"


def _address(online: Online) -> str:
    """As Feast spells it; of a reference the variable, which Feast puts in when it opens the file."""
    told = online.address or ""
    told = f"${{{told.removeprefix('env:')}}}" if is_reference(told) else told
    return f"{told},socket_timeout={online.timeout:g},socket_connect_timeout={online.timeout:g}"


def _definitions(project: Project, views: tuple[View, ...], folder: Path) -> str:
    environment = Environment(
        autoescape=select_autoescape(default_for_string=False), undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.filters["literal"] = lambda value: repr(dict(value) if isinstance(value, Mapping) else value)
    text = resources.files("headrace.serving").joinpath("features.py.j2").read_text(encoding="utf-8")
    entities = _entities(views)
    return environment.from_string(text).render(
        project=project.name,
        types=_imported(views),
        entities=tuple({entity.name: entity for entity in entities.values()}.values()),
        variables={view.name: [entities[view.name, key.name].variable for key in view.keys] for view in views},
        folders={view.name: _from(folder, view.folder) for view in views},
        views=views,
        online=project.config.online.is_on,
    )


def _entities(views: Iterable[View]) -> dict[tuple[str, str], Entity]:
    """The entity of each view's keys: named by the key, and by its type too where groups have keys of one name and several types."""
    keys = [(view.name, key) for view in views for key in view.keys]
    kinds: dict[str, set[str]] = {}
    for _, key in keys:
        kinds.setdefault(key.name, set()).add(key.kind.feast)
    found: dict[tuple[str, str], Entity] = {}
    known: dict[str, Entity] = {}
    for view, key in keys:
        name = key.name if len(kinds[key.name]) == 1 else f"{key.name}_{key.kind.feast.lower()}"
        found[view, key.name] = known.setdefault(name, Entity(name, key))
    return found


def _imported(views: Iterable[View]) -> list[str]:
    told = (one.kind.feast for view in views for one in (*view.keys, *view.features))
    return sorted({part for kind in told for part in kind.removesuffix(")").split("(")})


def _from(folder: Path, place: Path) -> str:
    return Path(os.path.relpath(place.resolve(), folder.resolve())).as_posix()

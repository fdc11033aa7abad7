"""A project: a folder with headrace.yaml, its configuration and its contracts, loaded once and frozen."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, TypeVar

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from pydantic import AfterValidator, BaseModel, Field

from headrace import __version__
from headrace.contracts.binding import Bound
from headrace.contracts.demands import check_demands, check_known, check_label
from headrace.contracts.earlier import Earlier
from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.contracts.labels import LabelContract
from headrace.contracts.lock import Lock, read_locks
from headrace.contracts.models import ModelContract
from headrace.contracts.namespaces import Groups, is_published, place_groups
from headrace.contracts.taken import ReadableGroups, Taken, read_taken
from headrace.graph.asked import check_models, check_taken
from headrace.ground.config import Config, load_config
from headrace.ground.document import Document, Model, Strict, read_document, validate
from headrace.ground.errors import HeadraceError
from headrace.ground.interval import Interval
from headrace.ground.places import local_path
from headrace.tables.published import catalog_root
from headrace.tables.source import source_table
from headrace.tables.spec import QUARANTINE

Contract = TypeVar("Contract")
PROJECT_NAME = "[a-z][a-z0-9_-]{0,62}"


def _version_range(text: str) -> str:
    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        raise ValueError(f"'{text}' is no range of versions, such as '>=0.1,<0.2'") from None
    return text


class ProjectFile(Strict):
    """headrace.yaml."""

    name: str = Field(pattern=rf"^{PROJECT_NAME}$")
    headrace: Annotated[str, AfterValidator(_version_range)]
    conf: str = "conf"
    graph: str = Field(pattern=r"^[a-z_][a-z0-9_.]*:[a-z_][a-z0-9_]*$")


@dataclass(frozen=True)
class Project:
    """What jobs are given: names, folders, configuration, and every contract by name."""

    name: str
    root: Path
    env: str
    graph: str
    conf: str
    config: Config
    sources: Mapping[str, EventContract]
    groups: Groups
    labels: Mapping[str, LabelContract]
    models: Mapping[str, ModelContract]
    locks: Mapping[str, Lock] = field(default_factory=dict)
    """What feature groups were agreed to mean, by ``team.group``."""
    taken: Mapping[str, Taken] = field(default_factory=dict)
    """What was accepted of other projects' groups, by ``team.group@version``."""
    documents: Mapping[str, Document] = field(default_factory=dict)
    """The file of each contract, by kind and name: ``features/growth.customer_activity``."""
    held: Mapping[str, Earlier] = field(default_factory=dict)
    """The versions that a rollback gives readers in place of those that contracts say, by ``team.group``."""
    kept: tuple[Earlier, ...] = ()
    """The earlier versions of groups that are still made (``graph.kept``)."""

    @property
    def home(self) -> Path:
        """The environment's folder for everything that is made."""
        return self.root / self.config.home

    @property
    def contracts(self) -> Path:
        """The folder of the contracts."""
        return self.root / self.conf / self.config.contracts

    @property
    def landing(self) -> Path:
        """Where sources arrive."""
        asked = self.config.storage.landing
        return (local_path(self.root, asked) if asked else None) or self.home / "landing"

    @property
    def warehouse(self) -> Path:
        """Where tables are on this machine; nothing is there where they are elsewhere (see ``tables_at``)."""
        asked = self.config.storage.warehouse
        return (local_path(self.root, asked) if asked else None) or self.home / "warehouse"

    @property
    def tables_at(self) -> Path | str:
        """Where tables are: a folder that this machine sees, or a URI that only Spark does."""
        asked = self.config.storage.warehouse
        return asked if asked and local_path(self.root, asked) is None else self.warehouse

    def catalog_of(self, reference: str) -> Path | str:
        """The warehouse in which a group of another project is."""
        return catalog_root(self.root, self.config.catalogs[self.taken[reference].catalog])

    def root_of(self, table: str) -> Path | str:
        """Below what a table ``schema.table`` lies: as ``tables_at``, but for a quarantine with a place of its own."""
        asked = self.config.storage.quarantine
        if table != QUARANTINE or asked is None:
            return self.tables_at
        return local_path(self.root, asked) or asked

    @property
    def leases(self) -> Path | None:
        """The folder by which runs keep apart; None where configuration leaves that to others."""
        if self.config.storage.locks != "files":
            return None
        return self.warehouse / "_locks" / "leases" if isinstance(self.tables_at, Path) else self.home / "leases"

    @property
    def settings(self) -> Mapping[str, Mapping[str, Any]]:
        """The project's own sections of the configuration, for its own jobs."""
        return self.config.settings

    @cached_property
    def readable(self) -> ReadableGroups:
        """Every group that a model may name, as its readers are given it; those of other projects included."""
        own = (self.held[one.namespace].group if one.namespace in self.held else one for one in self.groups.values())
        return ReadableGroups(Groups(own), self.taken)

    @cached_property
    def span(self) -> Interval:
        """The time that the whole graph covers."""
        return self.config.span.interval

    def source_of(self, model: ModelContract) -> EventContract:
        """The source of a model's label: its entities are those that are scored."""
        return self.sources[self.labels[model.label].source]

    def bound(self, group: str) -> Bound:
        """A group with the source that it reads."""
        return self._bounds[self.groups[group].namespace]

    @cached_property
    def _bounds(self) -> Mapping[str, Bound]:
        """Each group with its source, once: what a group means is put into a fingerprint once."""
        return {group.namespace: Bound(group, self.sources[group.source]) for group in self.groups.values()}

    def lock_of(self, group: str) -> Lock | None:
        """The lock entry of a group; None where it has none."""
        return self.locks.get(self.groups[group].namespace)

    def identity(self, group: str) -> str:
        """The identity of a group's values, everything upstream included: what tables, models and stamps carry.

        It is the fingerprint under which the version was locked, so that a new scheme makes nothing anew.
        """
        if is_published(group):
            return self.taken[group].group.fingerprint
        bound, lock = self.bound(group), self.lock_of(group)
        return lock.identity if lock is not None and lock.holds(bound) else bound.fingerprint

    def read_identity(self, group: str) -> str:
        """The identity of the values that readers of a group are given: another one than its contract's after a rollback."""
        held = None if is_published(group) else self.held.get(self.groups[group].namespace)
        return self.identity(group) if held is None else held.identity

    def job_name(self, job: str, model: ModelContract) -> str:
        """The name of a model's own job: the job's, and the model's where there are several."""
        return job if len(self.models) == 1 else f"{job}.{model.model}"

    def groups_of(self, source: str) -> tuple[FeatureGroup, ...]:
        """The feature groups over one source."""
        return tuple(group for group in self.groups.values() if group.source == source)

    def made_of(self, source: str) -> tuple[FeatureGroup, ...]:
        """What is made of one source: its groups, and their earlier versions that are still made."""
        return (*self.groups_of(source), *(one.group for one in self.kept if one.group.source == source))


def open_configuration(root: Path, env: str, overrides: tuple[str, ...] = ()) -> tuple[ProjectFile, Config]:
    """A project's own file and its configuration for one environment, without its contracts.

    Raises:
        HeadraceError: PROJECT_MISSING, PROJECT_VERSION, ENVIRONMENT_UNKNOWN, OVERRIDE_UNREADABLE, DOCUMENT_*.
    """
    if not (root / "headrace.yaml").is_file():
        raise HeadraceError("PROJECT_MISSING", folder=root)
    file = validate(read_document(root / "headrace.yaml"), ProjectFile)
    if not SpecifierSet(file.headrace).contains(__version__, prereleases=True):
        raise HeadraceError("PROJECT_VERSION", project=file.name, wanted=file.headrace, version=__version__)
    return file, load_config(root / file.conf, env, overrides)


def load_project(root: Path, env: str, overrides: tuple[str, ...] = ()) -> Project:
    """Open the project in ``root`` for one environment.

    Raises:
        HeadraceError: PROJECT_MISSING, PROJECT_VERSION, DOCUMENT_*, EXPRESSION_COLUMN, CONTRACT_*, LOCK_*, WINDOW_*,
            SOURCE_TABLE_OUTSIDE, TAKEN_*, PUBLISHED_ENTITY, PUBLISHED_SNAPSHOTS.
    """
    root = root.resolve()
    file, config = open_configuration(root, env, overrides)
    contracts = root / file.conf / config.contracts
    documents: dict[str, Document] = {}
    locks = read_locks(contracts)
    sources = _load(documents, contracts / "events", EventContract, "source", _in_place(root, config))
    groups = _load(documents, contracts / "features", FeatureGroup, "namespace", _over(sources))
    project = Project(
        name=file.name,
        root=root,
        env=env,
        graph=file.graph,
        conf=file.conf,
        config=config,
        sources=sources,
        groups=place_groups(groups.values(), _settled(groups, locks)),
        labels=_load(documents, contracts / "labels", LabelContract, "label"),
        models=_load(documents, contracts / "models", ModelContract, "model"),
        locks=locks,
        taken=read_taken(contracts),
        documents=MappingProxyType(documents),
    )
    for label in project.labels.values():
        check_label(label, project.documents[f"labels/{label.label}"], project.sources)
    check_taken(project)
    check_models(project)
    return project


def _in_place(root: Path, config: Config) -> Callable[[EventContract, Document], None]:
    """The check that a table which is read in place lies below a root that the configuration has."""

    def check(contract: EventContract, document: Document) -> None:
        if contract.table is None:
            return
        if contract.table.root is not None:
            check_known(contract.table.root, config.roots, f"{document.place(('table', 'root'))}: table.root")
        source_table(contract, root, config.roots)

    return check


def _over(sources: Mapping[str, EventContract]) -> Callable[[FeatureGroup, Document], None]:
    """The check that a feature group asks nothing of its source that this does not have."""

    def check(group: FeatureGroup, document: Document) -> None:
        check_demands(group, document, sources)

    return check


def _unchecked(contract: BaseModel, document: Document) -> None:
    """A contract whose file alone says all about it."""


def _settled(groups: Mapping[str, FeatureGroup], locks: Mapping[str, Lock]) -> dict[str, str]:
    """The tables that lock entries name for the groups' versions, by ``team.group``."""
    steps = {name: locks[name].step(group.version) for name, group in groups.items() if name in locks}
    return {name: step.table for name, step in steps.items() if step is not None}


def _load(
    documents: dict[str, Document],
    folder: Path,
    kind: type[Model],
    name: str,
    check: Callable[[Model, Document], None] = _unchecked,
) -> Mapping[str, Model]:
    loaded: dict[str, Model] = {}
    for path in sorted(folder.rglob("*.yaml")):
        document: Document = read_document(path)
        contract = validate(document, kind)
        key = getattr(contract, name)
        if key in loaded:
            place = document.place(("group" if name == "namespace" else name,))
            raise HeadraceError("CONTRACT_TWICE", kind=name.replace("namespace", "group"), name=key, place=place)
        check(contract, document)
        loaded[key] = contract
        documents[f"{folder.name}/{key}"] = document
    return MappingProxyType(loaded)

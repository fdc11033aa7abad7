"""Feast's registry, made of the repository's files in one step: whoever reads it sees the one before or the new one."""

from __future__ import annotations

import os
import runpy
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from headrace.ground.errors import HeadraceError
from headrace.ground.secret import reveal
from headrace.serving.repository import DEFINITIONS, REGISTRY, SETTINGS, Repository

if TYPE_CHECKING:
    from feast import FeatureStore

    from headrace.graph.project import Project


def has_feast() -> bool:
    """Whether the extra is installed. Nothing of it is imported."""
    return find_spec("feast") is not None


def need_feast() -> None:
    """Refuse to go on without the extra.

    Raises:
        HeadraceError: PACKAGE_MISSING.
    """
    if not has_feast():
        raise HeadraceError("PACKAGE_MISSING", package="feast", extra="feast")


def lay(made: Repository) -> None:
    """Write the files of a repository and its registry, where they are not there as they should be.

    The definitions are written last: a process that is killed before leaves what the next one makes anew.
    """
    if made.is_written():
        return
    made.write(SETTINGS)
    fresh = made.folder / f"{REGISTRY}.new"
    fresh.unlink(missing_ok=True)
    _apply(made, fresh)
    fresh.replace(made.folder / REGISTRY)
    made.write(DEFINITIONS)


def _apply(made: Repository, registry: Path) -> None:
    from feast import Entity, FeatureStore, FeatureView, RepoConfig

    draft = made.folder / f"{DEFINITIONS}.draft"
    draft.write_text(made.definitions, encoding="utf-8")
    defined = runpy.run_path(str(draft))
    draft.unlink()
    settings = yaml.safe_load(os.path.expandvars(made.settings)) | {"registry": str(registry.absolute())}
    config = RepoConfig(repo_path=made.folder, **settings)
    FeatureStore(config=config).apply([one for one in defined.values() if isinstance(one, Entity | FeatureView)])


def feature_store(project: Project, made: Repository) -> FeatureStore:
    """Feast's own door to a repository, which is laid where it is not there.

    Raises:
        HeadraceError: PACKAGE_MISSING, REFERENCE_UNSET.
    """
    need_feast()
    from feast import FeatureStore

    reveal(project.config.online.address or "", "online.address")
    lay(made)
    store: Any = FeatureStore(repo_path=str(made.folder))
    return store

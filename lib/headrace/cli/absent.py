"""Where Spark is not installed: stand-ins with which a graph can still be declared, and what to say when it is to run.

A graph is values: names, tables, intervals. The modules that declare it import pyspark for what they do later, in
``run``. On a machine that only checks (a linter in CI, a scheduler), those imports get a stand-in here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType
from typing import Any

from headrace.ground.errors import HeadraceError

EXTRAS = {
    "pyspark": "local", "py4j": "local", "delta": "local", "pandas": "local", "pyarrow": "local",
    "mlflow": "train", "hyperopt": "train", "matplotlib": "train", "scipy": "train", "sklearn": "train", "xgboost": "train",
    "feast": "feast", "duckdb": "feast", "redis": "feast",
    "openlineage": "lineage",
}  # fmt: skip
"""Packages that only a run needs, and the extra of headrace that brings each; a cluster has its own."""


class StandIn:
    """Anything that is imported from an absent package: it can be named, called and derived from, and does nothing."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> StandIn:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self._name}.{name}")

    def __call__(self, *args: object, **more: object) -> StandIn:
        """A declared type, a decorated function: another stand-in."""
        return self

    def __mro_entries__(self, bases: tuple[object, ...]) -> tuple[type, ...]:
        """A class that derives from a stand-in derives from nothing."""
        return ()


class _Module(ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return StandIn(f"{self.__name__}.{name}")


class _Finder(MetaPathFinder, Loader):
    def __init__(self, absent: tuple[str, ...]) -> None:
        self.absent = absent
        self.used: set[str] = set()

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        package = fullname.partition(".")[0]
        if package not in self.absent:
            return None
        self.used.add(package)
        return ModuleSpec(fullname, self, is_package=True)

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Module(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing to execute."""


@contextmanager
def stand_ins() -> Iterator[set[str]]:
    """While it is open, imports of absent packages of ``EXTRAS`` get stand-ins; gives the names of those imported.

    Only for a process that declares and checks: what was imported meanwhile keeps its stand-ins.
    """
    finder = _Finder(tuple(name for name in EXTRAS if not _is_there(name)))
    sys.meta_path.insert(0, finder)
    try:
        yield finder.used
    finally:
        sys.meta_path.remove(finder)


def _is_there(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ImportError:
        return False


def missing(error: ModuleNotFoundError) -> HeadraceError | None:
    """What to say of an import that found nothing, where an extra of headrace would bring it."""
    package = (error.name or "").partition(".")[0]
    if package not in EXTRAS:
        return None
    return HeadraceError("PACKAGE_MISSING", package=package, extra=EXTRAS[package])

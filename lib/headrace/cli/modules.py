"""A project's own modules: importable while its project is open, and never taken for those of another project."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType


class ProjectFinder(MetaPathFinder):
    """Finds top-level modules in one project's folder, before any of the same name elsewhere.

    Python's own modules stay what they are. A folder without ``__init__.py`` is taken for a package only where it is
    ``package``, the one that holds the graph, so that ``docs/`` or ``tests/`` hide nobody's package.
    """

    def __init__(self, root: Path, package: str) -> None:
        self.root = root
        self.package = package

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec of a top-level module of the project; what is below it is found by its package's path."""
        if path is not None or fullname in sys.stdlib_module_names:
            return None
        found = PathFinder.find_spec(fullname, [str(self.root)])
        if found is not None and found.loader is not None and found.origin is not None:
            return found
        folder = self.root / fullname
        if fullname != self.package or not folder.is_dir():
            return None
        namespace = ModuleSpec(fullname, None, is_package=True)
        namespace.submodule_search_locations = [str(folder)]
        return namespace


def open_modules(root: Path, package: str) -> None:
    """Make the modules in ``root`` importable, in place of those of the project that was open before.

    Functions that jobs already hold go on working; only the names are free again.
    """
    importlib.invalidate_caches()
    for finder in [found for found in sys.meta_path if isinstance(found, ProjectFinder)]:
        if finder.root == root and finder.package == package:
            return
        sys.meta_path.remove(finder)
        _forget(own_modules(finder.root))
    finder = ProjectFinder(root, package)
    sys.meta_path.insert(0, finder)
    if finder.find_spec(package) is not None and package not in own_modules(root):
        _forget((package,))


def own_modules(root: Path) -> tuple[str, ...]:
    """The imported top-level modules that lie directly in a project's folder."""
    top = [(name, module) for name, module in tuple(sys.modules.items()) if "." not in name and name != "__main__"]
    return tuple(name for name, module in top if _lies_in(module, root))


def _lies_in(module: ModuleType, root: Path) -> bool:
    places = [*getattr(module, "__path__", ())] or [getattr(module, "__file__", None)]
    return places[0] is not None and Path(places[0]).parent == root


def _forget(tops: Sequence[str]) -> None:
    for name in tuple(sys.modules):
        if name.partition(".")[0] in tops:
            del sys.modules[name]

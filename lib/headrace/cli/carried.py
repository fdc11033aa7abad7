"""The project that an installed wheel holds: laid out as a folder where a scheduler's task finds none.

A wheel names its project under the entry points ``headrace.projects``: the project's name, and the package whose folder
has headrace.yaml, conf/ and, where the graph is not a module of headrace itself, the graph's own package.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator, Mapping
from importlib.metadata import entry_points
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

from headrace.ground.document import parse_document
from headrace.ground.errors import HeadraceError

GROUP = "headrace.projects"
PLACE = "HEADRACE_PROJECT"
MARK = ".laid-from-wheel"
"""Stands in a folder that was laid out here; without it a project's folder is somebody's own, and is left alone."""
DEMO = "headrace"
"""headrace's own wheel holds the demo: the one to take where there is no other."""


def carried_by(root: Path) -> tuple[str, ...]:
    """The projects that the wheel built in a folder will hold, by its pyproject.toml."""
    file = root / "pyproject.toml"
    if not file.is_file():
        return ()
    told = tomllib.loads(file.read_text(encoding="utf-8")).get("project", {})
    return tuple(told.get("entry-points", {}).get(GROUP, {}))


def task_folder() -> Path:
    """The project's folder for a task: the present one or HEADRACE_PROJECT where it is one, else laid out from the wheel.

    Raises:
        HeadraceError: PROJECT_CARRIED.
    """
    named = os.environ.get(PLACE)
    folder = Path(named) if named else Path()
    if (folder / "headrace.yaml").is_file() and not (folder / MARK).is_file():
        return folder
    name, package = _installed()
    folder = folder if named else Path(name)
    lay(files(package), folder)
    return folder


def _installed() -> tuple[str, str]:
    found = {point.name: point.value for point in entry_points(group=GROUP)}
    own: Mapping[str, str] = {name: package for name, package in found.items() if package != DEMO} or found
    if len(own) != 1:
        problem = (
            f"wheels of several are installed: {', '.join(sorted(own))}" if own else "no installed wheel holds one"
        )
        raise HeadraceError("PROJECT_CARRIED", problem=problem)
    return next(iter(own.items()))


def lay(package: Traversable, folder: Path) -> None:
    """Write a package's project into a folder: each file in one step, so that two tasks may do it at once.

    Raises:
        HeadraceError: PROJECT_CARRIED where the folder is a project that was not laid out here, or cannot be written.
    """
    if (folder / "headrace.yaml").is_file() and not (folder / MARK).is_file():
        raise HeadraceError("PROJECT_CARRIED", problem=f"{folder} is a project of its own")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / MARK).touch()
        for path, data in _contents(package):
            file = folder / path
            if file.is_file() and file.read_bytes() == data:
                continue
            file.parent.mkdir(parents=True, exist_ok=True)
            fresh = file.with_name(f"{file.name}.{os.getpid()}.new")
            fresh.write_bytes(data)
            fresh.replace(file)
    except OSError as error:
        raise HeadraceError("PROJECT_CARRIED", problem=f"{folder} cannot be written ({error.strerror})") from None


def _contents(package: Traversable) -> Iterator[tuple[str, bytes]]:
    text = package.joinpath("headrace.yaml").read_bytes()
    told = parse_document(Path("headrace.yaml"), text.decode("utf-8")).values
    graph = str(told["graph"]).partition(":")[0].partition(".")[0]
    for top in (str(told.get("conf", "conf")), graph):
        yield from _below(package.joinpath(top), top)
    yield "headrace.yaml", text


def _below(folder: Traversable, at: str) -> Iterator[tuple[str, bytes]]:
    if not folder.is_dir():
        return
    for entry in sorted(folder.iterdir(), key=lambda one: one.name):
        if entry.is_dir() and entry.name != "__pycache__":
            yield from _below(entry, f"{at}/{entry.name}")
        elif entry.is_file() and not entry.name.endswith(".pyc"):
            yield f"{at}/{entry.name}", entry.read_bytes()

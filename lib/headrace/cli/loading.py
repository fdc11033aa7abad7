"""From a folder and an environment to a checked graph."""

from __future__ import annotations

import importlib
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from headrace.cli.absent import missing
from headrace.cli.modules import open_modules
from headrace.graph.job import Job
from headrace.graph.kept import with_kept
from headrace.graph.lint import Graph, lint
from headrace.graph.project import Project, load_project
from headrace.graph.select import ordered
from headrace.ground.errors import HeadraceError, nearest
from headrace.tables.landing import LandingZone
from headrace.tables.source import SourceTable

FAULTS = (ImportError, SyntaxError, NameError, AttributeError, TypeError, ValueError, LookupError, RuntimeError)
"""What a mistake in a project's own code raises while its graph is declared; the last: pyspark's, for want of a session."""


def open_project(folder: Path, env: str, overrides: tuple[str, ...] = ()) -> Project:
    """The project in a folder, its modules importable in place of any other project's."""
    root = folder.resolve()
    project = with_kept(load_project(root, env, overrides), datetime.now(UTC).date())
    open_modules(root, project.graph.partition(":")[0].partition(".")[0])
    return project


def load_graph(project: Project) -> Graph:
    """The graph that headrace.yaml names, linted, in a workable order.

    Raises:
        HeadraceError: PACKAGE_MISSING, GRAPH_UNLOADABLE, GRAPH_INVALID.
    """
    graph = declare_graph(project)
    lint(graph, project)
    return ordered(graph)


def declare_graph(project: Project) -> Graph:
    """The jobs as they are declared for a project, in their order.

    Raises:
        HeadraceError: PACKAGE_MISSING, GRAPH_UNLOADABLE.
    """
    try:
        graph = tuple(_declaration(project.graph)(project))
        strangers = [type(job).__name__ for job in graph if not isinstance(job, Job)]
        if strangers:
            raise TypeError(f"it holds a {strangers[0]}, which is no Job")
    except FAULTS as error:
        absent = missing(error) if isinstance(error, ModuleNotFoundError) else None
        if absent is not None:
            raise absent from error
        raise HeadraceError("GRAPH_UNLOADABLE", reference=project.graph, problem=_told(error, project)) from error
    return graph


def _declaration(reference: str) -> Callable[[Project], Any]:
    name, _, function = reference.partition(":")
    module = importlib.import_module(name)
    if not hasattr(module, function):
        functions = [known for known, value in vars(module).items() if callable(value) and not known.startswith("_")]
        raise AttributeError(f"{name} has no '{function}'. {nearest(function, functions)}")
    declare: Callable[[Project], Any] = getattr(module, function)
    return declare


def _told(error: Exception, project: Project) -> str:
    """The error in words, with the last line of the project's own code that led to it."""
    if isinstance(error, SyntaxError):
        return f"{error.msg} ({error.filename}:{error.lineno})"
    said = str(error)
    if isinstance(error, KeyError):
        names = [*project.sources, *project.groups, *project.labels, *project.models]
        said = f"there is no {error}. {nearest(str(error.args[0]), names)}"
    trace = traceback.extract_tb(error.__traceback__)
    frames = [frame for frame in trace if _is_own(Path(frame.filename), project.root)]
    return f"{said} ({frames[-1].filename}:{frames[-1].lineno})" if frames else said


def _is_own(file: Path, root: Path) -> bool:
    """Whether a file is the project's, and not of an environment that lies in its folder."""
    return file.is_relative_to(root) and "site-packages" not in file.parts


def check_landing(graph: Graph, chosen: Graph) -> None:
    """Refuse to start where a source that no job lands has no folder, or a table in place is not there.

    Raises:
        HeadraceError: LANDING_MISSING, SOURCE_TABLE_MISSING.
    """
    made = {output.name for job in graph for output in job.outputs}
    for zone in (asset for job in chosen for asset in job.inputs.values()):
        if isinstance(zone, LandingZone) and zone.name not in made and not zone.folder.is_dir():
            raise HeadraceError("LANDING_MISSING", folder=zone.folder, source=zone.source)
        missing = zone.missing() if isinstance(zone, SourceTable) else None
        if missing is not None:
            raise missing

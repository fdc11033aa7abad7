"""From a folder and an environment to a checked graph."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from headrace.graph.lint import Graph, lint
from headrace.graph.project import Project, load_project
from headrace.graph.select import ordered
from headrace.ground.errors import HeadraceError
from headrace.tables.landing import LandingZone


def open_project(folder: Path, env: str, overrides: tuple[str, ...] = ()) -> Project:
    """The project in a folder, its modules importable."""
    root = folder.resolve()
    project = load_project(root, env, overrides)
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    return project


def load_graph(project: Project) -> Graph:
    """The graph that headrace.yaml names, linted, in a workable order.

    Raises:
        HeadraceError: GRAPH_UNLOADABLE, GRAPH_INVALID.
    """
    module, _, function = project.graph.partition(":")
    try:
        declare = getattr(importlib.import_module(module), function)
    except (ImportError, AttributeError) as error:
        raise HeadraceError("GRAPH_UNLOADABLE", reference=project.graph, problem=error) from error
    graph: Graph = tuple(declare(project))
    lint(graph, project)
    return ordered(graph)


def check_landing(graph: Graph, chosen: Graph) -> None:
    """Refuse to start where a source that no job lands has no folder.

    Raises:
        HeadraceError: LANDING_MISSING.
    """
    made = {output.name for job in graph for output in job.outputs}
    for zone in (asset for job in chosen for asset in job.inputs.values()):
        if isinstance(zone, LandingZone) and zone.name not in made and not zone.folder.is_dir():
            raise HeadraceError("LANDING_MISSING", folder=zone.folder, source=zone.source)

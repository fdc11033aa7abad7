"""The manifest: a project's graph as plain values. Every exporter reads it, and nothing else of the project."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace import __version__
from headrace.contracts.names import show_span
from headrace.graph.job import Each, Job, Latest, Once, asset_key
from headrace.graph.lint import Graph, upstream
from headrace.graph.project import Project
from headrace.graph.select import ordered
from headrace.ground.interval import show_instant
from headrace.ground.targets import Targets
from headrace.tables.spec import Table

FORMAT_VERSION = 1
PROGRAM = "headrace"


@dataclass(frozen=True)
class EntryPoint:
    """What a target calls in the installed wheel: a console script of a package, and the function behind it."""

    package: str = "headrace"
    name: str = "headrace-task"
    function: str = "headrace.cli.task:main"


@dataclass(frozen=True)
class Cadence:
    """When a job is done: for each interval of a length, for the latest one of it, or once over a span.

    ``zone`` and ``begins``, a weekday, where a calendar lays the intervals (``graph.timetable``).
    """

    kind: str
    length: str = ""
    start: str = ""
    end: str = ""
    zone: str = ""
    begins: str = ""

    def to_json(self) -> dict[str, str]:
        """The kind, with the length or the span that belongs to it."""
        if self.kind == "once":
            return {"kind": self.kind, "from": self.start, "to": self.end}
        laid = {"zone": self.zone, "begins": self.begins}
        return {"kind": self.kind, "length": self.length} | {name: said for name, said in laid.items() if said}


@dataclass(frozen=True)
class Node:
    """One job: ``words`` is the command that runs it over ``--from`` and ``--to``, which the caller adds."""

    name: str
    meaning: str
    upstream: tuple[str, ...]
    inputs: Mapping[str, str]
    outputs: tuple[str, ...]
    cadence: Cadence
    history: tuple[str, ...]
    lag: str
    tables: tuple[str, ...]
    """The outputs that are tables, or parts of one."""
    tags: tuple[str, ...]
    exclusive: bool
    requires: str | None
    fallback: str
    words: tuple[str, ...]

    def to_json(self) -> dict[str, Any]:
        """As JSON has it."""
        return {
            "name": self.name,
            "meaning": self.meaning,
            "upstream": list(self.upstream),
            "inputs": dict(self.inputs),
            "outputs": list(self.outputs),
            "cadence": self.cadence.to_json(),
            "history": list(self.history),
            "lag": self.lag,
            "tables": list(self.tables),
            "tags": list(self.tags),
            "exclusive": self.exclusive,
            "requires": self.requires,
            "fallback": self.fallback,
            "command": list(self.words),
        }


@dataclass(frozen=True)
class Resources:
    """What configuration gives a run. A setting that is a reference (``env:NAME``) stays one."""

    master: str
    settings: Mapping[str, str]
    parallel_jobs: int
    attempts: int

    def to_json(self) -> dict[str, Any]:
        """As JSON has it."""
        engine = {"parallel_jobs": self.parallel_jobs, "attempts": self.attempts}
        return {"master": self.master, "settings": dict(sorted(self.settings.items())), **engine}


@dataclass(frozen=True)
class Manifest:
    """A project's graph in one environment. Jobs come after what they read."""

    project: str
    env: str
    start: str
    end: str
    graph: str
    jobs: tuple[Node, ...]
    resources: Resources
    warehouse: str = ""
    """Where tables are, as a URI; empty where they are in a folder of one machine."""
    targets: Targets = field(default_factory=Targets)
    entry_point: EntryPoint = EntryPoint()
    headrace: str = __version__
    format_version: int = FORMAT_VERSION

    def to_json(self) -> dict[str, Any]:
        """As JSON has it; the same graph gives the same values, in the same order."""
        return {
            "format_version": self.format_version,
            "project": self.project,
            "environment": self.env,
            "headrace": self.headrace,
            "graph": self.graph,
            "span": {"from": self.start, "to": self.end},
            "entry_point": {
                "package": self.entry_point.package,
                "name": self.entry_point.name,
                "function": self.entry_point.function,
            },
            "resources": self.resources.to_json(),
            "warehouse": self.warehouse,
            "targets": self.targets.model_dump(),
            "jobs": [node.to_json() for node in self.jobs],
        }

    def text(self) -> str:
        """manifest.json."""
        return json.dumps(self.to_json(), indent=2, ensure_ascii=False) + "\n"


def manifest(project: Project, graph: Graph, sets: tuple[str, ...] = ()) -> Manifest:
    """The manifest of a linted graph; ``sets`` are the overrides that its commands repeat.

    It holds no path of this machine: a caller says with ``--project`` where the project's folder is.
    """
    jobs = ordered(graph)
    above = upstream(jobs)
    config = project.config
    return Manifest(
        project=project.name,
        env=project.env,
        start=show_instant(project.span.start),
        end=show_instant(project.span.end),
        graph=project.graph,
        jobs=tuple(_node(job, _among(jobs, above[job.name]), project.env, sets) for job in jobs),
        resources=Resources(
            config.spark.master, config.spark.settings, config.engine.parallel_jobs, config.engine.attempts
        ),
        warehouse=project.tables_at if isinstance(project.tables_at, str) else "",
        targets=config.targets,
    )


def _node(job: Job, above: tuple[str, ...], env: str, sets: tuple[str, ...]) -> Node:
    overrides = tuple(word for text in sets for word in ("--set", text))
    return Node(
        name=job.name,
        meaning=job.meaning,
        upstream=above,
        inputs={name: asset_key(asset) for name, asset in sorted(job.inputs.items())},
        outputs=tuple(asset_key(asset) for asset in job.outputs),
        tables=tuple(dict.fromkeys(asset.name for asset in job.outputs if isinstance(asset, Table))),
        cadence=_cadence(job.every),
        history=job.history,
        lag=show_span(job.lag),
        tags=job.tags,
        exclusive=job.exclusive,
        requires=job.requires,
        fallback=job.fallback,
        words=(PROGRAM, "run", job.name, "--env", env, *overrides),
    )


def _among(jobs: Graph, names: set[str]) -> tuple[str, ...]:
    return tuple(job.name for job in jobs if job.name in names)


def _cadence(every: Each | Latest | Once) -> Cadence:
    if isinstance(every, Once):
        return Cadence("once", start=show_instant(every.span.start), end=show_instant(every.span.end))
    laid = {"zone": every.zone, "begins": every.weekday or ""} if every.calendar else {}
    return Cadence("each" if isinstance(every, Each) else "latest", show_span(every.length), **laid)

"""The graph as a DAG file of Airflow 3: a SparkSubmitOperator a job, what it makes as assets, retries, a backfill by parameters."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from headrace.export.files import Files, render
from headrace.export.limits import Limits
from headrace.export.schedule import by_day, cron, timezone
from headrace.graph.manifest import Manifest, Node
from headrace.ground.artifacts import DELTA_PACKAGE, EXCLUDED
from headrace.ground.interval import parse_instant

LIMITS = Limits("Airflow", r"[A-Za-z0-9_.-]+", "letters, digits, '_', '-' and '.'", longest=250, most=100_000)
SETTLED = "settled"
"""The last task: it comes after every job, and fails where one of them failed."""
APPLICATION = "headrace_task.py"


@dataclass(frozen=True)
class Task:
    """One operator: its words, the tasks it comes after, and its assets as ``(name, address)``."""

    name: str
    meaning: str
    words: tuple[str, ...]
    above: tuple[str, ...]
    inlets: tuple[tuple[str, str], ...]
    outlets: tuple[tuple[str, str], ...]


def dag(manifest: Manifest) -> Files:
    """The DAG's file, and the application that its tasks submit.

    Raises:
        HeadraceError: EXPORT_JOB_NAME, EXPORT_NAMES_MEET, EXPORT_SCHEDULE.
    """
    name = f"{manifest.project}_{manifest.env}"
    LIMITS.tasks(manifest, (SETTLED,))
    text = render(
        "dag.py.j2",
        manifest=manifest,
        name=name,
        tasks=[_task(manifest, node) for node in manifest.jobs],
        settled=SETTLED,
        application=APPLICATION,
        schedule=cron(manifest),
        timezone=timezone(manifest),
        until="ds" if by_day(manifest) else "ts",
        started=_day(parse_instant(manifest.start)),
        delta=DELTA_PACKAGE,
        excluded=",".join(EXCLUDED),
        retries=manifest.resources.attempts - 1,
    )
    return Files({f"{name}.py": text, APPLICATION: render("task.py.j2")})


def _task(manifest: Manifest, node: Node) -> Task:
    return Task(
        name=node.name,
        meaning=node.meaning,
        words=node.words[1:],
        above=node.upstream,
        inlets=tuple(_asset(manifest, name) for name in dict.fromkeys(node.inputs.values())),
        outlets=tuple(_asset(manifest, name) for name in node.outputs),
    )


def _asset(manifest: Manifest, name: str) -> tuple[str, str]:
    """An asset's name and its address, the environment's in both: what two environments make is not the same."""
    place = f"{manifest.project}/{manifest.env}"
    return f"{place}/{name}", f"headrace://{place}/{quote(name, safe='.')}"


def _day(at: datetime) -> tuple[int, int, int]:
    return at.year, at.month, at.day

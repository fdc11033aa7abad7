"""The graph as a Kubeflow pipeline in the DSL of kfp 2: a component a job, one after another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from keyword import kwlist

from headrace.export.files import Files, render
from headrace.export.limits import Limits
from headrace.graph.manifest import Manifest, Node
from headrace.ground.errors import HeadraceError

LIMITS = Limits(
    "Kubeflow", rf"(?!({'|'.join(kwlist)})$)[A-Za-z_][A-Za-z0-9_]*", "names of Python: letters, digits and '_' (a '.' becomes '_')",
    longest=63, most=100_000, dots="_",
)  # fmt: skip
SETTLED = "settled"
"""The last component: it fails where a job was refused."""
NAMES = (SETTLED, "pipeline", "dsl")
"""What the pipeline's file calls something else."""


@dataclass(frozen=True)
class Step:
    """One component: its name, its words, the one before it, and those that it reads from besides."""

    name: str
    job: str
    meaning: str
    words: tuple[str, ...]
    before: str | None
    above: tuple[str, ...]


def pipeline(manifest: Manifest) -> Files:
    """The pipeline's file.

    Raises:
        HeadraceError: EXPORT_IMAGE, EXPORT_JOB_NAME, EXPORT_NAMES_MEET.
    """
    if manifest.targets.kubeflow.image is None:
        raise HeadraceError("EXPORT_IMAGE", env=manifest.env)
    tasks = LIMITS.tasks(manifest, NAMES)
    text = render(
        "pipeline.py.j2",
        manifest=manifest,
        steps=_steps(manifest, tasks),
        program=manifest.entry_point.name,
        settled=SETTLED,
        retries=manifest.resources.attempts - 1,
    )
    return Files({f"{manifest.project}_{manifest.env}.py".replace("-", "_"): text})


def _steps(manifest: Manifest, tasks: Mapping[str, str]) -> list[Step]:
    before = {after.name: node.name for node, after in pairwise(manifest.jobs)}
    return [_step(node, before.get(node.name), tasks) for node in manifest.jobs]


def _step(node: Node, before: str | None, tasks: Mapping[str, str]) -> Step:
    return Step(
        name=tasks[node.name],
        job=node.name,
        meaning=node.meaning,
        words=node.words[1:],
        before=None if before is None else tasks[before],
        above=tuple(tasks[name] for name in node.upstream if name != before),
    )

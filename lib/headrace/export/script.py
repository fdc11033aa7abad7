"""The graph as a shell script: one spark-submit a job, in order."""

from __future__ import annotations

import shlex

from headrace.export.files import Files, render
from headrace.export.limits import Limits
from headrace.graph.manifest import Manifest

LIMITS = Limits("a shell script", r"[A-Za-z0-9_.-]+", "letters, digits, '_', '-' and '.'", longest=255, most=100_000)
NAME = "run.sh"


def script(manifest: Manifest) -> Files:
    """The script.

    Raises:
        HeadraceError: EXPORT_JOB_NAME.
    """
    LIMITS.tasks(manifest)
    lines = [shlex.join(node.words[1:]) for node in manifest.jobs]
    return Files({NAME: render("script.sh.j2", manifest=manifest, lines=lines)}, frozenset({NAME}))

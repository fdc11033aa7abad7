"""What a target takes: how its tasks may be called, and how many there may be. What it does not take is refused here."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from headrace.graph.manifest import Manifest
from headrace.ground.errors import HeadraceError

_ANYWHERE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*")
"""What a command line takes for a job: no selector (+, tag:) and no option."""


@dataclass(frozen=True)
class Limits:
    """A target's own rules for names of tasks (a pattern, in words, and a length) and their number."""

    target: str
    allowed: str
    letters: str
    longest: int
    most: int
    dots: str = "."
    """What stands for a dot, as in ``train_model.lapse_risk``, where the target takes none."""

    def tasks(self, manifest: Manifest, besides: tuple[str, ...] = ()) -> Mapping[str, str]:
        """Job -> the name of its task; ``besides`` are the tasks that are no jobs.

        Raises:
            HeadraceError: EXPORT_JOB_NAME, EXPORT_NAMES_MEET, EXPORT_TOO_MANY.
        """
        found = {f"headrace's own {name}": name for name in besides}
        for node in manifest.jobs:
            task = node.name.replace(".", self.dots)
            problem = self._problem(node.name, task)
            if problem:
                raise HeadraceError("EXPORT_JOB_NAME", job=node.name, target=self.target, problem=problem)
            twin = next((job for job, other in found.items() if other.lower() == task.lower()), None)
            if twin is not None:
                raise HeadraceError("EXPORT_NAMES_MEET", job=node.name, twin=twin, task=task, target=self.target)
            found[node.name] = task
        if len(found) > self.most:
            last = manifest.jobs[max(0, self.most - len(besides))].name
            raise HeadraceError("EXPORT_TOO_MANY", target=self.target, count=len(found), most=self.most, job=last)
        return MappingProxyType({node.name: found[node.name] for node in manifest.jobs})

    def _problem(self, name: str, task: str) -> str:
        if not _ANYWHERE.fullmatch(name):
            return "a command line takes letters, digits, '_', '-' and '.', and no '-' or '.' at the beginning"
        if not re.fullmatch(self.allowed, task):
            return f"it takes {self.letters}"
        return (
            f"it takes {self.longest} characters at most, and '{task}' has {len(task)}"
            if len(task) > self.longest
            else ""
        )

"""How far an application is: told now and then to whoever started it, and read there."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from headrace.cli.progress import Left, Stages
from headrace.cli.standing import Standing
from headrace.graph.events import Events
from headrace.ground.stages import Stage

EVERY = 5.0
"""Seconds between two tellings, at the least."""
MOST = 20
"""So many stages are told of at once, the oldest first."""


@dataclass
class Whereabouts:
    """Listens to a run, and tells its stages and the time left of it: a line of at most some kilobytes."""

    tell: Callable[..., None]
    stages: Stages
    left: Left
    clock: Callable[[], float] = time.monotonic
    _told: float | None = field(default=None)

    @property
    def events(self) -> Events:
        """The callbacks for the run."""
        return Events(passed=self._pass)

    def _pass(self) -> None:
        now = self.clock()
        if self._told is not None and now - self._told < EVERY:
            return
        self._told = now
        found, left = self.stages(), self.left()
        oldest = None if found is None else sorted(found, key=lambda stage: stage.number)[:MOST]
        told = None if oldest is None else [asdict(stage) for stage in oldest]
        self.tell("at", stages=told, left=None if left is None else [round(seconds, 1) for seconds in left])


def stages_of(standings: Iterable[Standing]) -> tuple[Stage, ...] | None:
    """The stages of what runs in several applications; None where one of them cannot see its own."""
    found: list[Stage] = []
    for standing in standings:
        stages = standing.at.get("stages", [])
        if stages is None:
            return None
        found += (Stage(**told) for told in stages if told["job"] in standing.under_way)
    return tuple(found)


def left_of(job: str, standings: Iterable[Standing]) -> tuple[float, float, float] | None:
    """The time left of the application that runs a job: low, likely, high, in seconds; None where it does not know."""
    at: Mapping[str, Any] = next((one.at for one in standings if job in one.under_way), {})
    told = at.get("left")
    return None if told is None else (told[0], told[1], told[2])

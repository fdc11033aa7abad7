"""What is known of a run from the lines that it told whoever started it. Light: who only waits for a run imports nothing else."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from headrace.ground.errors import LOST

TO = "HEADRACE_TELLS"
"""The variable that names where a run's lines go: a file, or ``-`` for what is printed."""
STARTED_BY = "HEADRACE_STARTED_BY"
"""The variable with the process that is told; where it is gone, the run ends."""
MARK = "\x1eheadrace "
INTERRUPTED, TERMINATED = 130, 143
_GONE = "SPARK_GONE"


@dataclass
class Standing:
    """What is known of a run from what it told."""

    process: int | None = None
    run: str = ""
    under_way: dict[str, int] = field(default_factory=dict)
    """The jobs that are at something, and of how many intervals."""
    ended: int | None = None
    broke: str = ""
    withheld: bool = False
    """Whether rows of one of its jobs were held back."""
    at: Mapping[str, Any] = field(default_factory=dict)
    """How far it was when it last told (``cli.whereabouts``)."""

    def hear(self, told: Mapping[str, Any]) -> None:
        """One line more."""
        match told["event"]:
            case "began":
                self.process, self.run = told["process"], told.get("run", "")
            case "started":
                self.under_way[told["job"]] = len(told["pieces"])
            case "finished":
                self.under_way.pop(told["job"], None)
                self.withheld = self.withheld or bool(told.get("withheld"))
            case "at":
                self.at = told
            case "ended":
                self.ended = told["status"]
            case "broke":
                self.broke, self.ended = told["code"], told["status"]

    def status(self, code: int) -> int:
        """How the run ended, where its process did with ``code``: killed, or without Spark, it is lost."""
        if self.broke == _GONE:
            return LOST
        if self.ended is not None:
            return self.ended
        killed = code < 0 and -code not in (signal.SIGTERM, signal.SIGINT)
        return LOST if killed or (self.process is not None and code not in (INTERRUPTED, TERMINATED)) else code

    def half(self) -> int | None:
        """Half as many intervals as the largest step that it was at; None where it was at none."""
        return max(max(self.under_way.values()) // 2, 1) if self.under_way else None


def read_line(line: str) -> dict[str, Any] | None:
    """What a line tells; None where it is one of those that people read."""
    _, mark, text = line.partition(MARK)
    found: dict[str, Any] = json.loads(text) if mark else {}
    return found or None


def standing_of(lines: Iterable[str]) -> Standing:
    """What all of the lines together say; one that was cut off is none."""
    found = Standing()
    for told in (read_line(line) for line in lines if line.endswith("\n")):
        if told is not None:
            found.hear(told)
    return found

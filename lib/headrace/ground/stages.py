"""Spark's stages as they run: of which job, how far, how many rows, and how much did not fit into memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from py4j.protocol import Py4JError

from headrace.ground.session import active_stages
from headrace.ground.sizes import show_bytes


@dataclass(frozen=True)
class Stage:
    """A running stage. ``job`` is headrace's, by the pool that its thread works in. ``spilled``: bytes, on disk."""

    job: str
    number: int
    done: int
    tasks: int
    rows: int
    spilled: int

    @property
    def told(self) -> str:
        """In a line: number, tasks, and rows and spilled bytes where there are any."""
        parts = [f"stage {self.number}", f"{self.done}/{self.tasks} tasks"]
        parts += [f"{self.rows:,} rows read"] if self.rows else []
        parts += [f"{show_bytes(self.spilled)} spilled"] if self.spilled else []
        return ", ".join(parts)


def running_stages(spark: Any) -> tuple[Stage, ...] | None:
    """The stages that run now; None on Spark Connect, whose clients are not told of them.

    Spark adds rows and spilled bytes up as tasks end, and of those that run as executors report, each 10 s.
    """
    try:
        found = active_stages(spark)
        return None if found is None else tuple(_read(found))
    except Py4JError:  # Spark is ending: what runs in it fails by itself, and says so
        return ()


def _read(found: list[Any]) -> Iterator[Stage]:
    for one in found:
        yield Stage(
            job=str(one.schedulingPool()),
            number=int(one.stageId()),
            done=int(one.numCompleteTasks()),
            tasks=int(one.numTasks()),
            rows=int(one.inputRecords()) + int(one.shuffleReadRecords()),
            spilled=int(one.diskBytesSpilled()),
        )

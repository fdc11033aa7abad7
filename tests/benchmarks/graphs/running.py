"""Runs as a user starts them, each in a process of its own, and what its log says of them."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "SPARK_SUBMIT_OPTS")


@dataclass(frozen=True)
class Ran:
    """One run: its seconds from the start of the process to its end, and the lines of its log."""

    seconds: float
    said: str
    lines: tuple[dict[str, Any], ...]

    @property
    def span(self) -> float:
        """Seconds from the plan to the end of the last job: the session's start is aside."""
        return _apart(self._first("planned"), self._last("job ended"))

    @property
    def began(self) -> float:
        """Seconds from the start of the process to the plan."""
        return self.seconds - _apart(self._first("planned"), self.lines[-1]["time"])

    @property
    def steps(self) -> dict[str, float]:
        """Seconds of each step that was done, by job."""
        return {line["job"]: line["seconds"] for line in self.lines if line["event"] == "step ended"}

    def after(self, job: str) -> float:
        """Seconds from the end of a job to the end of the last one."""
        ended = next(str(line["time"]) for line in self.lines if line["event"] == "job ended" and line["job"] == job)
        return _apart(ended, self._last("job ended"))

    def _first(self, event: str) -> str:
        return next(str(line["time"]) for line in self.lines if line["event"] == event)

    def _last(self, event: str) -> str:
        return next(str(line["time"]) for line in reversed(self.lines) if line["event"] == event)


def _apart(start: str, end: str) -> float:
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


def run(project: Path, run_id: str, submit: Sequence[str] = (), words: Sequence[str] = ()) -> Ran:
    """Run a project through spark-submit.sh; ``submit`` are spark-submit's own options.

    Raises:
        RuntimeError: it failed; the text is what it said.
    """
    began = time.monotonic()
    process = _started(project, run_id, submit, words)
    said = process.communicate()[0]
    seconds = time.monotonic() - began
    if process.returncode:
        raise RuntimeError(f"{run_id}: exit status {process.returncode}\n{said[-4000:]}")
    return Ran(seconds, said, tuple(lines_of(project, run_id)))


def run_until(project: Path, run_id: str, done: int, submit: Sequence[str] = (), words: Sequence[str] = ()) -> int:
    """Run, and kill -9 the whole process group as soon as so many steps have ended; how many had, in the end."""
    process = _started(project, run_id, submit, words)
    while _ended(project, run_id) < done:
        if process.poll() is not None:
            raise RuntimeError(f"{run_id} was over before it was killed\n{process.communicate()[0][-4000:]}")
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    return _ended(project, run_id)


def lines_of(project: Path, run_id: str) -> Iterator[dict[str, Any]]:
    """The lines of a run's log."""
    for path in project.glob(f"**/logs/{run_id}.jsonl"):
        with path.open(encoding="utf-8") as lines:
            yield from (json.loads(line) for line in lines if line.endswith("\n"))


def _ended(project: Path, run_id: str) -> int:
    return sum(line["event"] == "step ended" for line in lines_of(project, run_id))


def _started(project: Path, run_id: str, submit: Sequence[str], words: Sequence[str]) -> subprocess.Popen[str]:
    command = [str(ROOT / "spark-submit.sh"), *submit, "run", "--project", str(project), "--run-id", run_id, *words]
    kept = {name: value for name, value in os.environ.items() if name in KEPT}
    return subprocess.Popen(
        command, env={**kept, "SPARK_LOCAL_IP": "127.0.0.1"}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, text=True, start_new_session=True,
    )  # fmt: skip

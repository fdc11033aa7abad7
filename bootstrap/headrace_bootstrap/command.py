"""Other programs: run one and keep what it printed."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import Mapping, Sequence


@dataclass(frozen=True)
class Outcome:
    """How a program ended, and what it printed on both streams."""

    status: int
    output: str

    @property
    def good(self) -> bool:
        """Whether it ended with status 0."""
        return self.status == 0

    def tail(self, lines: int = 12) -> str:
        """The last lines that it printed, indented below an error's sentences."""
        kept = self.output.strip().splitlines()[-lines:]
        return "\n".join(f"    {line}" for line in kept)


def run(command: Sequence[str], env: Mapping[str, str] | None = None, seconds: float | None = None) -> Outcome:
    """Run a program to its end. One that cannot be started ends with 127, one that takes too long with 124."""
    try:
        ended = subprocess.run(
            list(command),
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=seconds,
            close_fds=False,  # a pip that outlives a killed start keeps the clone's lock until it ends
            check=False,
        )
    except OSError as error:
        return Outcome(127, str(error))
    except subprocess.TimeoutExpired:
        return Outcome(124, f"no answer within {seconds} s")
    return Outcome(ended.returncode, ended.stdout.decode("utf-8", errors="replace"))

"""A process that runs a part of a graph, and what it tells while it does."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from headrace.cli.standing import STARTED_BY, TO, Standing, read_line

Hear = Callable[[dict[str, Any]], None]
PATIENCE = 60.0
"""Seconds that a process may take to end in order."""
LAST = 30
"""Lines that are kept of what people would have read."""


class Process:
    """A process in a group of its own, so that a terminal's Ctrl-C reaches the one who started it alone."""

    def __init__(self, command: Sequence[str], hear: Hear) -> None:
        told = {TO: "-", STARTED_BY: str(os.getpid())}
        self.standing = Standing()
        self.printed: deque[str] = deque(maxlen=LAST)
        self._hear = hear
        self._process = subprocess.Popen(
            list(command), env={**os.environ, **told}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            text=True, encoding="utf-8", errors="replace", start_new_session=True,
        )  # fmt: skip
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()

    def status(self) -> int | None:
        """See ``graph.walk.Child``."""
        code = self._process.poll()
        if code is None:
            return None
        self._end_group()  # Python, where its JVM was killed
        self._listener.join(PATIENCE)
        return self.standing.status(code)

    def half(self) -> int | None:
        """See ``graph.walk.Child``."""
        return self.standing.half()

    def withheld(self) -> bool:
        """See ``graph.walk.Child``."""
        return self.standing.withheld

    def stop(self) -> None:
        """Ask Python, which cancels what Spark does; it may be the JVM's child."""
        self._signal(os.kill, self.standing.process or self._process.pid, signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(PATIENCE)
        self._end_group()
        self._process.wait()

    def _end_group(self) -> None:
        self._signal(os.killpg, self._process.pid, signal.SIGKILL)

    def _signal(self, send: Callable[[int, int], None], to: int, sent: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            send(to, sent)

    def _listen(self) -> None:
        lines = self._process.stdout
        if lines is None:
            return
        with lines:
            for line in lines:
                self._take(line)

    def _take(self, line: str) -> None:
        told = read_line(line)
        if told is None:
            self.printed.append(line.rstrip("\n"))
            return
        self.standing.hear(told)
        self._hear(told)

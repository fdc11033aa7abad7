"""A lock between processes of one machine, held by an open file: it goes with the process that holds it."""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from headrace.ground.errors import HeadraceError

LOOK = 0.5
"""Seconds after which who waits looks at the holder."""
PATIENCE = 60.0
"""Seconds that a holder may be suspended before nobody waits for it any more."""


@contextmanager
def commit_lock(path: Path | None) -> Iterator[None]:
    """Wait for the lock of one table; Delta on a local disk can lose a commit when two processes write at once.

    None is no lock: the table is where Delta's own log store keeps writers apart. A suspended process keeps its turn.
    Who waited for a file that somebody removed meanwhile waits again, for the one that is there now.

    Raises:
        HeadraceError: TABLE_HELD naming the table and the process that holds it, once that was suspended for ``PATIENCE``.
    """
    if path is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    while True:
        with path.open("a+") as file:
            _take_turn(file, path)
            if _is_at(file, path):
                _sign(file)
                yield
                return


def _take_turn(file: IO[str], path: Path) -> None:
    """Wait as the system has it, first come, first served; somebody else looks at the holder meanwhile."""
    with suppress(BlockingIOError):
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return
    waiting = threading.Thread(target=fcntl.flock, args=(file, fcntl.LOCK_EX), daemon=True)
    waiting.start()
    since = time.monotonic()
    while waiting.is_alive():
        waiting.join(LOOK)
        holder = _holder(path)
        if not is_suspended(holder):
            since = time.monotonic()
        elif time.monotonic() - since > PATIENCE and waiting.is_alive():
            raise HeadraceError("TABLE_HELD", table=path.stem, holder=holder)


def is_suspended(process: int) -> bool:
    """Whether a process is stopped (SIGSTOP, Ctrl-Z); False too where the system does not tell."""
    try:
        told = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return False
    return told.rpartition(")")[2].split()[0] in ("T", "t")


def _holder(path: Path) -> int:
    try:
        return int(json.loads(path.read_text(encoding="utf-8"))["process"])
    except (OSError, ValueError, KeyError):
        return 0  # it has the lock, and did not sign yet


def _is_at(file: IO[str], path: Path) -> bool:
    """Whether the open file is still the one at ``path``."""
    try:
        return os.path.samestat(os.fstat(file.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _sign(file: IO[str]) -> None:
    """Say who holds the lock. On a disk that is full it is held unsigned."""
    with suppress(OSError):
        file.seek(0)
        file.truncate()
        file.write(json.dumps({"process": os.getpid()}))
        file.flush()

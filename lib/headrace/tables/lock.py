"""A lock between processes of one machine, held by an open file: it goes with the process that holds it."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from headrace.ground.errors import HeadraceError


@contextmanager
def commit_lock(path: Path | None) -> Iterator[None]:
    """Wait for the lock of one table; Delta on a local disk can lose a commit when two processes write at once.

    None is no lock: the table is where Delta's own log store keeps writers apart.
    """
    if path is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


@contextmanager
def run_lock(path: Path | None, run_id: str) -> Iterator[None]:
    """Hold the warehouse for one run; None is no lock, where somebody else schedules runs one after another.

    Raises:
        HeadraceError: WAREHOUSE_BUSY naming the run and process that hold it; nothing is waited for.
    """
    if path is None:
        yield
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.seek(0)
            raise HeadraceError("WAREHOUSE_BUSY", holder=file.read().strip() or "unknown") from None
        file.seek(0)
        file.truncate()
        file.write(json.dumps({"run": run_id, "process": os.getpid()}))
        file.flush()
        yield

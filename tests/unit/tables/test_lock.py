"""The lock of a table between processes: nobody's turn is lost, one that is suspended keeps its own, and is told of."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from headrace.ground.errors import HeadraceError
from headrace.tables import lock
from headrace.tables.lock import commit_lock, is_suspended

HOLD = """
import sys
from pathlib import Path
from headrace.tables.lock import commit_lock
with commit_lock(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.readline()
"""
COUNT = """
import sys
from pathlib import Path
from headrace.tables.lock import commit_lock
folder = Path(sys.argv[1])
for _ in range(200):
    with commit_lock(folder / "raw.events.lock"):
        count = int((folder / "count").read_text())
        (folder / "count").write_text(str(count + 1))
"""


@contextmanager
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    """Another process that has the lock until it is given a line."""
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_for(told: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not told():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_two_processes_of_two_hundred_turns_each_lose_none(tmp_path: Path) -> None:
    (tmp_path / "count").write_text("0", encoding="utf-8")
    both = [subprocess.Popen([sys.executable, "-c", COUNT, str(tmp_path)]) for _ in range(2)]
    assert [process.wait(60) for process in both] == [0, 0]
    assert (tmp_path / "count").read_text(encoding="utf-8") == "400"


def test_a_suspended_holder_keeps_its_turn_and_who_waits_is_told_of_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "LOOK", 0.02)
    monkeypatch.setattr(lock, "PATIENCE", 0.2)
    path = tmp_path / "raw.events.lock"
    with holder(path) as process:
        process.send_signal(signal.SIGSTOP)
        wait_for(lambda: is_suspended(process.pid))
        with pytest.raises(HeadraceError) as held, commit_lock(path):
            pass
        assert (held.value.code, held.value.exit_status) == ("TABLE_HELD", 75)
        assert f"raw.events is being written by process {process.pid}, which is suspended" in str(held.value)
        assert f"kill -CONT {process.pid}" in str(held.value)
        process.send_signal(signal.SIGCONT)
        process.communicate("\n")
        with commit_lock(path):
            assert json.loads(path.read_text(encoding="utf-8")) == {"process": os.getpid()}


def test_a_holder_that_works_is_waited_for_and_one_that_is_killed_lets_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lock, "LOOK", 0.02)
    monkeypatch.setattr(lock, "PATIENCE", 0.05)
    path = tmp_path / "raw.events.lock"
    with holder(path) as process:
        killer = threading.Timer(0.5, process.kill)
        killer.start()
        began = time.monotonic()
        with commit_lock(path):
            assert time.monotonic() - began > 0.4, "more patience than a suspended one is given"


def test_a_lock_file_that_is_removed_while_somebody_waits_locks_no_more(tmp_path: Path) -> None:
    """Who waited for the old file would otherwise write beside who locked the new one."""
    path, got = tmp_path / "raw.events.lock", threading.Event()

    def wait() -> None:
        with commit_lock(path):
            got.set()

    with holder(path) as process:
        waits = threading.Thread(target=wait, daemon=True)
        waits.start()
        time.sleep(0.2)
        path.unlink()
        with holder(path):
            process.communicate("\n")
            assert not got.wait(0.3), "the new file is somebody else's"
        assert got.wait(20)
        waits.join()


def test_no_lock_where_delta_keeps_writers_apart() -> None:
    """Another writer comes in while one is at work."""
    came = threading.Event()

    def write() -> None:
        with commit_lock(None):
            came.set()

    with commit_lock(None):
        threading.Thread(target=write, daemon=True).start()
        assert came.wait(20)


def test_a_process_that_is_gone_is_not_suspended() -> None:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    assert not is_suspended(process.pid)

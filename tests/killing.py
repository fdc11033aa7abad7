"""A run in a process of its own that is killed, JVM and all, at the moment when it leaves something."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

DEADLINE = 600
"""Seconds that a run may take until it is where it is to be killed; the machine may be busy with other tests."""
RUN = "from headrace.cli import main; raise SystemExit(main())"


def kill_at(project: Path, *places: tuple[Path, str], words: Sequence[str] = ("run",)) -> int | None:
    """Kill it as soon as there is a file, in one of these (folder, pattern), that was not before.

    ``words``: the command. The number of that place; None where the run came to its end before.
    """
    before = [_files(*place) for place in places]
    reached: list[int] = []

    def there() -> bool:
        found = (n for n, place in enumerate(places) if not before[n].issuperset(_files(*place)))
        reached.extend(n for n in (next(found, None),) if n is not None)
        return bool(reached)

    return reached[0] if kill_when(project, there, words=words) else None


def _files(folder: Path, pattern: str) -> set[Path]:
    """None while the run removes a folder that is being looked through: it is looked at again at once."""
    try:
        return set(folder.glob(pattern))
    except FileNotFoundError:
        return set()


def kill_when(project: Path, reached: Callable[[], bool], after: float = 0.0, words: Sequence[str] = ("run",)) -> bool:
    """Kill it ``after`` so many seconds from when ``reached`` holds; whether that was before its end."""
    said = project / "killed.log"
    with said.open("w") as out:
        command = [sys.executable, "-c", RUN, *words, "--project", str(project)]
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
        end = time.monotonic() + DEADLINE
        while not reached():
            if process.poll() is not None:
                assert process.returncode == 0, said.read_text()[-2000:]
                return False
            assert time.monotonic() < end, "the run did not get that far"
            time.sleep(0.002)
        time.sleep(after)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return True

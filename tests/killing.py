"""A run in a process of its own that is killed, JVM and all, at the moment when it leaves something."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

DEADLINE = 240
RUN = "from headrace.cli import main; raise SystemExit(main())"


def kill_at(project: Path, *places: tuple[Path, str], words: Sequence[str] = ("run",)) -> int | None:
    """Kill it as soon as there is a file, in one of these (folder, pattern), that was not before.

    ``words``: the command. The number of that place; None where the run came to its end before.
    """
    before = [set(folder.glob(pattern)) for folder, pattern in places]
    said = project / "killed.log"
    with said.open("w") as out:
        command = [sys.executable, "-c", RUN, *words, "--project", str(project)]
        process = subprocess.Popen(command, stdout=out, stderr=out, start_new_session=True)
        end = time.monotonic() + DEADLINE
        while (reached := _new(places, before)) is None:
            if process.poll() is not None:
                assert process.returncode == 0, said.read_text()[-2000:]
                return None
            assert time.monotonic() < end, "the run did not get that far"
            time.sleep(0.002)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    return reached


def _new(places: Sequence[tuple[Path, str]], before: Sequence[set[Path]]) -> int | None:
    found = (n for n, (folder, pattern) in enumerate(places) if not before[n].issuperset(folder.glob(pattern)))
    return next(found, None)

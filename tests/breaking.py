"""Disks that are full, and files that are cut short."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

BALLAST = "ballast"
PIECE = 4096


@contextmanager
def small_disk(folder: Path, size: str = "32m") -> Iterator[Path]:
    """A disk of its own in ``folder``, while it lasts; the test is skipped where none may be mounted."""
    folder.mkdir(parents=True, exist_ok=True)
    words = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(words, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        pytest.skip(f"no small disk can be mounted here: {error}")
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextmanager
def filled_when(disk: Path, reached: Callable[[], bool]) -> Iterator[threading.Event]:
    """Leave no room on a disk from the moment when ``reached`` holds; there is room again afterwards. Set: it was full."""
    full, over = threading.Event(), threading.Event()

    def fill() -> None:
        while not reached():
            if over.is_set():
                return
            time.sleep(0.002)
        with (disk / BALLAST).open("wb", buffering=0) as file:
            while not over.is_set():  # what somebody gives back is taken too
                with suppress(OSError):
                    while file.write(bytes(PIECE)):
                        pass
                full.set()
                time.sleep(0.002)

    filling = threading.Thread(target=fill, daemon=True)
    filling.start()
    try:
        yield full
    finally:
        over.set()
        filling.join()
        (disk / BALLAST).unlink(missing_ok=True)


def newest_commit(warehouse: Path, table: str) -> Path:
    """The newest file of a table's log."""
    return max((warehouse.joinpath(*table.split(".")) / "_delta_log").glob("[0-9]*.json"))


def cut(path: Path, how: str) -> None:
    """Cut a file short: in a line, behind a line, or all of it."""
    text = path.read_text(encoding="utf-8")
    left = {"in a line": text[:-40], "behind a line": "".join(text.splitlines(keepends=True)[:-1]), "empty": ""}
    path.write_text(left[how], encoding="utf-8")


def move_away(commit: Path) -> None:
    """What the error asks for: every file of the commit's number goes."""
    for path in commit.parent.iterdir():
        if commit.stem in path.name:
            path.unlink()

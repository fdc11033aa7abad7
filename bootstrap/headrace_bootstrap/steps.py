"""A step of the set-up: what it depends on, and what it does. A stamp decides whether it is to be done."""

from __future__ import annotations

import fcntl
import hashlib
import os
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Callable, Iterator, Sequence

from headrace_bootstrap.layout import Layout


@dataclass(frozen=True)
class Step:
    """One thing that a start may have to make.

    ``identity`` digests everything that ``make`` depends on. It is asked before ``make``, to compare with the
    stamp, and after it, to write the stamp.
    """

    name: str
    says: str
    identity: Callable[[], str]
    make: Callable[[], None]


def digest(*parts: Path | str) -> str:
    """The SHA-256 of files' contents and of words, in order; a file that is missing counts as such."""
    whole = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else _content(part)
        whole.update(hashlib.sha256(content).digest())
    return whole.hexdigest()


def _content(path: Path) -> bytes:
    return path.read_bytes() if path.is_file() else b"missing"


def is_done(layout: Layout, step: Step) -> bool:
    """Whether the step was done for what it depends on now."""
    stamp = layout.stamp(step.name)
    return stamp.is_file() and stamp.read_text(encoding="utf-8") == step.identity()


def make_missing(layout: Layout, steps: Sequence[Step]) -> None:
    """Do the steps that are not done, in order. Two starts at once do each step once.

    When all is done, no lock is taken and nothing is written.
    """
    if all(is_done(layout, step) for step in steps):
        return
    with only_one(layout.root):
        for step in steps:
            if not is_done(layout, step):
                tell(step.says)
                step.make()
                _mark(layout.stamp(step.name), step.identity())


def _mark(stamp: Path, identity: str) -> None:
    stamp.parent.mkdir(parents=True, exist_ok=True)
    fresh = stamp.with_name(stamp.name + ".new")
    fresh.write_text(identity, encoding="utf-8")
    fresh.replace(stamp)


@contextmanager
def only_one(root: Path) -> Iterator[None]:
    """Hold the clone's folder against other starts; the lock goes with the process and those that it started."""
    folder = os.open(root, os.O_RDONLY)
    os.set_inheritable(folder, True)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("another start is setting up this clone; waiting for it")
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def tell(line: str) -> None:
    """One line about the set-up, on stderr, since stdout belongs to the job."""
    print(f"set-up: {line}", file=sys.stderr, flush=True)

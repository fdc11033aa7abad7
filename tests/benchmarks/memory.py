"""Peak memory of a process and everything below it, sampled from outside."""

from __future__ import annotations

import threading
from collections import defaultdict

import psutil

EVERY = 0.2


class Peak:
    """The greatest resident sizes seen while it is open: of the JVM, of the driver's Python, of the Python workers."""

    def __init__(self, pid: int) -> None:
        self._root = psutil.Process(pid)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.bytes: dict[str, int] = defaultdict(int)

    def __enter__(self) -> Peak:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(EVERY):
            sizes: dict[str, int] = defaultdict(int)
            for process, size in self._sizes():
                sizes[_kind(process)] += size
            sizes["all together"] = sum(sizes.values())
            for kind, size in sizes.items():
                self.bytes[kind] = max(self.bytes[kind], size)

    def _sizes(self) -> list[tuple[list[str], int]]:
        found = []
        for process in (self._root, *_children(self._root)):
            try:
                found.append((process.cmdline(), process.memory_info().rss))
            except psutil.Error:
                continue  # it ended between the two looks
        return found


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        return process.children(recursive=True)
    except psutil.Error:
        return []


def _kind(command: list[str]) -> str:
    words = " ".join(command)
    if "pyspark.daemon" in words or "pyspark.worker" in words:
        return "Python workers"
    return "JVM" if command and command[0].endswith("java") else "Python of the driver"

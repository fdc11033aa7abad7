"""Writes landing zones: a source appears whole or not at all, and always with the same bytes.

A source is written into ``{landing}/.{source}.partial`` and renamed when all is there, ``_landed.json`` included: so a
run that was killed leaves no half source, and the next one begins again. Compression has no clock and no names in it;
times of change are the end of the day of arrival, as a nightly upload would leave them.
"""

from __future__ import annotations

import gzip
import json
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from headrace.ground.errors import HeadraceError
from headrace.jobs.demo.lines import LandingFile

FORMAT_VERSION = 1
MARK = "_landed.json"
_LEVEL, _THREADS = 4, 2


@dataclass(frozen=True)
class Feed:
    """What a source will hold: its days (with or without files), its files in batches, and its known counts."""

    days: Iterable[np.datetime64]
    batches: Iterable[list[LandingFile]]
    counts: Mapping[str, int]


@dataclass(frozen=True)
class Landed:
    """What lies in the landing zone: files, lines, and the counts that the tests hold the pipeline to."""

    files: int
    lines: int
    counts: Mapping[str, int]

    def __add__(self, other: Landed) -> Landed:
        return Landed(self.files + other.files, self.lines + other.lines, {**self.counts, **other.counts})


def land_source(landing: Path, source: str, origin: Mapping[str, object], build: Callable[[], Feed]) -> Landed:
    """Make ``{landing}/{source}``, unless it is there already.

    Args:
        landing: the landing zone of all sources.
        source: the folder's name.
        origin: everything that decides the bytes (dataset, seed, ...); kept in the mark.
        build: makes the feed; not called where the source is complete.

    Raises:
        HeadraceError: LANDING_OTHER.
    """

    def fill(partial: Path) -> Landed:
        feed = build()
        for day in feed.days:
            (partial / str(day)).mkdir(parents=True)
        files, lines = _write_all(partial, feed.batches)
        return Landed(files, lines, dict(feed.counts))

    return land_folder(landing, source, origin, fill)


def land_folder(landing: Path, source: str, origin: Mapping[str, object], fill: Callable[[Path], Landed]) -> Landed:
    """The same for any way to ``fill`` the folder that it is given: whole or not at all, and marked.

    Raises:
        HeadraceError: LANDING_OTHER.
    """
    folder, partial = landing / source, landing / f".{source}.partial"
    known = {"format_version": FORMAT_VERSION, "origin": dict(origin)}
    if folder.exists():
        return _recognise(folder, known)
    shutil.rmtree(partial, ignore_errors=True)
    landed = fill(partial)
    (partial / MARK).write_text(json.dumps(known | {"landed": asdict(landed)}, indent=1) + "\n", encoding="utf-8")
    partial.rename(folder)
    return landed


def _recognise(folder: Path, known: Mapping[str, object]) -> Landed:
    mark = folder / MARK
    found = json.loads(mark.read_text(encoding="utf-8")) if mark.is_file() else {}
    if any(found.get(key) != value for key, value in known.items()):
        raise HeadraceError(
            "LANDING_OTHER", folder=folder, found=found.get("origin", "unmarked"), wanted=known["origin"]
        )
    return Landed(**found["landed"])


def _write_all(partial: Path, batches: Iterable[list[LandingFile]]) -> tuple[int, int]:
    """Compress one batch while the next is assembled; two batches at most are in memory."""
    files = lines = 0
    before: list[Future[None]] = []
    with ThreadPoolExecutor(_THREADS, thread_name_prefix="land") as pool:
        for batch in batches:
            for done in before:
                done.result()
            before = [pool.submit(_write, partial, file) for file in batch]
            files, lines = files + len(batch), lines + sum(file.lines for file in batch)
        for done in before:
            done.result()
    return files, lines


def _write(partial: Path, file: LandingFile) -> None:
    path = partial / str(file.day) / f"part-{file.part:05d}.json.gz"
    path.write_bytes(gzip.compress(file.text, compresslevel=_LEVEL, mtime=0))
    uploaded = int((file.day + 1).astype("datetime64[s]").astype(np.int64))
    os.utime(path, (uploaded, uploaded))

"""Projects over other people's data (tests/projects), in folders that the tests may fill."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


def shared_file(name: str, part: str = "data") -> Path:
    """A file of ``shared``, which lies beside the repository (or beside a folder above it); else the test skips."""
    for folder in ROOT.parents:
        if (folder / "shared" / part / name).is_file():
            return folder / "shared" / part / name
    pytest.skip(f"shared/{part}/{name} does not lie beside the repository")


def copy_project(name: str, folder: Path) -> Path:
    """The project as it stands under tests/projects, in ``folder``."""
    shutil.copytree(ROOT / "tests/projects" / name, folder, dirs_exist_ok=True)
    return folder


def land(project: Path, source: str, day: date, lines: Iterable[str], suffix: str = "json") -> None:
    """One gzip file of lines in a day's landing folder."""
    path = project / "home/landing" / source / day.isoformat() / f"lines.{suffix}.gz"
    path.parent.mkdir(parents=True, exist_ok=True)
    with gzip.GzipFile(path, "wb", compresslevel=1, mtime=0) as file:
        file.write(("\n".join(lines) + "\n").encode())

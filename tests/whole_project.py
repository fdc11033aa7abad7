"""The demo's project in a folder of the test's own."""

from __future__ import annotations

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def copy_project(folder: Path, replace: dict[str, tuple[str, str]]) -> Path:
    """The demo's headrace.yaml and conf/ in ``folder``, with texts replaced by file."""
    shutil.copy(ROOT / "headrace.yaml", folder)
    shutil.copytree(ROOT / "conf", folder / "conf", ignore=shutil.ignore_patterns("__pycache__"))
    for file, (old, new) in replace.items():
        path = folder / "conf" / file
        text = path.read_text(encoding="utf-8")
        assert old in text, (file, old)
        path.write_text(text.replace(old, new), encoding="utf-8")
    return folder

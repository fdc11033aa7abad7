"""The demo's project in a folder of the test's own."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MLFLOW_PLACES = (
    ("experiments", "artifact_location"), ("runs", "artifact_uri"),
    ("model_versions", "source"), ("model_versions", "storage_location"),
)  # fmt: skip
"""Where MLflow keeps absolute paths of artifacts."""


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


def copy_whole(whole: Path, folder: Path) -> Path:
    """A project that was run, with its tables and its MLflow store, in a folder of its own."""
    root = folder / "copy"
    shutil.copytree(whole, root)
    with closing(sqlite3.connect(root / ".headrace/local/mlflow/mlflow.db")) as store, store:
        for table, column in MLFLOW_PLACES:
            store.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (str(whole), str(root)))
    return root

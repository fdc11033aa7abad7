"""The demo's project in a folder of the test's own."""

from __future__ import annotations

import contextlib
import io
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
MLFLOW_PLACES = (
    ("experiments", "artifact_location"), ("runs", "artifact_uri"),
    ("model_versions", "source"), ("model_versions", "storage_location"),
)  # fmt: skip
"""Where MLflow keeps absolute paths of artifacts."""

HOUSEHOLDS = 200


@dataclass(frozen=True)
class Whole:
    """A project folder after one run of the whole graph."""

    root: Path
    status: int
    said: str


def run_whole(folder: Path) -> Whole:
    """The whole graph on 200 households. Their test set is small, so the gate asks for less than the demo's."""
    from headrace.cli import main

    gate = ("gate: {least_auc: 0.83,", "gate: {least_auc: 0.7,")
    households = ("seed: 2017", f"seed: 2017, households: {HOUSEHOLDS}")
    root = copy_project(folder, {"contracts/models/lapse_risk.yaml": gate, "local.yaml": households})
    path = root / "conf/contracts/models/lapse_risk.yaml"
    text = path.read_text(encoding="utf-8").replace("trials: 12", "trials: 4")
    path.write_text(text.replace("gain_lower_bound: 0.05", "gain_lower_bound: 0.0"), encoding="utf-8")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = main(["run", "--project", str(root)])
    return Whole(root, status, said.getvalue())


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


def copy_whole(whole: Path, folder: Path, home: str = ".headrace/local") -> Path:
    """A project that was run, with its tables and its MLflow store, in a folder of its own."""
    root = folder / "copy"
    shutil.copytree(whole, root)
    with closing(sqlite3.connect(root / home / "mlflow/mlflow.db")) as store, store:
        for table, column in MLFLOW_PLACES:
            store.execute(f"UPDATE {table} SET {column} = replace({column}, ?, ?)", (str(whole), str(root)))
    return root

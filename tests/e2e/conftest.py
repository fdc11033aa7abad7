"""A project of its own for the tests: the demo's conf/ with fewer households, in a folder that is thrown away."""

from __future__ import annotations

import contextlib
import io
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import tiny_training
from plans import compiled
from whole_project import Whole, run_whole


@pytest.fixture(scope="session")
def whole(spark: object, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The whole graph on 200 households, 366 snapshots of each: enough rows for a compiled plan to pay."""
    with compiled(spark):
        return run_whole(tmp_path_factory.mktemp("whole"))


@pytest.fixture(scope="session")
def trained(spark: object, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The tiny project with a model after one run of its graph (see ``tiny_training``)."""
    from headrace.cli import main

    root = tiny_training.make_project(tmp_path_factory.mktemp("trained"))
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        status = main(["run", "--project", str(root)])
    assert status == 0, said.getvalue()
    return Whole(root, status, said.getvalue())


@pytest.fixture
def copy(trained: Whole, tmp_path: Path) -> Path:
    """The tiny project with its tables, after that run, in a folder of the test's own; without what MLflow keeps."""
    ignored = shutil.ignore_patterns("mlflow")
    return Path(shutil.copytree(trained.root, tmp_path / "copy", ignore=ignored))


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run a headrace command in this process: (exit status, everything that it printed)."""
    from headrace.cli import main

    def run(*words: str) -> tuple[int, str]:
        status = main(list(words))
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return run

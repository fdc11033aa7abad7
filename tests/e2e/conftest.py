"""A project of its own for the tests: the demo's conf/ with fewer households, in a folder that is thrown away."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest
from whole_project import copy_project

HOUSEHOLDS = 200


@dataclass(frozen=True)
class Whole:
    """A project folder after one run of the whole graph."""

    root: Path
    status: int
    said: str


@pytest.fixture(scope="session")
def whole(spark: object, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The whole graph on 200 households. Their test set is small, so the gate asks for less than the demo's."""
    import contextlib
    import io

    from headrace.cli import main

    gate = ("gate: {least_auc: 0.83,", "gate: {least_auc: 0.7,")
    root = copy_project(
        tmp_path_factory.mktemp("whole"),
        {
            "contracts/models/lapse_risk.yaml": gate,
            "local.yaml": ("seed: 2017", f"seed: 2017, households: {HOUSEHOLDS}"),
        },
    )
    path = root / "conf/contracts/models/lapse_risk.yaml"
    text = (
        path.read_text(encoding="utf-8")
        .replace("trials: 12", "trials: 4")
        .replace("gain_lower_bound: 0.05", "gain_lower_bound: 0.0")
    )
    path.write_text(text, encoding="utf-8")
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        status = main(["run", "--project", str(root)])
    return Whole(root, status, said.getvalue())


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run a headrace command in this process: (exit status, everything that it printed)."""
    from headrace.cli import main

    def run(*words: str) -> tuple[int, str]:
        status = main(list(words))
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return run

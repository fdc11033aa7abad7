"""A project of its own for the tests: the demo's conf/ with fewer households, in a folder that is thrown away."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from whole_project import Whole, run_whole


@pytest.fixture(scope="session")
def whole(spark: object, tmp_path_factory: pytest.TempPathFactory) -> Whole:
    """The whole graph on 200 households."""
    return run_whole(tmp_path_factory.mktemp("whole"))


@pytest.fixture
def call(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Run a headrace command in this process: (exit status, everything that it printed)."""
    from headrace.cli import main

    def run(*words: str) -> tuple[int, str]:
        status = main(list(words))
        captured = capsys.readouterr()
        return status, captured.out + captured.err

    return run

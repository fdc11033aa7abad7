"""One Spark session for the whole test process, made by headrace itself (pytest-spark's fixture points to it)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from plans import GENERATED, SETTINGS, compiled
from xdist.scheduler import LoadFileScheduling

ROOT = Path(__file__).resolve().parents[1]
FIRST_COMPILER = "-XX:TieredStopAtLevel=1"
if FIRST_COMPILER not in os.environ.get("SPARK_SUBMIT_OPTS", ""):
    os.environ["SPARK_SUBMIT_OPTS"] = f"{os.environ.get('SPARK_SUBMIT_OPTS', '')} {FIRST_COMPILER}".strip()
"""For this process's JVM and those that tests start: most end before what HotSpot's second compiler makes has paid for it.

Golden plans and retention together: 182 s of processor with it, 217 s without.
"""


class Together(LoadFileScheduling):
    """Where two processes share the tests (``-n 2``), a file's tests stay together, and so do those of one run graph.

    pytest-xdist's own groups do nothing under pytest 9.2 (its issue 1386), and say nothing of it.
    """

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return run_graph(file) or file


@cache
def run_graph(file: str) -> str | None:
    """The fixture of tests/e2e/conftest.py whose run graph the file's tests look at, if any."""
    if not file.startswith("tests/e2e/"):
        return None
    asked = re.search(r"def \w+\([^)]*\b(whole|trained|copy)\b", (ROOT / file).read_text(encoding="utf-8"))
    return asked and asked[1].replace("copy", "trained")  # ``copy`` is one of ``trained``


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Together:
    """Files in the order of their names: those of whole graphs begin, and the small ones fill up the end."""
    config.option.loadscopereorder = False
    return Together(config, log)


@pytest.fixture(scope="session")
def _spark_session() -> Iterator[object]:
    """What pytest-spark's ``spark_session`` returns; its own would build and stop another one."""
    from headrace.ground.session import open_session

    session = open_session("headrace-tests", "local[2]", SETTINGS)
    session.sparkContext.setLogLevel("ERROR")
    yield session
    session.stop()


@pytest.fixture(scope="session")
def spark(_spark_session: object) -> object:
    """The session, under the name that headrace's tests use."""
    return _spark_session


@pytest.fixture(scope="module")
def generated(spark: Any) -> Iterator[dict[str, str]]:
    """The module's plans are ``compiled``; the settings, for sessions beside them."""
    with compiled(spark):
        yield GENERATED

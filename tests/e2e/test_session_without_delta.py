"""A session that was there before us and cannot do what is done here: refused, with the remedy, and left alone."""

from __future__ import annotations

import pytest
import tiny
from somebodys_session import OPEN, notebook

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.e2e]


def test_a_session_without_delta_is_refused_with_the_remedy(tmp_path):
    project = tiny.make_project(tmp_path, days=1)
    status, said = notebook(
        OPEN + "from headrace.cli import main\nstatus = main(['run', '--project', sys.argv[2]])\n"
        "assert spark.range(2).count() == 2\nsys.exit(status)",
        {}, project,
    )  # fmt: skip
    assert status == 2, said
    assert "SESSION_WITHOUT_DELTA" in said
    assert "spark.sql.extensions=io.delta.sql.DeltaSparkSessionExtension" in said
    assert "Traceback" not in said
    begun = list((project / "home/warehouse").rglob("_delta_log"))
    assert begun == [], "a run holds its lease before it asks for a session; no table is begun"

"""Spark Connect in short: a small project's tables are the same bytes as on classic Spark.

The demo's whole graph there, training included, and a server that runs already are tests/integrations/test_whole_graph_on_connect.py.
"""

from __future__ import annotations

import pytest
import tiny
from connect_process import ROOT, run

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.e2e]


def test_a_server_of_its_own_makes_the_same_tables(spark, tmp_path):
    from headrace.cli import main

    classic, connect = tmp_path / "classic", tmp_path / "connect"
    for folder in (classic, connect):
        folder.mkdir()
        tiny.make_project(folder, days=4)
    assert main(["run", "--project", str(classic)]) == 0
    launcher = (str(ROOT / "spark-submit.sh"), "--master", "local[2]", "--conf", "spark.api.mode=connect")
    ran = run([["run", "--project", str(connect)], []], *launcher)
    assert (ran.status, ran.kind, ran.statuses) == (0, "connect", [0, 0]), ran.said[-4000:]
    assert tiny.hashes(spark, connect) == tiny.hashes(spark, classic)

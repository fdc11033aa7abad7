"""The skew benchmark in a small form: structure, not time.

Short form: tests/oracle/test_asof.py and tests/oracle/test_window_features.py.
"""

from __future__ import annotations

import pytest
from benchmarks import skew

pytestmark = [pytest.mark.spark, pytest.mark.dear]

ROWS, PARTS = 200_000, 16
MOST = 2.0
"""The largest task's reading as a multiple of its stage's mean."""


@pytest.fixture(scope="module")
def tables(spark, tmp_path_factory):
    session = spark.newSession()
    session.conf.set("spark.sql.shuffle.partitions", str(PARTS))
    session.conf.set("spark.sql.files.openCostInBytes", "128m")  # a file a task
    return skew.make(session, tmp_path_factory.mktemp("skew"), ROWS, PARTS, heavy=True)


@pytest.mark.parametrize("name", ["as_of_join", "window_features"])
def test_a_key_with_90_percent_of_the_rows_is_read_evenly(spark, tables, name, tmp_path):
    with skew.logged(spark, tmp_path / "log") as logs:
        skew.FUNCTIONS[name](tables).write.parquet(str(tmp_path / "answers"))
    large = [stage for _, stage in skew.stages(logs[0]) if sum(stage.records) > 1000]
    scans = [stage for stage in large if all(stage.shuffled_bytes) and sum(stage.records) > ROWS]
    assert scans, "the rows were shuffled"
    for stage in large:
        assert skew.unevenness(stage.records) <= MOST, (stage.name, sorted(stage.records))
        assert skew.even_bytes(stage) <= MOST, (stage.name, sorted(stage.shuffled_bytes))
    skew.check(spark.read.parquet(str(tmp_path / "answers")), tables, questions=20)

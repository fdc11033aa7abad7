"""A session that was there before us (a notebook's): used, never stopped, never reconfigured. In a process of its own.

That a notebook's session stays as it was is also seen in tests/e2e/test_notebooks.py.
"""

from __future__ import annotations

import json

import pytest
import tiny
from somebodys_session import JARS, OPEN, notebook

pytestmark = [pytest.mark.spark, pytest.mark.slow]
NOTEBOOK = (
    OPEN
    + """
spark.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
spark.conf.set("spark.sql.ansi.enabled", "false")
spark.conf.set("spark.sql.caseSensitive", "true")
spark.range(3).createOrReplaceTempView("mine")

def state():
    told = dict(spark.sparkContext.getConf().getAll())
    keys = sorted(told) + ["spark.sql.session.timeZone", "spark.sql.ansi.enabled", "spark.sql.caseSensitive"]
    active = SparkSession.getActiveSession() is spark
    return [told, {key: spark.conf.get(key, None) for key in keys}, active, spark.sql("SHOW VIEWS").count()]

before = state()
from headrace.cli import main
status = main(["run", "--project", sys.argv[2]])
hashed = main(["table", "hash", "features.visiting", "--project", sys.argv[2]])
after = state()
print("TOLD" + json.dumps({
    "status": [status, hashed], "same": before == after, "before": before[1:], "after": after[1:],
    "alive": spark.sql("SELECT sum(id) FROM mine").head()[0], "null": spark.sql("SELECT 1 / 0").head()[0],
}))
"""
)
DELTA = {
    "spark.jars": ",".join(map(str, JARS.glob("*.jar"))),
    "spark.sql.extensions": "io.delta.sql.DeltaSparkSessionExtension",
    "spark.sql.catalog.spark_catalog": "org.apache.spark.sql.delta.catalog.DeltaCatalog",
    "spark.sql.session.timeZone": "America/New_York",
    "spark.sql.shuffle.partitions": "3",
}


def test_a_session_that_is_there_is_used_and_left_as_it_was(spark, tmp_path):
    """Zone, ANSI and case are others than ours, in the application and in the session; the tables are the same."""
    theirs, ours = tiny.make_project(tmp_path / "theirs", days=4), tiny.make_project(tmp_path / "ours", days=4)
    status, said = notebook(NOTEBOOK, DELTA, theirs)
    assert status == 0, said
    told = json.loads(said.partition("TOLD")[2])
    assert told["status"] == [0, 0], said
    assert told["same"], (told["before"], told["after"])
    assert (told["alive"], told["null"]) == (3, None), "the session works, by its own rules"
    from headrace.cli import main

    assert main(["run", "--project", str(ours)]) == 0
    assert tiny.hashes(spark, theirs) == tiny.hashes(spark, ours)

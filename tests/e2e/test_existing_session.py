"""A session that was there before us (a notebook's): used, never stopped, never reconfigured. In processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tiny

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.e2e]
JARS = Path(sys.prefix) / "share/headrace/jars"
OPEN = """
import json, sys
from pyspark.sql import SparkSession
builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
for key, value in json.loads(sys.argv[1]).items():
    builder = builder.config(key, value)
spark = builder.getOrCreate()
"""
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


def notebook(script: str, settings: dict[str, str], project: Path) -> tuple[int, str]:
    """The script in a Python of its own: (status, everything that it printed)."""
    java = (JARS.parent / "java_home").read_text(encoding="utf-8").strip()
    ended = subprocess.run(
        [sys.executable, "-c", script, json.dumps(settings), str(project)],
        env={**os.environ, "JAVA_HOME": java, "PYSPARK_PYTHON": sys.executable}, cwd=project,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return ended.returncode, ended.stdout


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
    assert not (project / "home/warehouse").exists()

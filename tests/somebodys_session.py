"""A Python of its own in which somebody else has opened a session, as a notebook has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

JARS = Path(sys.prefix) / "share/headrace/jars"
OPEN = """
import json, sys
from pyspark.sql import SparkSession
builder = SparkSession.builder.master("local[2]").config("spark.ui.enabled", "false")
for key, value in json.loads(sys.argv[1]).items():
    builder = builder.config(key, value)
spark = builder.getOrCreate()
"""


def notebook(script: str, settings: dict[str, str], project: Path) -> tuple[int, str]:
    """The script in a Python of its own: (status, everything that it printed)."""
    java = (JARS.parent / "java_home").read_text(encoding="utf-8").strip()
    ended = subprocess.run(
        [sys.executable, "-c", script, json.dumps(settings), str(project)],
        env={**os.environ, "JAVA_HOME": java, "PYSPARK_PYTHON": sys.executable}, cwd=project,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False,
    )  # fmt: skip
    return ended.returncode, ended.stdout

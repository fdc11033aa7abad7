"""Functions of a project's own modules run in Python workers, which know neither its folder nor the other project's."""

from __future__ import annotations

import sys

import pytest
import tiny

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
WORD = "def word(n):\n    return f'{own} {{n}}'\n"
GRAPH = '''\
from headrace.graph.job import Job, Once
from headrace.tables.spec import Table
from jobs.word import word
from pyspark.sql import functions as F

WORDS = Table("own.words", "Words.")


def run(inputs, at, project):
    """Says its project's word, in a worker."""
    return at.spark.range(3).select("id", F.udf(word, "string")("id").alias("word"))


def graph(project):
    return (Job("words", run, inputs={}, outputs=(WORDS,), every=Once(project.span)),)
'''


def test_two_projects_with_modules_of_the_same_names(spark, call, tmp_path, monkeypatch):
    """Both have jobs/word.py with a function ``word``; the workers are the same processes."""
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    monkeypatch.chdir("/")
    for own in ("first", "second"):
        project = tiny.make_project(tmp_path / own, days=0)
        head = project / "headrace.yaml"
        head.write_text(head.read_text().replace("tiny_graph:graph", "jobs.graph:graph"))
        (project / "jobs").mkdir()
        (project / "jobs/word.py").write_text(WORD.format(own=own))
        (project / "jobs/graph.py").write_text(GRAPH)
        status, said = call("run", "--project", str(project))
        assert status == 0, said
        rows = spark.read.format("delta").load(str(project / "home/warehouse/own/words")).orderBy("id").collect()
        assert [row["word"] for row in rows] == [f"{own} {n}" for n in range(3)]

"""A secret that configuration refers to is in no output, whatever fails, and in nothing that a run leaves."""

from __future__ import annotations

import pytest
import tiny

pytestmark = [pytest.mark.spark, pytest.mark.e2e]
SECRET = "sup3rsecret"
FAILING = """
from headrace.graph.job import Job, Once
from headrace.tables.spec import Table


def run(inputs, at, project):
    "Fails, and tells too much."
    at.warn("about to use sup3rsecret")
    raise RuntimeError("no route to postgresql://me:sup3rsecret@host/db")


def graph(project):
    return (Job("fails", run, inputs={}, outputs=(Table("ops.nothing", "Nothing."),), every=Once(project.span)),)
"""


@pytest.mark.parametrize("more", [[], ["--verbose"]])
def test_no_output_and_no_file_repeats_a_secret(spark, call, tmp_path, monkeypatch, more):
    project = tiny.make_project(tmp_path, days=1)
    (project / "tiny_graph.py").write_text(FAILING, encoding="utf-8")
    (project / "conf/local.yaml").write_text("spark: {settings: {spark.headrace.test: 'env:HEADRACE_TEST'}}\n")
    monkeypatch.setenv("HEADRACE_TEST", SECRET)
    status, said = call("run", "--project", str(project), *more)
    assert status == 1
    assert "no route to postgresql://me:env:HEADRACE_TEST@host/db" in said
    assert "about to use env:HEADRACE_TEST" in said
    assert SECRET not in said
    left = [path for path in (project / "home").rglob("*") if path.is_file()]
    assert left
    assert not [path for path in left if SECRET.encode() in path.read_bytes()]
    monkeypatch.delenv("HEADRACE_TEST")
    status, said = call("run", "--project", str(project), *more)
    assert status == 2
    assert "REFERENCE_UNSET: the environment variable HEADRACE_TEST is not set" in said

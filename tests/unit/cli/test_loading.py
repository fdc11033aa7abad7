"""A project's modules are its own, its mistakes are told by place, and its version of headrace is held to."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
import tiny
from without_spark import headrace

from headrace.cli.loading import load_graph, open_project
from headrace.ground.errors import HeadraceError

GRAPH = tiny.FILES["tiny_graph.py"]
JOBS = (
    "from headrace.graph.job import Job\nfrom headrace.tables.spec import Table\nfrom jobs.word import WORD\n\n\n"
    "def run(inputs, at, project):\n    'Says its word.'\n    from jobs.word import WORD\n\n    return WORD\n\n\n"
    "def graph(project):\n    return (Job(WORD, run, inputs={}, outputs=(Table('own.words', WORD),)),)\n"
)


@pytest.fixture(autouse=True)
def _restored(monkeypatch):
    """What a test opens is closed with it."""
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        if name.partition(".")[0] in ("jobs", "tiny_graph", "json"):
            del sys.modules[name]


def project_with_jobs(folder: Path, word: str, package: bool = True) -> Path:
    """A project whose graph is jobs.graph:graph, with one job that is called ``word``."""
    tiny.make_project(folder, days=0)
    head = (folder / "headrace.yaml").read_text()
    (folder / "headrace.yaml").write_text(head.replace("tiny_graph:graph", "jobs.graph:graph"))
    (folder / "jobs").mkdir()
    for name, text in {"word.py": f"WORD = '{word}'\n", "graph.py": JOBS}.items():
        (folder / "jobs" / name).write_text(text)
    if package:
        (folder / "jobs/__init__.py").touch()
    return folder


@pytest.mark.parametrize("package", [True, False], ids=["package", "folder"])
def test_two_projects_of_one_process_each_have_their_own_jobs(tmp_path, package):
    """Both have a package ``jobs``; what a job imports only when it runs is its own project's too."""
    roots = {word: project_with_jobs(tmp_path / word, word, package) for word in ("first", "second")}
    for word in ("first", "second", "first"):
        (job,) = load_graph(open_project(roots[word], "local"))
        assert (job.name, job.run(None, None, None)) == (word, word)


def test_a_job_that_is_held_still_runs_after_another_project_was_opened(tmp_path):
    roots = [project_with_jobs(tmp_path / word, word) for word in ("first", "second")]
    (job,) = load_graph(open_project(roots[0], "local"))
    load_graph(open_project(roots[1], "local"))
    assert job.name == "first"
    assert job.run.__globals__["WORD"] == "first"


def test_a_project_hides_neither_pythons_modules_nor_other_packages(tmp_path):
    """Its own package wins; json.py does not, and a folder papers/ is no package."""
    root = project_with_jobs(tmp_path, "mine")
    (root / "json.py").write_text("raise RuntimeError('imported')\n")
    (root / "papers").mkdir()
    open_project(root, "local")
    sys.modules.pop("json", None)
    import json

    assert json.loads("[1]") == [1]
    with pytest.raises(ModuleNotFoundError):
        __import__("papers")


def test_a_stranger_of_the_same_name_makes_way(tmp_path, monkeypatch):
    """A ``jobs`` that was imported from somewhere else before the project was opened."""
    other = tmp_path / "other"
    (other / "jobs").mkdir(parents=True)
    (other / "jobs/__init__.py").write_text("graph = None\n")
    monkeypatch.syspath_prepend(str(other))
    __import__("jobs")
    (job,) = load_graph(open_project(project_with_jobs(tmp_path / "mine", "mine"), "local"))
    assert job.name == "mine"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (GRAPH.replace("def graph", "def grph"), "tiny_graph has no 'graph'. Did you mean 'grph'?"),
        (GRAPH + "\nx = (\n", "'(' was never closed ({root}/tiny_graph.py:7)"),
        (GRAPH + "\nimport nowhere_at_all\n", "No module named 'nowhere_at_all' ({root}/tiny_graph.py:7)"),
        (
            GRAPH.replace("return ", "return project.groups['visting'] and "),
            "there is no 'visting'. Did you mean 'visiting'? ({root}/tiny_graph.py:5)",
        ),
        (GRAPH + "\nraise RuntimeError('no session')\n", "no session ({root}/tiny_graph.py:7)"),
        ("def graph(project):\n    return [1]\n", "it holds a int, which is no Job"),
        ("def graph(project):\n    return None\n", "'NoneType' object is not iterable"),
        (GRAPH + "from headrace.features.tiles import bild_tiles\n", "cannot import name 'bild_tiles'"),
    ],
)
def test_a_mistake_in_a_graph_is_told_by_its_place(tmp_path, text, told):
    tiny.make_project(tmp_path, days=0)
    (tmp_path / "tiny_graph.py").write_text(text)
    said = refusal(tmp_path)
    assert "GRAPH_UNLOADABLE: the graph 'tiny_graph:graph' cannot be loaded: " + told.format(root=tmp_path) in said


def test_a_fault_inside_an_environment_in_the_folder_is_told_where_the_project_calls_it(tmp_path, monkeypatch):
    """A .venv in the project's folder holds code of others."""
    tiny.make_project(tmp_path, days=0)
    site = tmp_path / ".venv/lib/site-packages"
    site.mkdir(parents=True)
    (site / "others_module.py").write_text("def fail():\n    raise ValueError('of others')\n")
    monkeypatch.syspath_prepend(str(site))
    (tmp_path / "tiny_graph.py").write_text("import others_module\n\n\ndef graph(project):\n    others_module.fail()\n")
    assert f"of others ({tmp_path}/tiny_graph.py:5)" in refusal(tmp_path)


def test_an_unknown_module_or_folder(tmp_path):
    tiny.make_project(tmp_path, days=0)
    head = tmp_path / "headrace.yaml"
    head.write_text(head.read_text().replace("tiny_graph:", "tinny_graph:"))
    assert "No module named 'tinny_graph'" in refusal(tmp_path)
    assert "PROJECT_MISSING" in refusal(tmp_path / "nowhere")


def refusal(folder: Path) -> str:
    """What is said of a project whose graph cannot be loaded; exit status 2."""
    with pytest.raises(HeadraceError) as raised:
        load_graph(open_project(folder, "local"))
    assert raised.value.exit_status == 2
    return str(raised.value)


@pytest.mark.parametrize(
    ("wanted", "code", "told"),
    [
        (">=0.1", None, ""),
        (">=0.1,<99", None, ""),
        (">=99", "PROJECT_VERSION", "pip install 'headrace>=99'"),
        ("<0.1", "PROJECT_VERSION", "written for headrace <0.1"),
        ("new", "DOCUMENT_INVALID", "headrace.yaml:2: headrace: 'new' is no range of versions"),
    ],
)
def test_the_range_of_versions_is_held_to(tmp_path, wanted, code, told):
    tiny.make_project(tmp_path, days=0)
    head = tmp_path / "headrace.yaml"
    head.write_text(head.read_text().replace(">=0.1", wanted))
    if code is None:
        assert open_project(tmp_path, "local").name == "tiny"
        return
    with pytest.raises(HeadraceError) as raised:
        open_project(tmp_path, "local")
    assert raised.value.code == code
    assert told in str(raised.value)


DECLARES = """
from pyspark.sql import DataFrame, functions as F
from pyspark.sql.types import StructType
import pyspark.sql.functions as functions
import pandas as pd

SHAPE = StructType().add("n", "bigint")


class Own(DataFrame):
    pass


@F.pandas_udf("bigint")
def twice(n: pd.Series) -> pd.Series:
    return 2 * n
"""


@pytest.mark.slow
def test_what_needs_no_spark_works_where_there_is_none(tmp_path):
    tiny.make_project(tmp_path, days=0)
    (tmp_path / "tiny_graph.py").write_text(DECLARES + GRAPH)
    project = ("--project", str(tmp_path))
    status, said = headrace("lint", *project)
    assert status == 0, said
    assert "3 jobs, 1 event contracts" in said
    assert "not looked at: pandas, pyarrow, pyspark." in said
    for words in (["--help"], ["contract", "check", *project], ["table", "list", *project]):
        status, said = headrace(*words)
        assert (status, "Traceback" in said) == (0, False), said


def test_a_fault_of_the_graph_is_found_where_there_is_no_spark(tmp_path):
    tiny.make_project(tmp_path, days=0)
    (tmp_path / "tiny_graph.py").write_text(DECLARES + GRAPH.replace("ingest_events, ", ""))
    status, said = headrace("lint", "--project", str(tmp_path))
    assert status == 2
    assert "job 'build_tiles' reads visits = 'raw.events_visits', which no job makes" in said


@pytest.mark.parametrize("command", ["run", "plan", "status"])
def test_what_needs_spark_says_how_to_get_it(tmp_path, command):
    tiny.make_project(tmp_path, days=0)
    status, said = headrace(command, "--project", str(tmp_path))
    assert status == 2
    assert "PACKAGE_MISSING: pyspark is not installed" in said
    assert "pip install 'headrace[local]'" in said
    assert "Traceback" not in said

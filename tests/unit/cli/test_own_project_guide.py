"""The guide's code does what it says: its job fits into a new project's graph, its commands and files exist."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest
import typer

from headrace.cli import main
from headrace.cli.app import app
from headrace.cli.loading import load_graph, open_project
from headrace.graph.lint import lint

GUIDE = (Path(__file__).resolve().parents[3] / "docs/guides/own-project.md").read_text(encoding="utf-8")


def blocks(kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```", GUIDE, flags=re.MULTILINE | re.DOTALL)


@pytest.fixture
def shop(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    assert main(["init", "shop", "--folder", str(tmp_path / "shop")]) == 0
    yield tmp_path / "shop"
    for name in [name for name in sys.modules if name.partition(".")[0] == "jobs"]:
        del sys.modules[name]


def test_its_job_fits_into_a_new_projects_graph(shop):
    project = open_project(shop, "local")
    (block,) = blocks("python")
    names: dict[str, object] = {}
    exec(compile(block, "guide", "exec"), names)
    job = names["job"](project)
    lint((*load_graph(project), job), project)
    assert job.meaning == "Counts orders by the day on which they landed."


def test_from_nothing_to_a_run_takes_ten_lines_at_most():
    lines = [shlex.split(line) for line in blocks("sh")[0].splitlines()]
    assert len(lines) <= 10
    known = set(typer.main.get_command(app).commands)
    assert {words[1] for words in lines if words[0] == "headrace"} <= known
    assert ["make", "run"] in lines


def test_every_file_that_it_names_is_made(shop):
    table = GUIDE.partition("What was made:")[2].partition("**The sample")[0]
    named = [
        name
        for line in table.splitlines()
        if line.startswith("| `")
        for name in re.findall(r"`([^`]+)`", line.split("|")[1])
    ]
    assert len(named) > 7
    assert [name for name in named if not (shop / name).exists()] == []

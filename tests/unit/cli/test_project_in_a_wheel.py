"""The project that a wheel holds is laid out as a folder, and nobody's own folder is touched."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from headrace.cli import carried, task
from headrace.ground.errors import HeadraceError

FILE = 'name: shop\nheadrace: ">=0.1"\nconf: conf\ngraph: jobs.graph:graph\n'


@pytest.fixture
def package(tmp_path, monkeypatch):
    """The folder of an installed package that holds a project."""
    home = tmp_path / "site/shop_project"
    texts = {
        "headrace.yaml": FILE,
        "conf/base.yaml": "home: h\n",
        "conf/contracts/x.yaml": "a: 1\n",
        "jobs/graph.py": "X = 1\n",
        "other.py": "",
    }
    for name, text in texts.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_text(text)
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv(carried.PLACE, raising=False)
    monkeypatch.setattr(carried, "_installed", lambda: ("shop", "shop_project"))
    monkeypatch.setattr(carried, "files", lambda name: home)
    return home


def contents(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_configuration_contracts_and_jobs_are_laid_out_and_nothing_else(package, tmp_path):
    assert carried.task_folder() == Path("shop")
    assert contents(tmp_path / "shop") == [
        carried.MARK, "conf/base.yaml", "conf/contracts/x.yaml", "headrace.yaml", "jobs/graph.py",
    ]  # fmt: skip


def test_a_newer_wheel_is_laid_over_an_older_one_and_what_was_made_stays(package, tmp_path, monkeypatch):
    monkeypatch.setenv(carried.PLACE, str(tmp_path / "here"))
    carried.task_folder()
    (tmp_path / "here/h").mkdir()
    (tmp_path / "here/h/table").write_text("rows")
    (package / "jobs/graph.py").write_text("X = 2\n")
    assert carried.task_folder() == tmp_path / "here"
    assert (tmp_path / "here/jobs/graph.py").read_text() == "X = 2\n"
    assert (tmp_path / "here/h/table").read_text() == "rows"


def test_a_project_of_its_own_is_taken_as_it_is(package, tmp_path, monkeypatch):
    (tmp_path / "own").mkdir()
    (tmp_path / "own/headrace.yaml").write_text(FILE)
    monkeypatch.setenv(carried.PLACE, str(tmp_path / "own"))
    assert carried.task_folder() == tmp_path / "own"
    assert contents(tmp_path / "own") == ["headrace.yaml"]
    monkeypatch.delenv(carried.PLACE)
    monkeypatch.chdir(tmp_path / "own")
    assert carried.task_folder() == Path()


def test_a_folder_of_the_projects_name_that_is_somebodys_own_is_left_alone(package, tmp_path):
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/headrace.yaml").write_text(FILE)
    with pytest.raises(HeadraceError) as caught:
        carried.task_folder()
    assert caught.value.code == "PROJECT_CARRIED"


@pytest.mark.parametrize(
    ("points", "found"),
    [
        ({"demo": "headrace"}, ("demo", "headrace")),
        ({"demo": "headrace", "shop": "shop_project"}, ("shop", "shop_project")),
        ({}, None),
        ({"demo": "headrace", "a": "a_project", "b": "b_project"}, None),
    ],
)
def test_the_wheel_of_ones_own_project_goes_before_headraces_demo(monkeypatch, points, found):
    class Point:
        def __init__(self, name, value):
            self.name, self.value = name, value

    monkeypatch.setattr(carried, "entry_points", lambda group: [Point(*item) for item in points.items()])
    if found is not None:
        assert carried._installed() == found
        return
    with pytest.raises(HeadraceError) as caught:
        carried._installed()
    assert (caught.value.code, caught.value.exit_status) == ("PROJECT_CARRIED", 2)


def test_a_task_says_which_project_it_runs(package, monkeypatch):
    called = []
    monkeypatch.setattr(task, "headrace", lambda words: called.append(words) or 0)
    for words in (["run", "a"], ["run", "--project", "x"], ["run", "--project=x"], ["--version"]):
        monkeypatch.setattr(sys, "argv", ["headrace-task", *words])
        task.main()
    assert called == [
        ["run", "a", "--project", "shop"],
        ["run", "--project", "x"],
        ["run", "--project=x"],
        ["--version"],
    ]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (None, ()),
        ("[project]\nname = 'x'\n", ()),
        ('[project.entry-points."headrace.projects"]\nshop = "shop_project"\n', ("shop",)),
    ],
)
def test_a_wheel_is_promised_by_pyproject(tmp_path, text, found):
    if text is not None:
        (tmp_path / "pyproject.toml").write_text(text)
    assert carried.carried_by(tmp_path) == found

"""A new project: what it holds, that it is sound, that it is the same each time, and what is refused."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest

from headrace.cli import main
from headrace.cli.init import HOME, compatible_range
from headrace.cli.loading import load_graph, open_project
from headrace.cli.sample import BROKEN, CUSTOMERS, FIRST, WEEKS, made_up_days

FILES = {
    ".gitignore", "Makefile", "README.md", "conf/base.yaml", "conf/local.yaml", "conf/log4j2.properties",
    "conf/spark-defaults.conf", "conf/contracts/events/orders.yaml", "conf/contracts/features/customer_activity.yaml",
    "conf/contracts/labels/lapsed.yaml", "conf/contracts/models/lapse_risk.yaml", "conf/contracts/owners.yaml",
    "conf/contracts/lock/growth.customer_activity.yaml", "headrace.yaml", "jobs/__init__.py",
    "jobs/count_active.py", "jobs/graph.py", "pyproject.toml", "spark-submit.sh", "tests/test_count_active.py",
}  # fmt: skip
MOST_JOB_LINES = 12


def files(root: Path) -> dict[str, str]:
    """The hash of every file below a folder."""
    found = (path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest() for path in found}


@pytest.fixture(scope="module")
def shop(tmp_path_factory) -> Path:
    root = tmp_path_factory.mktemp("made") / "shop"
    assert main(["init", "shop", "--folder", str(root)]) == 0
    return root


@pytest.fixture(autouse=True)
def _restored(monkeypatch):
    monkeypatch.setattr(sys, "meta_path", list(sys.meta_path))
    yield
    for name in [name for name in sys.modules if name.partition(".")[0] == "jobs"]:
        del sys.modules[name]


def test_it_holds_what_a_project_needs(shop):
    made = files(shop)
    assert {path for path in made if not path.startswith(HOME)} == FILES
    assert os.access(shop / "spark-submit.sh", os.X_OK)


def test_its_graph_is_sound_and_holds_a_job_of_its_own(shop):
    project = open_project(shop, "local")
    names = [job.name for job in load_graph(project)]
    assert project.name == "shop"
    assert set(names) == {
        "ingest_events", "build_tiles", "build_features", "count_active", "build_training_set", "train_model",
        "validate_model", "release_model", "score_users", "monitor", "maintain",
    }  # fmt: skip
    assert names.index("build_features") < names.index("count_active")
    assert code_lines((shop / "jobs/count_active.py").read_text()) <= MOST_JOB_LINES


def code_lines(text: str) -> int:
    """Lines that are neither blank nor docstring (which stand on one line each here)."""
    return sum(bool(line.strip()) and not line.strip().startswith('"""') for line in text.splitlines())


def test_its_contracts_fit_its_sample(shop):
    """Each label of its cutoffs has matured when the sample ends, and there are cutoffs to train, choose and test on."""
    project = open_project(shop, "local")
    label, model, source = project.labels["lapsed"], project.models["lapse_risk"], project.sources["orders"]
    assert project.config.span.start == FIRST
    assert project.config.span.end == FIRST + timedelta(weeks=WEEKS)
    assert label.cutoffs.last + label.closes_after + source.lateness <= project.config.span.end
    training = [day for day in label.cutoffs.dates if day + label.closes_after <= model.test_from]
    chosen_on = training[-model.search.validation_cutoffs]
    assert [day for day in training if day + label.closes_after <= chosen_on]
    assert [day for day in label.cutoffs.dates if day >= model.test_from]


def test_its_code_and_its_yaml_pass_the_linters(shop):
    for words in (["check"], ["format", "--check"]):
        command = [sys.executable, "-m", "ruff", *words, "--isolated", "--line-length", "120", "--select", "E,F,I,B,UP"]
        command = command if words == ["check"] else command[:-2]
        ran = subprocess.run([*command, str(shop)], capture_output=True, text=True, timeout=60, check=False)
        assert ran.returncode == 0, ran.stdout + ran.stderr


def test_its_test_is_found_as_its_makefile_looks_for_it(shop):
    (line,) = [line for line in (shop / "Makefile").read_text().splitlines() if "unittest" in line]
    words = line.replace("@$(PYTHON)", sys.executable).split()
    command = [*words, "-k", "no_test_of_this_name", "-v"]
    ran = subprocess.run(command, cwd=shop, capture_output=True, text=True, timeout=60, check=False)
    assert "Ran 0 tests" in ran.stderr, ran.stderr
    found = subprocess.run(
        [sys.executable, "-c", "import unittest; print(unittest.defaultTestLoader.discover('tests').countTestCases())"],
        cwd=shop, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert found.stdout.strip() == "1"


def test_two_projects_of_one_name_are_equal(shop, tmp_path, capsys):
    assert main(["init", "shop", "--folder", str(tmp_path / "again")]) == 0
    said = capsys.readouterr().out
    assert files(tmp_path / "again") == files(shop)
    assert "made-up lines" in said
    assert f"Next: cd {tmp_path / 'again'} && make run" in said


def test_the_sample_is_made_up_of_what_the_contract_asks_for_and_says_so(shop):
    days = made_up_days()
    assert all(FIRST <= day < FIRST + timedelta(weeks=WEEKS) for day in days)
    lines = [line for day in days.values() for line in day if line not in BROKEN]
    events = [json.loads(line) for line in lines]
    columns = set(open_project(shop, "local").sources["orders"].columns)
    assert all(set(event) <= columns for event in events)
    assert len({event["event_id"] for event in events}) == len(events)
    assert len({event["customer_id"] for event in events}) == CUSTOMERS
    landed = sorted((shop / HOME / "landing/orders").glob("*/*.json.gz"))
    assert [date.fromisoformat(path.parent.name) for path in landed] == list(days)
    assert sum(len(gzip.decompress(path.read_bytes()).splitlines()) for path in landed) == len(lines) + len(BROKEN)
    assert "They are made up" in (shop / "README.md").read_text()


@pytest.mark.parametrize("name", ["Shop", "1shop", "my shop", "../shop", "", "-x", "s" * 64, "šop"])
def test_a_bad_name_is_refused_with_a_good_one(name, tmp_path, capsys):
    status = main(["init", "--folder", str(tmp_path / "x"), "--", name])
    said = capsys.readouterr().err
    assert status == 2
    assert f"PROJECT_NAME: '{name}' cannot be a project's name" in said
    proposed = said.rpartition("headrace init ")[2].strip()
    assert main(["init", proposed, "--folder", str(tmp_path / "x")]) == 0


def test_nothing_is_written_over(tmp_path, capsys):
    (tmp_path / "mine.txt").write_text("mine")
    assert main(["init", "shop", "--folder", str(tmp_path)]) == 2
    assert f"PROJECT_FOLDER: {tmp_path} is not empty" in capsys.readouterr().err
    assert files(tmp_path).keys() == {"mine.txt"}
    assert main(["init", "shop", "--folder", str(tmp_path / "mine.txt")]) == 2
    assert "PROJECT_FOLDER" in capsys.readouterr().err
    (tmp_path / "empty").mkdir()
    assert main(["init", "shop", "--folder", str(tmp_path / "empty")]) == 0


def test_without_a_folder_it_is_made_here(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["init", "own-shop"]) == 0
    assert (tmp_path / "own-shop/headrace.yaml").is_file()
    assert "Next: cd own-shop && make run" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("version", "wanted"),
    [("0.1.0", ">=0.1,<0.2"), ("0.9.3.dev1", ">=0.9,<0.10"), ("1.0.0", ">=1.0,<2"), ("2.7.1rc1", ">=2.7,<3")],
)
def test_the_versions_that_a_new_project_names(version, wanted):
    assert compatible_range(version) == wanted

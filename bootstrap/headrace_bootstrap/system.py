"""The system's package manager, where there is one and we may use it."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from headrace_bootstrap.command import Outcome, run
from headrace_bootstrap.steps import tell


@dataclass(frozen=True)
class SystemPackage:
    """A package that tests need, and the command, or the pattern of a file, by which it is known to be there."""

    package: str
    command: str

    def is_there(self) -> bool:
        """Whether nothing needs to be installed."""
        pattern = self.command.startswith("/")
        return any(Path("/").glob(self.command[1:])) if pattern else shutil.which(self.command) is not None


def may_install() -> bool:
    """Whether this process may install system packages."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(*alternatives: str) -> Outcome:
    """Install the first of the packages that the system has; the outcome is the last try's."""
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    outcome = run(["apt-get", "update"], env=env)
    for package in alternatives if outcome.good else ():
        outcome = run(["apt-get", "install", "-y", "--no-install-recommends", package], env=env)
        if outcome.good:
            break
    return outcome


def listed(path: Path) -> tuple[SystemPackage, ...]:
    """The packages of a list file: ``package command  # what for`` on each line."""
    lines = (line.partition("#")[0].split() for line in path.read_text(encoding="utf-8").splitlines())
    return tuple(SystemPackage(words[0], words[-1]) for words in lines if words)


def install_for_tests(path: Path) -> None:
    """Install what tests need and is missing. Where that cannot be done, say so: those tests skip by name."""
    for wanted in listed(path):
        if wanted.is_there():
            continue
        if not may_install():
            tell(f"{wanted.package} is missing and cannot be installed from here: tests that need it are skipped")
            continue
        tell(f"installing {wanted.package} for the tests")
        outcome = install(wanted.package)
        if not outcome.good:
            tell(f"{wanted.package} could not be installed: tests that need it are skipped\n{outcome.tail(3)}")

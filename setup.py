"""The two folders outside lib/ that travel inside the package, and what makes the wheel a project; the rest stands in pyproject.toml."""

import os
import shutil
import subprocess
from pathlib import Path

from setuptools import find_packages, setup
from setuptools.command.build_py import build_py

HERE = Path(__file__).resolve().parent
JOBS = ["headrace.jobs", *(f"headrace.jobs.{name}" for name in find_packages("jobs"))]


def commit():
    """The commit that is built, ``-dirty`` where files were edited since; HEADRACE_COMMIT says it for a copy of the tree."""
    if "HEADRACE_COMMIT" in os.environ or not (HERE / ".git").exists() or not shutil.which("git"):
        return os.environ.get("HEADRACE_COMMIT", "")
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    return subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False).stdout.strip()


class Stamped(build_py):
    """A build that also lays down headrace.yaml and the commit: no git is asked where the wheel is installed."""

    def run(self):
        """Build, then add the two files to a wheel; an editable install has its tree."""
        super().run()
        if not self.editable_mode:
            package = Path(self.build_lib) / "headrace"
            shutil.copy(HERE / "headrace.yaml", package)
            (package / "commit.txt").write_text(f"{commit()}\n", encoding="utf-8")


setup(
    package_dir={"": "lib", "headrace.jobs": "jobs", "headrace.conf": "conf"},
    packages=[*find_packages("lib"), *JOBS, "headrace.conf"],
    cmdclass={"build_py": Stamped},
)

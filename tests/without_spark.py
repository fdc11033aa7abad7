"""A Python in which nothing can be imported that only a run needs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ABSENT = "pyspark py4j delta mlflow pandas pyarrow sklearn scipy xgboost hyperopt matplotlib".split()
PROGRAM = f"""
import sys
class Blocked:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {ABSENT}:
            raise ModuleNotFoundError(f"No module named '{{name}}'", name=name)
sys.meta_path.insert(0, Blocked())
from headrace.cli import main
raise SystemExit(main(sys.argv[1:]))
"""


def headrace(*words: str, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> tuple[int, str]:
    """(exit status, everything that was printed) of a command of headrace."""
    command = [sys.executable, "-W", "error", "-c", PROGRAM, *words]
    ran = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=env, cwd=cwd)
    return ran.returncode, ran.stdout + ran.stderr

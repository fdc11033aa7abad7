"""headrace commands in a process of their own, whose session is a Spark Connect client."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

ROOT = Path(__file__).resolve().parents[1]
COMMANDS = ROOT / "tests" / "connect_run.py"
DEADLINE = 1500
"""Seconds. The whole graph takes some 300 on 2 busy cores; a process that hangs says where before this is over."""
OF_THIS_PROCESS = (
    "PYSPARK_GATEWAY_PORT",
    "PYSPARK_GATEWAY_SECRET",
    "SPARK_REMOTE",
    "SPARK_API_MODE",
    "SPARK_ENV_LOADED",
)


def run(commands: list[list[str]], *launcher: str, **environment: str) -> SimpleNamespace:
    """The commands in a new process: exit status, the status of each command, the kind of session, what was said."""
    inherited = {name: value for name, value in os.environ.items() if name not in OF_THIS_PROCESS}
    ran = subprocess.run(
        [*launcher, str(COMMANDS), json.dumps(commands)],
        cwd=ROOT, env=inherited | environment, capture_output=True, text=True, timeout=DEADLINE, check=False,
    )  # fmt: skip
    lines = (ran.stdout + ran.stderr).splitlines()
    told = "\n".join(line[:500] for line in lines if not line.lstrip().startswith("at "))
    statuses = [int(line.split()[1]) for line in lines if line.startswith("STATUS")]
    kind = next((line.split()[1] for line in lines if line.startswith("KIND")), "none")
    return SimpleNamespace(status=ran.returncode, statuses=statuses, kind=kind, said=told)

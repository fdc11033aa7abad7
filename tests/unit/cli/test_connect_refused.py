"""A Connect server that does not answer is told at once, by a message."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time

import tiny

SCRIPT = "from headrace.cli import main; raise SystemExit(main())"


def test_an_address_where_nobody_answers_is_told_at_once(tmp_path):
    tiny.make_project(tmp_path, days=1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"sc://127.0.0.1:{free.getsockname()[1]}/;token=s3cret"
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("PYSPARK_GATEWAY")}
    began = time.monotonic()
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT, "run", "--project", str(tmp_path)],
        env=inherited | {"SPARK_REMOTE": address}, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert (ran.returncode, "SERVER_UNREACHABLE" in ran.stderr) == (75, True), ran.stderr
    assert "Traceback" not in ran.stderr
    assert "s3cret" not in ran.stdout + ran.stderr
    assert time.monotonic() - began < 60, "pyspark's client alone would try for minutes"

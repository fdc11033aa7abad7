"""Resolve requirements/jars.in into an empty cache and write the SHA-256 of what came to jars.lock."""

import hashlib
import os
import shutil
from pathlib import Path

from headrace_bootstrap.jars import resolve
from headrace_bootstrap.layout import Layout

HEADER = "# The jars that jars.in resolves to, in sha256sum's format; written by `make lock`.\n"


def main() -> None:
    """Write jars.lock anew."""
    layout = Layout(Path(__file__).resolve().parents[1])
    shutil.rmtree(layout.ivy, ignore_errors=True)
    resolve(layout, os.environ)
    jars = sorted((layout.ivy / "jars").glob("*.jar"))
    lines = [f"{hashlib.sha256(jar.read_bytes()).hexdigest()}  {jar.name}\n" for jar in jars]
    layout.requirement("jars.lock").write_text(HEADER + "".join(lines), encoding="utf-8")


main()

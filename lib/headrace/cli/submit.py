"""A project's spark-submit.sh: become this environment's spark-submit, with Delta, on a command of headrace."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from headrace.cli import application
from headrace.cli import main as headrace
from headrace.cli.submission import SUBMIT, is_placed
from headrace.cli.supervisor import is_executed
from headrace.ground.artifacts import DELTA_PACKAGE, EXCLUDED
from headrace.ground.errors import HeadraceError

SWITCHES = frozenset({"--supervise", "--load-spark-defaults", "--verbose", "-v"})
"""spark-submit's options that take no value (4.2); each other one takes the next word."""
DIRECT = frozenset({"--help", "-h", "--version", "catalog", "contract", "export", "feature", "init", "lint"})
"""What needs no Spark."""


def main(words: Sequence[str]) -> int:
    """Become spark-submit on the user's words; comes back, with an exit status, only where that is not needed.

    spark-submit's own options come first, then a subcommand of headrace or a Python file; ``run`` where there is none.
    """
    options, rest = split(words)
    os.environ[SUBMIT] = json.dumps([sys.executable, "-m", "headrace.cli.submit", *options])
    if rest and (rest[0] in DIRECT or "--help" in rest or is_placed(rest)):
        return headrace(rest)
    try:
        home = spark_home()
    except HeadraceError as error:
        print(error, file=sys.stderr)
        return error.exit_status
    return _become(home, options, rest)


def _become(home: Path, options: Sequence[str], rest: Sequence[str]) -> NoReturn:
    from headrace.ground.artifacts import jars, name_interpreters

    name_interpreters()
    os.environ.setdefault("SPARK_CONF_DIR", str(Path("conf").resolve()))
    os.environ.update(SPARK_HOME=str(home), **_terminal())
    start = [str(home / "bin" / "spark-submit"), *with_delta(options, jars())]
    command = [*start, *_application(rest)]
    if (not rest or rest[0] == "run") and is_executed(rest):
        command = [sys.executable, "-m", "headrace.cli.supervisor", str(len(start) + 2), "graph", *command]
    sys.stdout.flush()
    os.execv(command[0], command)


def split(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """spark-submit's own options with their values, and everything from the first other word on."""
    at = 0
    while at < len(words) and words[at].startswith("-") and words[at] not in DIRECT:
        at += 1 if words[at] in SWITCHES or "=" in words[at] else 2
    return tuple(words[:at]), tuple(words[at:])


def with_delta(options: Sequence[str], jars: Sequence[str]) -> tuple[str, ...]:
    """The options with Delta's jars where they lie in the environment, else with the package that Spark resolves."""
    if jars:
        return added(options, "--jars", jars)
    return added(added(options, "--packages", [DELTA_PACKAGE]), "--exclude-packages", EXCLUDED)


def added(options: Sequence[str], name: str, values: Sequence[str]) -> tuple[str, ...]:
    """The options with ``values`` added to what the option ``name`` lists: of two such options Spark takes the last."""
    words = [part for word in options for part in (word.split("=", 1) if word.startswith(f"{name}=") else [word])]
    listed = [words[at + 1] for at, word in enumerate(words) if word == name]
    return (*words, name, ",".join([*values, *listed[-1:]]))


def spark_home() -> Path:
    """The Spark of this Python's pyspark, else that of SPARK_HOME, else the one on PATH.

    Raises:
        HeadraceError: PACKAGE_MISSING.
    """
    found = find_spec("pyspark")
    inside = [Path(place) for place in (found.submodule_search_locations or ())] if found is not None else []
    on_path = shutil.which("spark-submit")
    homes = [
        *inside,
        Path(os.environ.get("SPARK_HOME", ".")),
        *([Path(on_path).resolve().parents[1]] if on_path else []),
    ]
    for home in homes:
        if (home / "bin" / "spark-submit").is_file():
            return home
    raise HeadraceError("PACKAGE_MISSING", package="pyspark", extra="local")


def _application(rest: Sequence[str]) -> tuple[str, ...]:
    if rest and rest[0].endswith(".py"):
        return tuple(rest)
    return (str(application.__file__), *(rest or ("run",)))


def _terminal() -> dict[str, str]:
    """spark-submit reads a Python program through a pipe, so that one cannot see that a person looks on."""
    if not sys.stdout.isatty():
        return {}
    size = os.get_terminal_size(sys.stdout.fileno())
    return {"TTY_COMPATIBLE": "1", "TTY_INTERACTIVE": "1", "COLUMNS": str(size.columns), "LINES": str(size.lines)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""How this process was asked for: the spark-submit before the subcommand, so that others can be started like it."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Sequence

SUBMIT = "HEADRACE_SUBMIT"
"""The variable with the words that stand before the subcommand, as JSON: a script, and spark-submit's own options."""


def submission() -> tuple[str, ...]:
    """The words that start another application as this one was, up to the subcommand."""
    told = os.environ.get(SUBMIT)
    return tuple(json.loads(told)) if told else (sys.executable, "-m", "headrace.cli.submit")


def submitted_master() -> str | None:
    """The master that spark-submit was told on its command line; None where it was told none."""
    return value_of("--master", submission())


def is_placed(words: Sequence[str]) -> bool:
    """Whether a subcommand only starts other applications, and so is none of Spark's itself."""
    return bool(words) and words[0] == "run" and value_of("--placement", words) not in (None, "one")


def value_of(option: str, words: Sequence[str]) -> str | None:
    """What an option's last mention gives it."""
    found = [word.partition("=")[2] for word in words if word.startswith(f"{option}=")]
    found += [words[at + 1] for at, word in enumerate(words[:-1]) if word == option]
    return found[-1] if found else None

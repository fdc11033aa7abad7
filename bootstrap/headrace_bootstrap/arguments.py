"""What the words after spark-submit.sh ask for."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Sequence, Union

from headrace_bootstrap.refusal import Refusal

VALUED = frozenset(
    "--archives --class --conf -c --deploy-mode --driver-class-path --driver-cores --driver-java-options "
    "--driver-library-path --driver-memory --exclude-packages --executor-cores --executor-memory --files --jars "
    "--keytab --kill --master --name --num-executors --packages --principal --properties-file --proxy-user "
    "--py-files --queue --remote --repositories --status --total-executor-cores".split()
)
"""spark-submit's options that take a value, as its --help lists them (4.2)."""
SWITCHES = frozenset("--load-spark-defaults --supervise --verbose -v".split())
"""spark-submit's options that take none; its --help and --version are headrace's here."""
WITHOUT_APPLICATION = frozenset(("--kill", "--status"))
WITHOUT_SPARK = frozenset(("--version", "catalog", "contract", "export", "feature", "init", "lint"))
"""Subcommands of headrace that start no Spark."""
PREPARING = {
    "--set-up": (),
    "--for-tests": ("system-test.txt",),
    "--for-integrations": ("system-test.txt", "system-integrations.txt"),
}
"""What only makes things, and the lists of system packages that go with it."""
HELP = frozenset(("--help", "-h"))
APPLICATIONS = (".py", ".jar", ".R")
GRAPH = "jobs/graph.py"


@dataclass(frozen=True)
class Help:
    """Print what this script can do."""


@dataclass(frozen=True)
class Prepare:
    """Make what is missing and end; ``system`` names the lists of system packages that are wanted too."""

    system: tuple[str, ...] = ()


@dataclass(frozen=True)
class Execute:
    """Make what is missing, then become this command, with the environment's commands first on PATH."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Direct:
    """A headrace subcommand that needs no Spark."""

    words: tuple[str, ...]


@dataclass(frozen=True)
class Submit:
    """spark-submit's options, then the application and its arguments."""

    options: tuple[str, ...]
    application: tuple[str, ...]


@dataclass(frozen=True)
class Placed:
    """A run of several applications: headrace without Spark, which starts each by this script and these options."""

    options: tuple[str, ...]
    words: tuple[str, ...]


Request = Union[Help, Prepare, Execute, Direct, Submit, Placed]


def read(words: Sequence[str], root: Path) -> Request:
    """What is asked for. Files are looked for from the current folder, then from the clone's root."""
    own = _own(words)
    if own is not None:
        return own
    options, rest = split(words)
    if not rest:
        without = WITHOUT_APPLICATION.intersection(option.partition("=")[0] for option in options)
        return Submit(options, () if without else (str(root / GRAPH), "run"))
    if rest[0] in HELP:
        return Help()
    if rest[0].endswith(APPLICATIONS):
        return Submit(options, (_application(rest[0], root), *rest[1:]))
    if rest[0] not in WITHOUT_SPARK and rest[0].startswith("-"):
        raise _unknown_option(rest)
    if rest[0] in WITHOUT_SPARK or "--help" in rest:
        return Direct(rest)
    if rest[0] == "run" and _is_placed(rest):
        return Placed(options, rest)
    return Submit(options, (str(root / GRAPH), *rest))


def _is_placed(words: Sequence[str]) -> bool:
    """Whether the run asks for several applications."""
    after = [words[at + 1] for at, word in enumerate(words[:-1]) if word == "--placement"]
    after += [word.partition("=")[2] for word in words if word.startswith("--placement=")]
    return after[-1:] not in ([], ["one"])


def split(words: Sequence[str]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """spark-submit's own options with their values, and everything from the first other word on."""
    at = 0
    while at < len(words):
        word = words[at]
        if word in SWITCHES or (word.startswith("--") and word.partition("=")[0] in VALUED and "=" in word):
            at += 1
        elif word in VALUED:
            if at + 1 == len(words):
                raise _valueless(word)
            at += 2
        else:
            break
    return tuple(words[:at]), tuple(words[at:])


def _own(words: Sequence[str]) -> Request | None:
    if not words:
        return None
    if words[0] in PREPARING and len(words) == 1:
        return Prepare(PREPARING[words[0]])
    if words[0] == "--exec" and len(words) > 1:
        return Execute(tuple(words[1:]))
    return None


def _application(word: str, root: Path) -> str:
    for place in (Path(word), root / word):
        if place.is_file():
            return str(place)
    names = sorted(f"jobs/{path.name}" for path in root.glob("jobs/*.py") if path.name != "__init__.py")
    close = difflib.get_close_matches(word, names, n=1)
    raise Refusal(
        "SETUP_APPLICATION_MISSING",
        f"there is no file {word}",
        f"it is neither in the current folder nor in {root}",
        f"did you mean {close[0]}?" if close else f"jobs of this project: {', '.join(names) or 'none'}",
    )


def _unknown_option(rest: Sequence[str]) -> Refusal:
    own = ("--set-up", "--for-tests", "--exec")
    close = difflib.get_close_matches(rest[0], [*VALUED, *SWITCHES, *own], n=1, cutoff=0.8)
    near = f"did you mean {close[0]}? If it is" if close else "if it is"
    return Refusal(
        "SETUP_OPTION_UNKNOWN",
        f"{rest[0]} is not an option of spark-submit",
        "the words before the job or subcommand are spark-submit's own options",
        f"{near} an option of headrace, name the subcommand first: ./spark-submit.sh run {' '.join(rest)}",
    )


def _valueless(option: str) -> Refusal:
    return Refusal(
        "SETUP_OPTION_INCOMPLETE",
        f"{option} has no value",
        "spark-submit's option takes the next word as its value, and there is none",
        f"./spark-submit.sh {option} VALUE ...",
    )

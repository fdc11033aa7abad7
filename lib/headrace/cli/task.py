"""What a scheduler's task calls in the installed wheel: the command line, whose failure is an exception.

A caller of an entry point may ignore what it returns (a Databricks wheel task does), and may take any exit for a
failure; so done is a plain return, and everything else leaves with its exit status.
"""

from __future__ import annotations

import sys

from headrace.cli import main as headrace


def main() -> None:
    """Carry the words of the process out, in the project that is at hand (``cli.carried``) where they name none.

    Raises:
        SystemExit: with the exit status, where it is not 0.
    """
    status = headrace(_in_project(sys.argv[1:]))
    if status:
        sys.exit(status)


def _in_project(words: list[str]) -> list[str]:
    from headrace.cli.carried import task_folder
    from headrace.ground.errors import HeadraceError

    if not words or words[0].startswith("-") or any(word.partition("=")[0] == "--project" for word in words):
        return words
    try:
        return [*words, "--project", str(task_folder())]
    except HeadraceError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_status)

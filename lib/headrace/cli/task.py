"""What a scheduler's task calls in the installed wheel: the command line, whose failure is an exception.

A caller of an entry point may ignore what it returns (a Databricks wheel task does), and may take any exit for a
failure; so done is a plain return, and everything else leaves with its exit status.
"""

from __future__ import annotations

import sys

from headrace.cli import main as headrace


def main() -> None:
    """Carry the words of the process out.

    Raises:
        SystemExit: with the exit status, where it is not 0.
    """
    status = headrace()
    if status:
        sys.exit(status)

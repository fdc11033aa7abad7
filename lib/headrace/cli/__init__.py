"""The command line: one command everywhere, and the only place where the parts are put together."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit status (see ``headrace --help``). A process's own ``run`` is watched."""
    if arguments is None and "run" in sys.argv[1:]:
        from headrace.cli.supervisor import command_of, supervise

        watched = command_of(sys.argv[1:])
        if watched is not None:
            return supervise(watched)
    from headrace.cli.app import call  # the parts are imported when a command is really called

    return call(arguments)

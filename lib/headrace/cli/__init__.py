"""The command line: one command everywhere, and the only place where the parts are put together."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit status (see ``headrace --help``)."""
    from headrace.cli.app import call  # the parts are imported when a command is really called

    return call(arguments)

"""A command of headrace in the test's own process."""

from __future__ import annotations

from collections.abc import Callable

import pytest

Command = Callable[..., tuple[int, str]]


def refuse_sessions(monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on a command that opens a session fails, wherever it takes the way to one from."""

    def refuse(*args: object) -> None:
        raise AssertionError("a session was opened")

    monkeypatch.setattr("headrace.ground.session.open_session", refuse)
    for user in ("assembly", "workbench"):
        monkeypatch.setattr(f"headrace.cli.{user}.open_session", refuse)


def command(capsys: pytest.CaptureFixture[str], *always: str) -> Command:
    """Runs the words, and ``always`` after them: (status, what it said). Nobody is shown a stack trace."""
    from headrace.cli import main

    def run(*words: str) -> tuple[int, str]:
        status = main([*words, *always])
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err
        return status, captured.out + captured.err

    return run

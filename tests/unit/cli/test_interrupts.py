"""A run that is interrupted says the command that goes on, and ends as it was told to."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from headrace.cli.choice import Choice
from headrace.cli.outcome import interrupts_told


@pytest.mark.parametrize("kind", [KeyboardInterrupt, SystemExit])
def test_the_command_that_goes_on_is_printed(kind: type[BaseException]) -> None:
    out = StringIO()
    choice = Choice(Path(), "cluster", ("seed=3",), "score_users+", "2024-03-01", "2024-04-01", "night", refresh=True)
    with pytest.raises(kind), interrupts_told(Console(file=out, width=200), choice):
        raise kind
    assert out.getvalue() == (
        "Stopped. What was committed is in the ledger. Next: headrace run score_users+ --from 2024-03-01 "
        "--to 2024-04-01 --full-refresh --env cluster --set seed=3\n"
    )


def test_a_run_that_ends_by_itself_says_nothing_of_the_kind() -> None:
    out = StringIO()
    with interrupts_told(Console(file=out), Choice(Path(), "local")):
        pass
    assert out.getvalue() == ""

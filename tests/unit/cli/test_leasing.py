"""A command is told who holds the tables that it would write, before any session is opened."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import tiny

from headrace.cli import main
from headrace.tables.lease import Claim, holders, leased


@pytest.mark.parametrize(
    ("words", "writes"),
    [
        (("run",), "tiles.visits"),
        (("run", "build_tiles"), "tiles.visits"),
        (("maintain",), "tiles.visits"),
        (("ledger", "rebuild"), "tiles.visits"),
    ],
)
def test_it_ends_with_75_and_the_holder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], words: tuple[str, ...], writes: str
) -> None:
    project = tiny.make_project(tmp_path, days=1)
    folder = tmp_path / "home/warehouse/_locks/leases"
    claim = Claim("night", frozenset({"tiles.visits", "scores.other"}))
    with leased(folder, claim, lambda: datetime.now(UTC)):
        assert main([*words, "--project", str(project)]) == 75
        said = capsys.readouterr().err
        assert "WAREHOUSE_BUSY: run night" in said
        assert writes in said
        assert [member.run for member in holders(folder)] == ["night"], "nothing is left of the one that was refused"

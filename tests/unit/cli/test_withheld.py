"""The catalog says which features and tables a rollback holds. No Spark is started."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
import tiny_training
from calling import command, refuse_sessions
from laid_rows import lay_rows

from headrace import __version__
from headrace.cli.loading import open_project
from headrace.release.rollback import Change, evidence_of

WORDS = "by rollback 1: readers are given version 1 (features.visiting), which is not made anew"


def decided(folder: Path, *steps: tuple[int, str, str]) -> None:
    """The decision ledger with steps (number, kind, state) about the project's one group."""
    project = open_project(folder, "local", ())
    evidence = evidence_of(
        Change("features.visiting", "features.visiting", project.identity("t.visiting"), __version__, 3, 7, 8)
    )
    at = datetime(2024, 3, 11, tzinfo=UTC)
    rows = [
        {"seq": seq, "at": at, "run_id": "r", "kind": kind, "model": "t.visiting", "version": "1", "predecessor": "1",
         "state": state, "reason": "", "evidence": evidence}
        for seq, kind, state in steps
    ]  # fmt: skip
    lay_rows(project.warehouse / "ops/decisions", rows)


def test_a_feature_its_table_and_the_page_say_it_until_it_is_undone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_training.make_project(tmp_path)
    refuse_sessions(monkeypatch)
    run, page = command(capsys, "--project", str(folder)), folder / "page.html"

    def said(*words: str) -> bool:
        status, text = run(*words)
        assert status == 0, text
        return WORDS in " ".join(text.split())

    asked = (("feature", "show", "visits"), ("table", "show", "features.visiting"))
    assert [said(*words) for words in asked] == [False, False]
    decided(folder, (1, "features", "intent"))
    assert [said(*words) for words in asked] == [False, False], "readers go by closed entries"
    decided(folder, (1, "features", "intent"), (1, "features", "done"))
    assert [said(*words) for words in asked] == [True, True]
    assert not said("table", "show", "tiles.visits")
    assert run("catalog", "--output", str(page))[0] == 0
    assert WORDS in page.read_text(encoding="utf-8")
    decided(folder, (1, "features", "done"), (2, "undo", "done"))
    assert [said(*words) for words in asked] == [False, False]

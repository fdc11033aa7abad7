"""A scheduler's task: done is a plain return, anything else leaves with its exit status."""

from __future__ import annotations

import sys

import pytest

from headrace.cli import task


def test_done_is_a_plain_return(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["headrace-task", "--version"])
    assert task.main() is None
    assert capsys.readouterr().out.startswith("headrace ")


def test_a_refusal_leaves_with_its_status(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["headrace-task", "run", "--project", "/nowhere"])
    with pytest.raises(SystemExit) as left:
        task.main()
    assert left.value.code == 2
    assert "PROJECT_MISSING" in capsys.readouterr().err

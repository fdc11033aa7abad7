"""The timeline of a run on a terminal, and where its page is."""

from __future__ import annotations

from io import StringIO
from pathlib import Path

from rich.console import Console
from sample_timeline import sample

from headrace.cli.timelines import CELLS, bar_of, page_of, show_timeline


def test_bars_stand_where_the_step_was_and_fill_the_line_together() -> None:
    found = sample()
    drawn = [bar_of(found, place) for place in range(len(found.bars))]
    assert drawn[0] == "███"
    assert drawn[1] == "  " + "█" * 22
    assert drawn[2] == " " * 25 + "▒" * 5
    assert len(drawn[3].rstrip()) == 38
    assert drawn[4] == " " * 38 + "█"
    assert max(map(len, drawn)) <= CELLS


def test_each_step_is_a_line_and_what_went_wrong_stands_below() -> None:
    told = StringIO()
    show_timeline(Console(file=told, width=150, highlight=False, markup=False), sample())
    lines = told.getvalue().splitlines()
    assert lines[0].startswith(
        "Run nightly-7, from 2024-03-01 06:00:00 UTC: 110.0 s, 121.0 s of steps; its end hung on land"
    )
    assert lines[3].split()[:5] == ["ingest_events", "2024-03-01..2024-03-02", "+8.0", "61.0", "done"]
    assert lines[-1] == "score_users failed: ValueError: customer bob@example.com broke"


def test_a_run_may_be_called_what_no_file_can_be() -> None:
    assert page_of(Path("r"), "20240301T060000Z") == Path("r/runs/20240301T060000Z.html")
    odd = page_of(Path("r"), "../../etc/x y")
    assert odd.parent == Path("r/runs")
    assert odd != page_of(Path("r"), "../../etc/x-y")

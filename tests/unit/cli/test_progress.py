"""How far each running job is: in a table on a terminal, in lines in a log, and what is said where nobody can see it."""

from __future__ import annotations

import io
import time
from datetime import UTC, datetime

import pytest
from rich.console import Console

from headrace.cli.progress import EVERY, UNSEEN, Progress
from headrace.graph.job import Job
from headrace.graph.plan import Due, Step
from headrace.graph.reasons import NEVER_DONE
from headrace.graph.result import JobResult
from headrace.ground.interval import DAY, Interval
from headrace.ground.stages import Stage

DAYS = Interval(datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 3, tzinfo=UTC))
STEP = Step(Job("tiles", lambda *_: None, {}, ()), DAYS, tuple(Due(day, (NEVER_DONE,), "s") for day in DAYS.cut(DAY)))
STAGES = (Stage("tiles", 12, 3, 8, 1_200_000, 3 << 29), Stage("ingest", 13, 0, 2, 0, 0), Stage("tiles", 14, 1, 1, 0, 0))


def progress(terminal: bool, stages: tuple[Stage, ...] | None, left: tuple[float, float, float] | None) -> Progress:
    console = Console(file=io.StringIO(), force_terminal=terminal, width=200, color_system=None)
    return Progress(console, ("ingest", "tiles", "features"), lambda: stages, lambda: left)


def said(shown: Progress) -> str:
    file = shown.console.file
    assert isinstance(file, io.StringIO)
    return file.getvalue()


@pytest.mark.parametrize(
    ("stages", "left", "told"),
    [
        (
            STAGES,
            (20, 40, 60),
            (
                "tiles: stage 12, 3/8 tasks, 1,200,000 rows read, 1.5 GiB spilled; stage 14, 1/1 tasks; "
                "about 40 s left (20 to 60)"
            ),
        ),
        (STAGES[1:2], None, "tiles: between two stages"),
        (None, None, f"tiles: {UNSEEN}"),
    ],
)
def test_in_a_log_there_is_a_line_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
    stages: tuple[Stage, ...] | None,
    left: tuple[float, float, float] | None,
    told: str,
) -> None:
    shown = progress(False, stages, left)
    shown.events.started(STEP)
    shown.events.passed()
    assert said(shown).count("\n") == 1, "it has just begun"
    later = time.monotonic() + EVERY
    monkeypatch.setattr(time, "monotonic", lambda: later)
    shown.events.passed()
    shown.events.passed()
    lines = said(shown).splitlines()
    assert len(lines) == 2
    assert lines[1].partition("s] ")[2] == told


def test_on_a_terminal_stages_stand_beside_their_jobs() -> None:
    shown = progress(True, STAGES, (20, 40, 60))
    shown.events.started(STEP)
    shown.events.finished(JobResult("ingest", "done", 2.0, 10, 20, 2, "never done"))
    shown.events.passed()
    shown.console.print(shown._live())
    rows = {line.split()[0]: line for line in said(shown).splitlines() if line.strip()}
    assert "1.5 GiB" in rows["tiles"]
    assert "stage" not in rows["ingest"]
    assert "waiting" in rows["features"]
    assert "about 40 s left (20 to 60)" in said(shown)


def test_where_stages_are_not_seen_the_table_says_so() -> None:
    shown = progress(True, None, None)
    shown.events.started(STEP)
    shown.console.print(shown._live())
    assert "never done" in said(shown)
    assert UNSEEN in " ".join(said(shown).split()), "the caption is broken where the table ends"

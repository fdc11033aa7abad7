"""A group that is added today and backfilled over a year in pieces, while the daily refresh goes on between them.

Readers of the group that was there have each day on its day. The new one has right rows or none. The end is what a project
gets that had both groups from its first day.

Short form: tests/unit/graph/test_history.py and tests/unit/features/test_groups_begun.py
"""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import tiny
from agreed import agree
from calling import command

pytestmark = [pytest.mark.spark, pytest.mark.slow]
YEAR, PEOPLE = 365, 6
PIECES = (date(2024, 6, 1), date(2024, 9, 1), date(2024, 12, 1), date(2025, 3, 1))
NEW = (
    "team: t\ngroup: spending\nversion: 1\nowner: a@example.com\npurpose: Money.\nentity: [who]\nsource: visits\nfeatures:\n"
    "  - {name: dear, meaning: n, aggregate: count, where: paid > 1, windows: [28d, all]}\n"
    "  - {name: most, meaning: m, aggregate: max, expression: paid, windows: [28d]}\n"
)
TABLES = (*tiny.TABLES, "features.spending")


def begin(folder: Path) -> Path:
    """The project on the day on which a year of it is over."""
    project = tiny.make_project(folder, days=YEAR, a_day=PEOPLE)
    reach(project, YEAR)
    return project


def reach(project: Path, days: int) -> None:
    """Let the project's span end after so many days."""
    text = tiny.FILES["conf/base.yaml"].replace("2024-03-11", str(tiny.START + timedelta(days=days)))
    (project / "conf/base.yaml").write_text(text)


def add(project: Path) -> None:
    """Add the group, agreed to."""
    (project / "conf/contracts/features/spending.yaml").write_text(NEW)
    agree(project)


def comes(project: Path, day: int) -> date:
    """A day's visits land; the midnight that ends it."""
    lines = [tiny.visit(day * PEOPLE + n, day, n) for n in range(PEOPLE)]
    tiny.land(project, tiny.START + timedelta(days=day), "a", lines)
    reach(project, day + 1)
    return tiny.START + timedelta(days=day + 1)


def dear(spark: Any, project: Path) -> dict[date, Counter[tuple[int, int]]]:
    """Of the new group: how many people have which (dear_28d, dear_all), by snapshot."""
    folder = project / "home/warehouse/features/spending"
    if not folder.exists():
        return {}
    found: dict[date, Counter[tuple[int, int]]] = {}
    for row in spark.read.format("delta").load(str(folder)).collect():
        found.setdefault(row["as_of"].date(), Counter())[row["dear_28d"], row["dear_all"]] += 1
    return found


def visits(spark: Any, project: Path, at: date) -> Counter[int]:
    """Of the old group at a snapshot: how many people have which ``visits_all``."""
    rows = spark.read.format("delta").load(str(project / "home/warehouse/features/visiting"))
    return Counter(row["visits_all"] for row in rows.where(rows["as_of"] == str(at)).collect())


def test_pieces_of_a_backfill_and_the_daily_refresh_take_turns(
    spark: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    project = begin(tmp_path / "project")
    call = command(capsys, "--project", str(project))
    assert call("run")[0] == 0
    add(project)
    for number, until in enumerate(PIECES):
        today = comes(project, YEAR + number)
        status, said = call("run", "--from", str(today - timedelta(days=1)))
        assert (status, f"features.spending gets no rows at {today} yet" in said) == (0, True), said
        assert visits(spark, project, today) == {YEAR + number + 1: PEOPLE}, "whoever reads the old group has today"
        status, said = call("run", "--to", str(until))
        assert (status, "gets no rows" in said) == (0, False), said
        seen = dear(spark, project)
        assert max(seen) == until
        for at, held in seen.items():
            days = (at - tiny.START).days
            assert held == {(min(days, 28), days): PEOPLE}, f"{at}: right, or not there"
    status, said = call("run")
    assert (status, "gets no rows" in said) == (0, False), said
    assert max(dear(spark, project)) == tiny.START + timedelta(days=YEAR + len(PIECES))
    assert "everything is up to date" in call("plan")[1].lower()

    start = tmp_path / "start"
    shutil.copytree(project, start, ignore=shutil.ignore_patterns("warehouse", "reports", "logs", "mlflow"))
    assert command(capsys, "--project", str(start))("run")[0] == 0
    assert tiny.hashes(spark, project, TABLES) == tiny.hashes(spark, start, TABLES)

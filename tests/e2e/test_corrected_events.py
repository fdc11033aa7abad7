"""Rule 16 with ``corrections: true`` in a project: landed at once or in pieces, switched on later, nothing published changes.

Short form: tests/oracle/test_corrections.py.
"""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import tiny
from agreed import agree

pytestmark = [pytest.mark.spark, pytest.mark.e2e, pytest.mark.dear]
EVENTS = "conf/contracts/events/visits.yaml"


def corrected(folder: Path, *, pieces: bool = True) -> Path:
    """The project with corrections, ten landing days; the later ``pieces`` of two of them, or not yet."""
    project = tiny.make_project(folder, days=4)
    switch_on(project)
    agree(project)
    land_first(project)
    if pieces:
        land_pieces(project)
    return project


def switch_on(project: Path) -> None:
    text = (project / EVENTS).read_text(encoding="utf-8")
    (project / EVENTS).write_text(text.replace("lateness: 3d", "lateness: 3d\ncorrections: true"), encoding="utf-8")


def again(number: int, day: int, who: int, late: int, at: int | None = None, paid: str = "9.00") -> str:
    """The visit of a number once more, ``late`` days after ``day``: of somebody, with an amount, on day ``at``."""
    line = json.loads(tiny.visit(number, day, who, late=late, paid=paid))
    return json.dumps(line if at is None else line | {"at": f"{tiny.START + at * timedelta(days=1)}T08:00:00Z"})


def land_first(project: Path) -> None:
    """Visit 0 is corrected on day 2 and again on day 3; visit 1 becomes somebody else's, a day later than it was."""
    day = timedelta(days=1)
    tiny.land(project, tiny.START + 2 * day, "b", [again(0, 0, 0, 2), again(1, 0, 77, 1, at=1)])
    tiny.land(project, tiny.START + 3 * day, "b", [again(0, 0, 0, 3, paid="4.00"), tiny.visit(2, 0, 2, late=3)])


def land_pieces(project: Path) -> None:
    """A late file for day 2, between what is there: it changes visit 0 before its correction of that day."""
    late = json.loads(again(0, 0, 5, 1)) | {"got": f"{tiny.START + timedelta(days=1)}T11:00:00Z"}
    tiny.land(project, tiny.START + timedelta(days=1), "c", [json.dumps(late)])


def values(spark: Any, project: Path) -> dict[tuple[int, int], tuple[int, Decimal | None]]:
    """(who, day of the snapshot) -> visits of all time, paid in a week."""
    rows = spark.read.format("delta").load(str(project / "home/warehouse/features/visiting")).collect()
    return {(row["who"], (row["as_of"].date() - tiny.START).days): (row["visits_all"], row["paid_7d"]) for row in rows}


def test_pieces_and_restarts_give_the_tables_of_one_load(spark: Any, call: Any, tmp_path: Path) -> None:
    """A late file between what is there included; the values are told by hand."""
    whole, pieces = corrected(tmp_path / "whole"), corrected(tmp_path / "pieces", pieces=False)
    for _ in range(2):
        assert call("run", "--project", str(pieces))[0] == 0
    first = values(spark, pieces)
    assert [first[0, day] for day in (1, 2, 3, 4)] == [
        (1, Decimal("1.25")), (2, Decimal("2.50")), (3, Decimal("11.50")), (4, Decimal("7.75")),
    ]  # fmt: skip
    assert [first[1, day] for day in (1, 2, 3, 4)] == [
        (1, Decimal("1.25")), (2, Decimal("2.50")), (2, Decimal("2.50")), (3, Decimal("3.75")),
    ]  # fmt: skip
    assert (77, 2) not in first, "he was not known before the correction"
    assert [first[77, day] for day in (3, 4)] == [(1, Decimal("9.00"))] * 2
    land_pieces(pieces)
    assert call("run", "--project", str(pieces))[0] == 0
    assert call("run", "--project", str(whole))[0] == 0
    assert tiny.hashes(spark, pieces) == tiny.hashes(spark, whole)
    later = values(spark, pieces)
    assert all(later[who, day] == value for (who, day), value in first.items() if day < 2), "what was published stays"
    assert (later[5, 2], later[5, 3]) == ((3, Decimal("11.50")), (3, Decimal("3.75")))
    tally = spark.read.format("delta").load(str(pieces / "home/warehouse/raw/tally")).groupBy("outcome").sum("rows")
    assert dict(map(tuple, tally.collect())) == {"event": 24, "correction": 4, "duplicate": 1}


def test_corrections_are_switched_on_knowingly(spark: Any, call: Any, tmp_path: Path) -> None:
    """The first content stood, another was quarantined; from the bump on all days are made anew, as if it had always been so."""
    fresh = corrected(tmp_path / "fresh")
    late = tiny.make_project(tmp_path / "late", days=4)
    land_first(late)
    land_pieces(late)
    words = ("--project", str(late))
    assert call("run", *words)[0] == 0
    before = tiny.hashes(spark, late)
    switch_on(late)
    status, said = call("run", *words)
    assert (status, "CONTRACT_CHANGED" in said) == (2, True), said
    assert tiny.hashes(spark, late) == before
    assert call("contract", "bump", "visits", "--why", "They correct.", *words)[0] == 0
    assert call("run", *words)[0] == 0
    raw = ("raw.events_visits", "raw.quarantine", "raw.tally", "tiles.visits")
    assert call("run", "--project", str(fresh))[0] == 0
    assert tiny.hashes(spark, late, raw) == tiny.hashes(spark, fresh, raw)

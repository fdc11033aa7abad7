"""Two processes, two hundred commits each to one table of a local warehouse: every row is there, once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from writers import rows, writer

from headrace.tables.log import TableLog

pytestmark = [pytest.mark.spark, pytest.mark.slow]
COMMITS = 200


def test_every_row_of_both_is_there_once(spark: Any, tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse"
    warehouse.mkdir()
    with writer(warehouse) as one, writer(warehouse) as other:
        one.tell("write", "one", 0, COMMITS)
        other.tell("write", "other", COMMITS, COMMITS)
        assert [one.answer(), other.answer()] == [[], []], "none was refused"
    assert rows(spark, warehouse) == [(who, n) for who in ("one", "other") for n in range(COMMITS)]
    assert TableLog(warehouse / "raw/shared").version == str(2 * COMMITS - 1)

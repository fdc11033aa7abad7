"""Cost: core-hours and money from the ledger."""

from __future__ import annotations

import pytest

from headrace.ground.config import Cost
from headrace.monitoring.cost import LedgerEntry, price


def test_steps_of_a_job_add_up_and_a_core_hour_has_its_price() -> None:
    entries = [
        LedgerEntry("land", 1800.0, None, 100, 1, "done"),
        LedgerEntry("ingest", 10.0, 500, 480, 30, "done"),
        LedgerEntry("ingest", 30.0, 1500, None, 10, "failed"),
    ]
    land, ingest = price(entries, cores=2, cost=Cost(per_core_hour=0.05))
    assert (land.core_hours, land.money, land.rows_per_second) == (1.0, 0.05, 100 / 1800)
    assert (ingest.steps, ingest.intervals, ingest.seconds, ingest.state) == (2, 40, 40.0, "failed")
    assert (ingest.rows_in, ingest.rows_out, ingest.rows_per_second) == (2000, 480, 50.0)
    assert ingest.money == pytest.approx(40 * 2 / 3600 * 0.05)


def test_no_rows_or_no_time_is_no_rate() -> None:
    found = price(
        [LedgerEntry("a", 0.0, 5, 5, 1, "done"), LedgerEntry("b", 1.0, None, None, 1, "done")], cores=1, cost=Cost()
    )
    assert [line.rows_per_second for line in found] == [None, None]
    assert price([], cores=1, cost=Cost()) == ()

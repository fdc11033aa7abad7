"""A store whose process lost its lease writes nothing: no rows, no table, no property."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from headrace.ground.errors import HeadraceError
from headrace.tables.lease import Claim, leased
from headrace.tables.spec import Table
from headrace.tables.store import Store

pytestmark = [pytest.mark.spark, pytest.mark.slow, pytest.mark.e2e]
TABLE = Table("t.x", "x")
SCHEMA = "x int"


def test_each_way_to_write_asks_first(spark, tmp_path):
    with leased(tmp_path / "leases", Claim("night"), lambda: datetime.now(UTC)) as lease:
        store = Store(spark, tmp_path / "warehouse", guard=lease.check)
        store.append_rows(TABLE, [{"x": 1}], SCHEMA)
        lease.member.path.unlink()  # as whoever was given the tables meanwhile has done
        frame, other = spark.createDataFrame([(2,)], SCHEMA), Table("t.y", "y")
        for write in (
            lambda: store.append_rows(TABLE, [{"x": 2}], SCHEMA),
            lambda: store.replace(other, frame, None, {}),
            lambda: store.through(spark).replace(TABLE, frame, None, {}),
            lambda: store.purge(TABLE, "x = 1"),
        ):
            with pytest.raises(HeadraceError, match="LEASE_LOST"):
                write()
        assert [row["x"] for row in store.read_rows(TABLE)] == [1]
        assert not store.exists(other)

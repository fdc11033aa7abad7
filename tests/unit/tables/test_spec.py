"""What a commit replaces."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from headrace.ground.interval import DAY, Interval
from headrace.tables.retention import Retention
from headrace.tables.spec import Table

DAY_OF = Interval(datetime(2024, 3, 4, tzinfo=UTC), datetime(2024, 3, 5, tzinfo=UTC))
OWN = "x > TIMESTAMP '2024-03-04 00:00:00Z' AND x <= TIMESTAMP '2024-03-05 00:00:00Z'"


@pytest.mark.parametrize(
    ("table", "replaced"),
    [
        (Table("a.b", "m"), None),
        (Table("a.b", "m", replaced_by="x"), "x >= DATE '2024-03-04' AND x < DATE '2024-03-05'"),
        (Table("a.b", "m", replaced_by="x", stamped="end"), OWN),
        (Table("a.b", "m", replaced_by="x", stamped="within"), OWN.replace(">", ">=").replace("<=", "<")),
        (
            Table("a.b", "m", replaced_by="x", stamped="end", trailing=DAY),
            f"(({OWN}) OR x <= TIMESTAMP '2024-03-03 00:00:00Z')",
        ),
    ],
)
def test_a_commit_replaces_its_interval_and_lets_go_what_trails(table, replaced):
    assert table.overwritten(DAY_OF) == replaced
    assert table.predicate(DAY_OF) == (OWN if table.trailing else replaced), "whose rows are its own is another matter"


def test_files_of_a_working_table_stay_a_day():
    told = Retention().properties(Table("a.b", "m", kept="working"))
    assert told["delta.deletedFileRetentionDuration"] == "interval 1 days"
    assert Retention().properties(Table("a.b", "m"))["delta.deletedFileRetentionDuration"] == "interval 90 days"

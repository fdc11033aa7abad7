"""The newest profile of each model's inputs and scores, as ``monitor`` left it. No Spark is started to read it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from headrace.profile.edges import NumberEdges
from headrace.profile.row import ALL, ProfileRow, merge
from headrace.tables.log import TableLog
from headrace.tables.newest import newest_rows

PROFILE = "monitor.profile"
CUTS = "cuts"
"""The column of the table that says where a number's bins begin and end."""


@dataclass(frozen=True)
class KeptProfile:
    """A column's profile over all rows of a model's newest snapshot, users together; ``row.window`` is its day.

    ``edges`` is None for texts, and where the table was written before it kept them.
    """

    model: str
    row: ProfileRow
    edges: NumberEdges | None


def kept_profiles(log: TableLog) -> tuple[KeptProfile, ...] | None:
    """The newest profiles in the log of ``monitor.profile``, by model and column; None where they cannot be read here.

    Raises:
        HeadraceError: TABLE_LOG_UNREADABLE, TABLE_FILE_UNREADABLE.
    """
    rows = newest_rows(log, "model", "as_of")
    if rows is None:
        return None
    whole = [row for row in rows if row["slice"] == ALL]
    cuts = {(row["model"], row["column"]): row.get(CUTS) for row in whole}
    found = []
    for model in sorted({row["model"] for row in whole}):
        kept = merge((_row(row) for row in whole if row["model"] == model), over=("user_bucket",))
        for row in kept:
            ends = cuts[model, row.column]
            found.append(KeptProfile(model, row, None if ends is None else NumberEdges(tuple(ends))))
    return tuple(found)


def _row(row: Mapping[str, Any]) -> ProfileRow:
    named = {name: row[name] for name in ProfileRow.__dataclass_fields__}
    return ProfileRow(**{**named, "counts": tuple((pair["bin"], pair["rows"]) for pair in named["counts"])})

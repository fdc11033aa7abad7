"""What a table is: its name, layout and the column by which an interval of it is replaced."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Literal

from headrace.contracts.expectation import Expectation
from headrace.ground.interval import Interval

FORMAT_VERSION = 1
QUARANTINE = "raw.quarantine"
"""The one table that keeps text as it arrived, whoever it is about."""
_NAME = re.compile(r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")


@dataclass(frozen=True)
class Table:
    """A Delta table ``schema.table``.

    ``replaced_by`` is the column that says to which interval a row belongs: a DATE that is the interval's start
    (``stamped="start"``: ``start <= x < end``), a TIMESTAMP that is its end (``"end"``: ``start < x <= end``) or one that
    lies in it (``"within"``: ``start <= x < end``). None: the table is one whole.
    ``part`` fixes a column to a value: the writer owns only those rows (several sources share one quarantine).
    ``indexed`` are the columns on which Delta keeps statistics for skipping files; none named: the one of
    ``replaced_by``. Statistics are values in the log, so no key and nothing personal is among them.
    ``kept`` says for how long earlier versions are (see ``tables.retention``): as all tables; with a log that outlives
    them, for what its commits say; as raw text, which may hold personal values; or as a working table, to whose earlier
    versions nothing goes back. ``trailing``: a commit also lets go the rows that are so much older than its interval.
    ``sorted_by``: the columns by which rows lie in a file, behind those of its partition.
    ``expects``: what must hold for the rows of a commit before anybody reads them; no part of which table it is.
    """

    name: str
    meaning: str
    keys: tuple[str, ...] = ()
    partitioned_by: tuple[str, ...] = ()
    replaced_by: str | None = None
    stamped: Literal["start", "end", "within"] = "start"
    part: tuple[str, str] | None = None
    indexed: tuple[str, ...] = ()
    unhashed: tuple[str, ...] = field(default=())
    kept: Literal["history", "manifests", "raw text", "working"] = "history"
    trailing: timedelta | None = None
    format_version: int = FORMAT_VERSION
    sorted_by: tuple[str, ...] = field(default=(), compare=False)
    expects: tuple[Expectation, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise ValueError(f"table name '{self.name}': schema.table in lower-case letters, digits and _")

    @property
    def statistics(self) -> tuple[str, ...]:
        """The columns with statistics; a partition's value stands in the log anyhow."""
        wanted = self.indexed or ((self.replaced_by,) if self.replaced_by is not None else ())
        return tuple(column for column in wanted if column not in self.partitioned_by)

    def predicate(self, interval: Interval | None) -> str | None:
        """SQL that holds for the rows which a write over ``interval`` owns; None where that is all of them."""
        conditions = []
        if self.part is not None:
            conditions.append(f"{self.part[0]} = '{self.part[1]}'")
        if self.replaced_by is not None and interval is not None:
            conditions += self._bounds(self.replaced_by, interval)
        return " AND ".join(conditions) or None

    def overwritten(self, interval: Interval | None) -> str | None:
        """SQL that holds for the rows which a commit over ``interval`` replaces or lets go; None where that is all."""
        owned = self.predicate(interval)
        if self.trailing is None or self.replaced_by is None or interval is None:
            return owned
        return f"(({owned}) OR {self.replaced_by} <= {_instant(interval.start - self.trailing)})"

    def _bounds(self, column: str, interval: Interval) -> list[str]:
        if self.stamped == "start":
            return [f"{column} >= DATE '{interval.start:%Y-%m-%d}'", f"{column} < DATE '{interval.end:%Y-%m-%d}'"]
        if self.stamped == "within":
            return [f"{column} >= {_instant(interval.start)}", f"{column} < {_instant(interval.end)}"]
        return [f"{column} > {_instant(interval.start)}", f"{column} <= {_instant(interval.end)}"]


def _instant(at: datetime) -> str:
    return f"TIMESTAMP '{at:%Y-%m-%d %H:%M:%S}Z'"


def place_of(warehouse: Path | str, name: str) -> str:
    """Where a table of a warehouse is."""
    parts = name.split(".")
    return str(warehouse.joinpath(*parts)) if isinstance(warehouse, Path) else "/".join((warehouse.rstrip("/"), *parts))

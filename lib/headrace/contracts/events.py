"""The event contract: what a source sends, in its own typed columns, and which column plays which role."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import Any, Literal

from pydantic import Field, model_validator

from headrace.contracts.arrival import Landing, TableInPlace
from headrace.contracts.expectation import Expected, check_expected
from headrace.contracts.fingerprint import data_fingerprint, notation, plain
from headrace.contracts.names import DataType, Formula, Name, Policy, PositiveSpan, Sensitivity, Span
from headrace.ground.document import Misplaced, Strict
from headrace.ground.errors import nearest
from headrace.ground.interval import SECOND

SYSTEM_COLUMNS = ("event_date", "landed_on", "event_key", "row_hash")
"""What headrace adds to every event; a contract may not use these names."""
SIGN = "sign"
"""What it adds where events are corrected: 1 for a row that counts, -1 for one that takes it back (ADR 54)."""
WORKING_COLUMNS = tuple(
    "raw file unread broken key key_hash disputed sound arrived rank known_hash first_hash outcome detail".split()
)
"""What an ingest names on its way to the events; a column of such a name would be overwritten."""
CORRECTING_COLUMNS = (SIGN, "fresh", "copy", "gone", "before", "line")
"""The names that it adds or works with where events are corrected, and only there."""
OUTCOMES = frozenset(
    "event correction taken_back duplicate conflicting_duplicate missing_value unknown_type arrival_after_landing "
    "too_late unreadable unreadable_file new_column new_type widened_type".split()
)
"""What headrace itself calls the outcomes of a line; a rule of such a name would be taken for it."""


class Column(Strict):
    """One typed column of a source; ``called`` is its name in what arrives, where that is another.

    ``unit`` is what a number counts or measures; as the meaning, it shapes no row.
    """

    type: DataType
    meaning: str
    unit: str | None = None
    called: str | None = Field(default=None, pattern=r"^[^\x00-\x1f]{1,200}$")
    sensitivity: Sensitivity = "internal"
    required: bool = False


class Roles(Strict):
    """Which of the source's columns play the parts that headrace needs."""

    entity: tuple[Name, ...] = Field(min_length=1)
    event_time: Name
    event_id: Name | None = None
    event_type: Name | None = None
    available_at: Name | None = None
    sequence: Name | None = None

    def named(self) -> dict[str, str]:
        """Role -> column, for the single-column roles that are filled."""
        filled = {
            role: getattr(self, role) for role in ("event_time", "event_id", "event_type", "available_at", "sequence")
        }
        return {role: column for role, column in filled.items() if column is not None}


class Rule(Strict):
    """A named condition that every good row fulfils; null counts as not fulfilled."""

    name: Name
    keep: Formula
    why: str


class EventContract(Strict):
    """A source of events, as its owner signs it.

    ``keeps`` is how long its owner keeps events before they are deleted; None is for ever. No window may look back
    further, for it could not be computed again. It shapes no row, so it is not in the fingerprint. ``corrections``: an id
    that comes again with other content takes back what stood, and counts in its place from its landing day on.
    """

    source: Name
    version: int = Field(ge=1)
    owner: str
    purpose: str
    landing: Landing | None = None
    table: TableInPlace | None = None
    roles: Roles
    types: tuple[str, ...] = ()
    columns: dict[Name, Column]
    lateness: Span
    delay: Span = timedelta(0)
    keeps: PositiveSpan | None = None
    zone: Literal["UTC"] = "UTC"
    new_columns: Policy = "allow"
    new_types: Policy = "quarantine"
    widened_types: Policy = "quarantine"
    corrections: bool = False
    rules: tuple[Rule, ...] = ()
    expectations: tuple[Expected, ...] = ()
    """What must hold for the events of the days that are ingested at once; shapes no row."""

    @model_validator(mode="after")
    def _agree(self) -> EventContract:
        for role, column in (*self.roles.named().items(), *(("entity", key) for key in self.roles.entity)):
            if column not in self.columns:
                said = f"there is no column '{column}'. {nearest(column, self.columns)}"
                raise Misplaced(("roles", role), said)
        if self.corrections and self.roles.event_id is None:
            raise Misplaced(("corrections",), "nothing says which event is corrected; fill roles.event_id")
        for column in sorted(set(self.columns) & {*self.system_columns, *WORKING_COLUMNS, *self._correcting}):
            raise Misplaced(("columns", column), "headrace adds a column of this name; choose another")
        if len(set(self.roles.entity)) < len(self.roles.entity):
            raise Misplaced(("roles", "entity"), "a column stands twice")
        if (self.roles.event_type is None) != (not self.types):
            at = ("types",) if self.types else ("roles", "event_type")
            raise Misplaced(at, "types and roles.event_type go together: give both or neither")
        for role in ("event_time", "available_at"):
            self._check_time(role)
        self._check_arrival()
        self._check_called()
        self._check_rules()
        check_expected(self.expectations, (*self.columns, *self.system_columns))
        return self

    def _check_arrival(self) -> None:
        if (self.landing is None) == (self.table is None):
            found = "neither is there" if self.landing is None else "both are there"
            at = () if self.landing is None else ("table",)
            raise Misplaced(at, f"a source has exactly one of landing and table; {found}")
        if self.table is not None and self.arrived is None:
            said = "name the column that says when a row came into the table, or fill roles.available_at"
            raise Misplaced(("table", "arrived"), said)

    def _check_called(self) -> None:
        seen: set[str] = set()
        for column, name in self.called.items():
            if name in seen:
                raise Misplaced(("columns", column), f"two columns are called '{name}' in what arrives")
            seen.add(name)

    def _check_time(self, role: str) -> None:
        column = self.roles.named().get(role)
        if column is not None and self.columns[column].type not in ("timestamp", "date"):
            raise Misplaced(("roles", role), f"column '{column}' is {self.columns[column].type}; a time is needed")

    def _check_rules(self) -> None:
        seen: set[str] = set()
        for number, rule in enumerate(self.rules):
            if rule.name in OUTCOMES:
                said = f"'{rule.name}': headrace has an outcome of this name; choose another"
                raise Misplaced(("rules", number, "name"), said)
            if rule.name in seen:
                raise Misplaced(("rules", number, "name"), f"two rules are called '{rule.name}'; rename one")
            seen.add(rule.name)
            for column in sorted(rule.keep.columns - set(self.columns)):
                said = f"there is no column '{column}'. {nearest(column, self.columns)}"
                raise Misplaced(("rules", number, "keep"), said)

    @property
    def entity(self) -> tuple[str, ...]:
        """The entity key's columns."""
        return self.roles.entity

    @property
    def system_columns(self) -> tuple[str, ...]:
        """What headrace adds to its events."""
        return (*SYSTEM_COLUMNS, SIGN) if self.corrections else SYSTEM_COLUMNS

    @property
    def sign(self) -> str | None:
        """The column that says whether a row counts or takes one back; None where no event is corrected."""
        return SIGN if self.corrections else None

    @property
    def _correcting(self) -> tuple[str, ...]:
        return CORRECTING_COLUMNS if self.corrections else ()

    @property
    def arrived(self) -> str | None:
        """Of a table in place, its column that says when a row came into it."""
        if self.table is None:
            return None
        return self.table.arrived or self.called.get(self.roles.available_at or "")

    @property
    def arrival(self) -> Landing | TableInPlace:
        """How the source arrives: the one of ``landing`` and ``table`` that is there."""
        found = self.landing or self.table
        if found is None:
            raise ValueError("a source has exactly one of landing and table")
        return found

    @property
    def files(self) -> Landing:
        """How the source's files land.

        Raises:
            ValueError: the source is a table in place.
        """
        if self.landing is None:
            raise ValueError(f"source '{self.source}' is a table and lands nowhere")
        return self.landing

    @property
    def called(self) -> dict[str, str]:
        """Column -> its name in what arrives."""
        return {name: column.called or name for name, column in self.columns.items()}

    @property
    def required(self) -> tuple[str, ...]:
        """The columns without which a row is no event: the filled roles but sequence, and those declared required."""
        roles = {*self.roles.entity, *(c for role, c in self.roles.named().items() if role != "sequence")}
        return tuple(name for name, column in self.columns.items() if column.required or name in roles)

    @cached_property
    def meaning_for_data(self) -> dict[str, Any]:
        """What shapes rows, without owner, purposes and meanings."""
        return {
            "source": self.source,
            "landing" if self.landing is not None else "table": plain(self.arrival.meaning),
            "roles": plain(self.roles.model_dump()),
            "types": sorted(self.types),
            "columns": [
                [name, column.type, name in self.required, *([column.called] if column.called else [])]
                for name, column in self.columns.items()
            ],
            "lateness": self.lateness // SECOND,
            "delay": self.delay // SECOND,
            "zone": self.zone,
            "policies": [self.new_columns, self.new_types, self.widened_types],
            "rules": [[rule.name, notation(rule.keep.tree)] for rule in self.rules],
            **({"corrections": True} if self.corrections else {}),
        }

    @cached_property
    def fingerprint(self) -> str:
        """The data fingerprint."""
        return data_fingerprint(self.meaning_for_data)

"""A published group: what another project has to know to read a version of a feature group, without its contract.

It is a row of the publisher's table ``catalog.groups``, and what a reader's own entry keeps of it. The table of the
version lies in the same warehouse as the catalog, so no row can lead a reader anywhere else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cached_property
from typing import Any, Literal

from pydantic import Field

from headrace.contracts.names import Name, Sensitivity
from headrace.ground.document import Strict

FORMAT_VERSION = 1
State = Literal["current", "retiring", "retired"]
_ROW_ALONE = ("state", "retire_after", "published_at", "published_by")
"""What a row of the catalog says of a version besides what it means."""


class PublishedKey(Strict):
    """A column of the entity, with its SQL type."""

    name: Name
    type: str = Field(min_length=1)
    sensitivity: Sensitivity = "internal"


class PublishedColumn(Strict):
    """A feature column. ``when_empty``: its value for whom the source has never seen, as text; None for null."""

    name: Name
    type: str = Field(min_length=1)
    meaning: str
    unit: str | None = None
    sensitivity: Sensitivity = "internal"
    when_empty: str | None = None


class Published(Strict):
    """One version of a group as its owner published it.

    ``project``: the publisher's name. ``snapshots_from``, ``snapshots_every`` (days): the midnights, UTC, of which the
    table holds rows. ``agreed_on``, ``why``, ``breaking``, ``changes``: what the version changed, from its lock entry.
    """

    format_version: Literal[1] = 1
    project: str = Field(min_length=1)
    team: Name
    group: Name
    version: int = Field(ge=1)
    fingerprint: str = Field(min_length=1)
    owner: str
    purpose: str
    keys: tuple[PublishedKey, ...] = Field(min_length=1)
    features: tuple[PublishedColumn, ...] = Field(min_length=1)
    accuracy: Literal["snapshot", "temporal"]
    zone: str
    snapshots_from: date
    snapshots_every: int = Field(ge=1)
    table: str = Field(pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$")
    agreed_on: date
    why: str
    breaking: bool = False
    changes: tuple[str, ...] = ()

    @property
    def namespace(self) -> str:
        """``team.group``."""
        return f"{self.team}.{self.group}"

    @property
    def reference(self) -> str:
        """``team.group@version``: what a model of another project calls it."""
        return f"{self.namespace}@{self.version}"

    @property
    def entity(self) -> tuple[str, ...]:
        """The names of the key's columns."""
        return tuple(key.name for key in self.keys)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the feature columns, in order."""
        return tuple(column.name for column in self.features)

    @cached_property
    def types(self) -> Mapping[str, str]:
        """The SQL type of every column that a reader may ask for."""
        kept = {key.name: key.type for key in self.keys} | {"as_of": "timestamp"}
        return kept | {column.name: column.type for column in self.features}

    def column(self, name: str) -> PublishedColumn:
        """A feature column by name.

        Raises:
            KeyError: there is none.
        """
        found = {column.name: column for column in self.features}
        return found[name]


@dataclass(frozen=True)
class Listed:
    """A row of the catalog: a version, until when it is to be read (None: it is the newest), and who wrote the row."""

    group: Published
    retire_after: date | None
    published_at: datetime
    published_by: str

    def state(self, today: date) -> State:
        """``retiring`` up to the day named, ``retired`` after it."""
        if self.retire_after is None:
            return "current"
        return "retiring" if today <= self.retire_after else "retired"

    def row(self, today: date) -> dict[str, Any]:
        """As the catalog's table holds it."""
        told = {"state": self.state(today), "retire_after": self.retire_after}
        return self.group.model_dump() | told | {"published_at": self.published_at, "published_by": self.published_by}


def listed_of(row: Mapping[str, Any]) -> Listed:
    """A row of a catalog's table.

    Raises:
        ValueError: it is none that headrace writes (pydantic's ValidationError), or one of a later format.
        KeyError: it lacks a column.
    """
    said = {key: value for key, value in row.items() if key not in _ROW_ALONE}
    return Listed(Published.model_validate(said), row["retire_after"], row["published_at"], row["published_by"])


def first_snapshot(start: datetime, every: timedelta) -> date:
    """The first midnight of which a project's tables hold rows."""
    return (start + every).date()

"""An entry of the catalog: what a feature, label, model, source or table means, who answers for it, who reads it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from headrace.contracts.names import Sensitivity
from headrace.features.lineage import Lineage
from headrace.features.profiled import Profiled
from headrace.features.versions import Version
from headrace.ground.interval import show_instant
from headrace.ground.sizes import show_bytes

Kind = Literal["feature", "label", "model", "source", "table"]
KINDS: tuple[Kind, ...] = ("feature", "label", "model", "source", "table")
"""In the order in which they are shown."""


@dataclass(frozen=True)
class Reader:
    """Who reads an entry: a ``feature``, ``group``, ``label``, ``model``, ``job`` or ``command``; ``what`` it takes, where that is
    less than all.
    """

    kind: str
    name: str
    what: str = ""


@dataclass(frozen=True)
class Column:
    """A column of an entry. ``type`` is "" where nothing has made it yet and no contract says it, ``unit`` where it has none."""

    name: str
    type: str
    meaning: str = ""
    sensitivity: Sensitivity = "internal"
    key: bool = False
    unit: str = ""


@dataclass(frozen=True)
class Freshness:
    """How far a table is done and by which commit. Instants are UTC; ``rows`` and ``bytes`` are of the latest version.

    ``until`` is the greatest end of the intervals that its commits name, None where none does; ``interval``
    is that of the newest of them. ``outdated``: it was made
    by other code or contracts than the present ones.
    """

    version: int
    committed_at: datetime
    until: datetime | None = None
    job: str = ""
    run_id: str = ""
    interval: str = ""
    rows: int | None = None
    bytes: int | None = None
    outdated: bool = False

    @property
    def count(self) -> str:
        """The rows as people read them; – where they are not recorded."""
        return "–" if self.rows is None else f"{self.rows:,}"

    @property
    def size(self) -> str:
        """The bytes as people say them; – where they are not recorded."""
        return "–" if self.bytes is None else show_bytes(self.bytes)

    @property
    def spoken(self) -> str:
        """How far it is done, or when it was last written where it is not cut by time."""
        return show_instant(self.until) if self.until is not None else f"{self.committed_at:%Y-%m-%d %H:%M}"


@dataclass(frozen=True)
class Entry:
    """One thing that the project has. ``facts`` are (name, value) pairs that only its kind has; never values of data.
    ``unseen``: its table may well be made, but its log is not to be read from this machine.

    ``name`` is unique within the kind; a feature's is ``group.feature``, or ``team.group.feature`` where two teams have
    such a group. ``table`` is where it is kept, ``python`` and ``sql`` the lines that read it, ``definitions`` its
    computation as SQL, a query a column, ``versions`` those of its contract, the newest first. ``profiles`` say how its
    columns are spread, ``unprofiled`` why no column is known to be, ``lineage`` leads from raw columns to scores.
    """

    kind: Kind
    name: str
    meaning: str
    owner: str = ""
    entity: tuple[str, ...] = ()
    windows: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    version: int | None = None
    fingerprint: str = ""
    sensitivity: Sensitivity = "internal"
    columns: tuple[Column, ...] = ()
    readers: tuple[Reader, ...] = ()
    made_by: tuple[str, ...] = ()
    table: str = ""
    freshness: Freshness | None = None
    unseen: bool = False
    facts: tuple[tuple[str, str], ...] = ()
    definitions: tuple[str, ...] = ()
    versions: tuple[Version, ...] = ()
    profiles: tuple[Profiled, ...] = ()
    unprofiled: str = ""
    lineage: Lineage | None = None
    python: str = ""
    sql: str = ""
    words: str = field(default="", repr=False)
    aliases: tuple[str, ...] = field(default=(), repr=False)

    @property
    def done_until(self) -> str:
        """How far it is done, and whether by what is now declared; "never" where it was never made, or "unknown"."""
        if self.freshness is None:
            return "unknown" if self.unseen else "never"
        return self.freshness.spoken + (" (by other code or contracts)" if self.freshness.outdated else "")

    @property
    def brief(self) -> str:
        """As much of the meaning as a list has room for, and that it is personal where it is."""
        first, found, _ = self.meaning.partition(". ")
        mark = f" [{self.sensitivity}]" if self.sensitivity in ("personal", "special") else ""
        return first + found.rstrip() + mark

    @property
    def anchor(self) -> str:
        """Its address within a page: a feature's is its name, as people pass it on; no other has a dot without a dash."""
        return self.name if self.kind == "feature" else f"{self.kind}-{self.name}"

    @property
    def names(self) -> tuple[str, ...]:
        """What it may be asked for by: its name, a feature's bare name, and a feature's columns."""
        if self.kind != "feature":
            return (self.name,)
        parts = self.name.split(".")
        shorter = [".".join(parts[start:]) for start in range(len(parts))]
        return tuple(dict.fromkeys((*shorter, *self.aliases, *(column.name for column in self.columns))))

    def is_called(self, name: str) -> bool:
        """Whether it may be asked for by a name: one of ``names``, or a feature's column behind its group or team and group."""
        group, _, column = name.rpartition(".")
        groups = {known.rpartition(".")[0] for known in (self.name, *self.aliases)}
        return name in self.names or (group in groups and column in {one.name for one in self.columns})

    @property
    def text(self) -> str:
        """What a search looks through, in lower case."""
        parts = (*self.names, self.meaning, self.owner, *self.sources, *self.entity, *self.windows, self.words)
        return " ".join(parts).lower()


def filled(facts: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """The facts that say something, as an entry keeps them."""
    return tuple((name, value) for name, value in facts.items() if value)


def plain(text: str) -> str:
    """A text of a contract in one line."""
    return " ".join(text.split())

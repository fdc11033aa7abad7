"""Configuration: base.yaml with one environment's file laid over it; an unknown key is an error."""

from __future__ import annotations

import re
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from headrace.ground.deadline import Deadline, read_deadline
from headrace.ground.document import Document, Strict, parse_document, read_document, validate
from headrace.ground.errors import HeadraceError, nearest
from headrace.ground.interval import DAY, Interval, parse_gap, parse_instant, parse_span
from headrace.ground.lineage import Lineage
from headrace.ground.placement import Placement
from headrace.ground.places import Storage, Tracking
from headrace.ground.serving import Online
from headrace.ground.targets import Targets

Relative = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+(/[A-Za-z0-9_.-]+)*$")]
_ROOT_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_ROOT = re.compile(
    r"/?[A-Za-z0-9_.=-][A-Za-z0-9_.=/-]*|(file|s3|s3a|gs|abfs|abfss|wasbs|hdfs|dbfs):/[A-Za-z0-9_.@:=/-]+"
)


def _root(text: str) -> str:
    """A folder of tables: a path (relative ones begin in the project's folder) or a URI of a known kind."""
    found = _ROOT.fullmatch(text)
    if found is None or ".." in text.split("/"):
        raise ValueError("no root: name a folder, or file:/..., s3://..., abfss://..., gs://..., hdfs://..., dbfs:/...")
    if found[1] and re.search(":.*@", text.removeprefix(f"{found[1]}:")):
        raise ValueError("a root holds no password; credentials belong to the session's own configuration")
    return text.rstrip("/")


Root = Annotated[str, AfterValidator(_root)]
Due = Annotated[Deadline, BeforeValidator(read_deadline)]
Time = Annotated[timedelta, BeforeValidator(lambda value: parse_gap(value) if isinstance(value, str) else value)]
Length = Annotated[timedelta, BeforeValidator(lambda value: parse_span(value) if isinstance(value, str) else value)]


class Span(Strict):
    """The time that the whole graph covers: ``[from, to)`` in days."""

    start: date = Field(alias="from")
    end: date = Field(alias="to")

    @model_validator(mode="after")
    def _agree(self) -> Span:
        if self.end <= self.start:
            raise ValueError(f"to ({self.end}) is not after from ({self.start})")
        return self

    @property
    def interval(self) -> Interval:
        """As instants in UTC."""
        return Interval(parse_instant(self.start), parse_instant(self.end))


class Spark(Strict):
    """How a session is made where none exists. A setting's value may be ``env:NAME``."""

    master: str = "local[2]"
    settings: dict[str, str] = Field(default_factory=dict)


class Engine(Strict):
    """How the graph is run."""

    parallel_jobs: int = Field(default=2, ge=1, le=64)
    attempts: int = Field(default=2, ge=1, le=10)
    most_intervals: int = Field(default=400, ge=1)
    timeout: Time | None = None
    """How long a job may take in one run, where it names nothing itself: ``30m``, ``2h``."""


class Budget(Strict):
    """What a job may spend in one run, and what is done where it spends more: a warning, or its end."""

    money: float = Field(gt=0)
    then: Literal["warn", "stop"] = "warn"


class Cost(Strict):
    """What a core-hour costs, and what jobs may spend, by their names."""

    per_core_hour: float = Field(default=0.05, ge=0)
    currency: str = "USD"
    budgets: dict[str, Budget] = Field(default_factory=dict)


class Retention(Strict):
    """For how long what was there before can still be read: earlier versions of tables, and what is in quarantine."""

    tables: Length = timedelta(days=90)
    quarantine: Length = timedelta(days=90)

    @model_validator(mode="after")
    def _agree(self) -> Retention:
        if min(self.tables, self.quarantine) < DAY:
            raise ValueError("retention: a day at least, since whoever reads now needs the files that it began with")
        return self


class Maintenance(Strict):
    """From when on small files are laid together: so many in one partition, each below so many MiB."""

    small_mebibytes: int = Field(default=8, ge=1, le=128)
    least_files: int = Field(default=16, ge=2)


class Config(Strict):
    """Everything that an environment decides. Paths are relative to the project's folder and stay in it."""

    home: Relative
    contracts: Relative = "contracts"
    span: Span
    snapshots_every: Length = DAY
    seed: int = 7
    spark: Spark = Spark()
    storage: Storage = Storage()
    retention: Retention = Retention()
    maintenance: Maintenance = Maintenance()
    tracking: Tracking = Tracking()
    online: Online = Online()
    lineage: Lineage = Lineage()
    engine: Engine = Engine()
    placement: Placement = Placement()
    cost: Cost = Cost()
    deadlines: dict[str, Due] = Field(default_factory=dict)
    """By when a run is to have made a table: ``06:00 Europe/London``, by the table's name."""
    targets: Targets = Targets()
    roots: dict[str, Root] = Field(default_factory=dict)
    """Folders outside the project in which contracts may name tables, by name."""
    catalogs: dict[str, Root] = Field(default_factory=dict)
    """Warehouses of other projects from which models take published groups, by name."""
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _agree(self) -> Config:
        for key in ("roots", "catalogs"):
            for name in getattr(self, key):
                if not _ROOT_NAME.fullmatch(name):
                    raise ValueError(f"{key}: '{name:.40}' is not an identifier")
        if ".." in self.home.split("/") or ".." in self.contracts.split("/"):
            raise ValueError("home, contracts: a path may not leave the project's folder")
        if self.snapshots_every % DAY:
            raise ValueError("snapshots_every: whole days or weeks")
        return self


def load_config(folder: Path, env: str, overrides: tuple[str, ...] = ()) -> Config:
    """The configuration of ``env``: base.yaml, ``{env}.yaml``, then ``key.path=value`` overrides.

    Raises:
        HeadraceError: ENVIRONMENT_UNKNOWN, OVERRIDE_UNREADABLE, DOCUMENT_*.
    """
    known = sorted(file.stem for file in folder.glob("*.yaml") if file.stem != "base")
    if env not in known:
        raise HeadraceError("ENVIRONMENT_UNKNOWN", env=env, folder=folder, hint=nearest(env, known))
    document = read_document(folder / "base.yaml").under(read_document(folder / f"{env}.yaml"))
    for override in overrides:
        document = document.under(_override(override))
    return validate(document, Config)


def _override(text: str) -> Document:
    """One override as a document of its own; its value is read as safely as a file."""
    key, equals, value = text.partition("=")
    if not equals or not all(key.split(".")):
        raise HeadraceError("OVERRIDE_UNREADABLE", text=text)
    source = Path(f"--set {key}")
    values = parse_document(source, f"value: {value}").values
    if set(values) != {"value"}:
        raise HeadraceError("OVERRIDE_UNREADABLE", text=text)
    parts = key.split(".")
    nested: Any = values["value"]
    for part in reversed(parts):
        nested = {part: nested}
    return Document(source, nested, {tuple(parts[: i + 1]): str(source) for i in range(len(parts))})

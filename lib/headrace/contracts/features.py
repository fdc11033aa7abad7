"""The feature contract: a group of features over one source, each defined once."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from headrace.contracts.expressions import Expression
from headrace.contracts.fingerprint import data_fingerprint, notation
from headrace.contracts.names import Formula, Gap, Name, Sensitivity
from headrace.ground.document import Strict, read_document, validate
from headrace.ground.errors import nearest
from headrace.ground.interval import DAY, SECOND, parse_span

Aggregate = Literal[
    "count",
    "sum",
    "mean",
    "min",
    "max",
    "variance",
    "first",
    "last",
    "last_k",
    "count_distinct",
    "active_days",
    "time_since_last",
    "sessions",
]
Measure = Literal["count", "mean_duration"]
VALUELESS = frozenset({"count", "active_days", "time_since_last", "sessions"})
SCALED = frozenset({"sum", "mean", "variance"})
FORMULAS = ("expression", "where", "derive")
NUMERIC = SCALED | VALUELESS | {"count_distinct"}


def _window(text: object) -> object:
    if text != "all":
        span = parse_span(str(text))
        if span % DAY:
            raise ValueError(
                f"'{text}': windows of hours need raw edges, which this version lacks; use whole days (d, w) or all"
            )
    return text


Window = Annotated[str, BeforeValidator(_window)]


class Feature(Strict):
    """One feature: an aggregate over windows of events, or a value derived from features above it."""

    name: Name
    meaning: str
    unit: str | None = None
    aggregate: Aggregate | None = None
    expression: Formula | None = None
    where: Formula | None = None
    windows: tuple[Window, ...] = ()
    scale: int = Field(default=6, ge=0, le=12)
    k: int | None = Field(default=None, ge=1, le=1000)
    gap: Gap | None = None
    measure: Measure | None = None
    when_empty: int | float | str | None = None
    derive: Formula | None = None
    sensitivity: Sensitivity = "internal"

    @model_validator(mode="after")
    def _agree(self) -> Feature:
        if (self.aggregate is None) == (self.derive is None):
            raise ValueError("give either aggregate or derive")
        if self.derive is not None:
            given = [
                key
                for key in ("expression", "where", "windows", "k", "gap", "measure", "when_empty")
                if key in self.model_fields_set
            ]
            if given:
                raise ValueError(f"{', '.join(given)}: not for a derived feature")
            return self
        if not self.windows:
            raise ValueError("windows: name at least one, such as [7d, 28d]")
        if len(set(self.windows)) < len(self.windows):
            raise ValueError("windows: one stands twice")
        if (self.expression is None) != (self.aggregate in VALUELESS) and self.aggregate != "count":
            needs = "needs no" if self.aggregate in VALUELESS else "needs an"
            raise ValueError(f"aggregate {self.aggregate} {needs} expression")
        if (self.k is None) != (self.aggregate != "last_k"):
            raise ValueError("k: for last_k, and only for it")
        self._check_sessions()
        self._check_default()
        return self

    def _check_sessions(self) -> None:
        if (self.gap is None) != (self.aggregate != "sessions"):
            raise ValueError("gap: for sessions, and only for it; a new one begins after a gap such as 30m or longer")
        if self.measure is not None and self.aggregate != "sessions":
            raise ValueError("measure: for sessions, and only for it")

    def _check_default(self) -> None:
        if self.when_empty is None:
            return
        if self.aggregate == "last_k":
            raise ValueError("when_empty: last_k gives an array, empty windows included; there is no default for it")
        if isinstance(self.when_empty, str) and self.aggregate in NUMERIC:
            raise ValueError(f"when_empty: {self.aggregate} gives a number; found '{self.when_empty}'")

    @property
    def columns(self) -> tuple[str, ...]:
        """The feature's columns: ``{name}_{window}`` each, or the bare name of a derived one."""
        return tuple(f"{self.name}_{window}" for window in self.windows) or (self.name,)

    @cached_property
    def meaning_for_data(self) -> dict[str, Any]:
        """What gives the values their meaning: input of the fingerprint.

        What is not said is not in it, so that a key which a later headrace knows changes no contract that lacks it.
        """
        given = {key: getattr(self, key) for key in FORMULAS}
        trees = {key: notation(formula.tree) for key, formula in given.items() if formula is not None}
        kept = {"name": self.name, "aggregate": self.aggregate, "windows": list(self.windows) or None, "k": self.k}
        scale = self.scale if self.aggregate in SCALED or self.derive else None
        runs = {} if self.gap is None else {"gap": self.gap // SECOND, "measure": self.measure or "count"}
        said = kept | trees | {"scale": scale, "when_empty": self.when_empty} | runs
        return {key: value for key, value in said.items() if value is not None}


class FeatureGroup(Strict):
    """Features of one entity over one source, computed together, with one owner."""

    team: Name
    group: Name
    version: int = Field(ge=1)
    owner: str
    purpose: str
    entity: tuple[Name, ...] = Field(min_length=1)
    source: Name
    zone: Literal["UTC"] = "UTC"
    accuracy: Literal["snapshot"] = "snapshot"
    tail: Literal["exact", "day"] = "exact"
    features: tuple[Feature, ...] = Field(min_length=1)
    _table: str = PrivateAttr(default="")

    @model_validator(mode="after")
    def _agree(self) -> FeatureGroup:
        known: list[str] = ["as_of"]
        for key in self.entity:
            if key in known:
                raise ValueError(f"entity: the column '{key}' is there already")
            known.append(key)
        for feature in self.features:
            if feature.derive is not None:
                self._check_derivation(feature.name, feature.derive, known)
            for column in feature.columns:
                if column in known:
                    raise ValueError(f"features.{feature.name}: the column '{column}' is there already; rename one")
                known.append(column)
        return self

    @staticmethod
    def _check_derivation(name: str, derive: Expression, known: list[str]) -> None:
        for column in sorted(derive.columns - set(known)):
            hint = nearest(column, known)
            raise ValueError(f"features.{name}: derive names '{column}', which no feature above it gives. {hint}")

    @property
    def namespace(self) -> str:
        """``team.group``: the name that no other group has."""
        return f"{self.team}.{self.group}"

    @property
    def columns(self) -> tuple[str, ...]:
        """All feature columns, in the order declared."""
        return tuple(column for feature in self.features for column in feature.columns)

    @property
    def longest_window(self) -> timedelta | None:
        """The longest window; None where one is ``all``."""
        spans = [window for feature in self.features for window in feature.windows]
        return None if "all" in spans else max((parse_span(span) for span in spans), default=DAY)

    @cached_property
    def meaning_for_data(self) -> dict[str, Any]:
        """What gives the values their meaning, but for that of the source: without owner, purpose, meanings and units."""
        return {
            "group": [self.team, self.group],
            "entity": list(self.entity),
            "source": self.source,
            "zone": self.zone,
            "accuracy": self.accuracy,
            "tail": self.tail,
            "features": [feature.meaning_for_data for feature in self.features],
        }

    @cached_property
    def fingerprint(self) -> str:
        """The data fingerprint of the group's own words (``contracts.binding`` adds what its source means)."""
        return data_fingerprint(self.meaning_for_data)

    @property
    def table(self) -> str:
        """The table that holds its rows: ``features.{group}``, or that of the version that the lock entry names."""
        return self._table or f"features.{self.group}"

    def kept_in(self, table: str) -> FeatureGroup:
        """The same group, its rows in a table of another name."""
        moved = self.model_copy()
        moved._table = table
        return moved


def load_feature_group(path: str | Path) -> FeatureGroup:
    """A feature contract from its YAML file.

    Raises:
        HeadraceError: DOCUMENT_* with file, line and remedy.
    """
    return validate(read_document(Path(path)), FeatureGroup)


COLUMN_NAME = re.compile(r"^(?P<name>.+)_(?P<window>\d+[hdw]|all)$")

"""The feature contract: a group of features over one source, each defined once."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from headrace.contracts.edges import Edges, Share, places, written
from headrace.contracts.expectation import Expected, check_expected
from headrace.contracts.expressions import Expression
from headrace.contracts.fingerprint import data_fingerprint, notation
from headrace.contracts.names import Formula, Gap, Name, Sensitivity, Zone
from headrace.ground.document import Misplaced, Strict, read_document, validate
from headrace.ground.errors import nearest
from headrace.ground.interval import DAY, SECOND, parse_span
from headrace.ground.zones import UTC

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
    "quantile",
]
Measure = Literal["count", "mean_duration"]
VALUELESS = frozenset({"count", "active_days", "time_since_last", "sessions"})
SCALED = frozenset({"sum", "mean", "variance"})
FORMULAS = ("expression", "where", "derive")
COUNTING = frozenset({"count", "count_distinct", "active_days", "sessions"})
SUBTRACTED = SCALED | {"count", "quantile"}
"""Aggregates whose states can be subtracted (semantics 12), so that an event can be taken back."""
NUMERIC = SCALED | VALUELESS | {"count_distinct", "quantile"}
OWN_KEYS = {
    "k": "last_k",
    "gap": "sessions",
    "measure": "sessions",
    "edges": "quantile",
    "q": "quantile",
    "bound": "count_distinct",
}
"""Keys that one aggregate has and no other."""
NEEDED = {
    "k": "",
    "gap": "; a new one begins after a gap such as 30m or longer",
    "edges": ", such as [1, 5, 20]",
    "q": ", such as 0.5",
}
"""Those of them that their aggregate cannot do without, with an example."""
MOST_DISTINCT = 1_000_000
"""How many different values a window of ``count_distinct`` may hold where its contract names no bound."""


def _window(text: object) -> object:
    if text != "all":
        parse_span(str(text))
    return text


Window = Annotated[str, BeforeValidator(_window)]


def window_length(window: str) -> timedelta | None:
    """The length of a window such as ``6h``, ``7d`` or ``2w``; None for ``all``."""
    return None if window == "all" else parse_span(window)


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
    edges: Edges | None = None
    q: Share | None = None
    bound: int | None = Field(default=None, ge=1)
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
                for key in ("expression", "where", "windows", *OWN_KEYS, "when_empty")
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
        self._check_own_keys()
        self._check_default()
        return self

    def _check_own_keys(self) -> None:
        for key, aggregate in OWN_KEYS.items():
            given = getattr(self, key) is not None
            if given and self.aggregate != aggregate:
                raise ValueError(f"{key}: for {aggregate}, and only for it")
            if not given and self.aggregate == aggregate and key in NEEDED:
                raise ValueError(f"{key}: for {aggregate}, and only for it{NEEDED[key]}; {aggregate} needs it")

    def _check_default(self) -> None:
        if self.when_empty is None:
            return
        if self.aggregate == "last_k":
            raise ValueError("when_empty: last_k gives an array, empty windows included; there is no default for it")
        if isinstance(self.when_empty, str) and self.aggregate in NUMERIC:
            raise ValueError(f"when_empty: {self.aggregate} gives a number; found '{self.when_empty}'")
        if self.aggregate in COUNTING and self.measure != "mean_duration" and self.when_empty != 0:
            raise ValueError(f"when_empty: {self.aggregate} counts, and a count of nothing is 0; leave it out")

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
        said = kept | trees | {"scale": scale, "when_empty": self.when_empty} | self._own_meaning
        return {key: value for key, value in said.items() if value is not None}

    @property
    def _own_meaning(self) -> dict[str, Any]:
        """What only sessions and quantiles have. The bound is not among it: it decides which data is refused, no value."""
        if self.gap is not None:
            return {"gap": self.gap // SECOND, "measure": self.measure or "count"}
        if self.edges is not None and self.q is not None:
            return {"edges": [written(edge) for edge in self.edges], "q": written(self.q)}
        return {}

    @property
    def places(self) -> int:
        """The decimal places of a quantile: those of its edges."""
        return max((places(edge) for edge in self.edges or ()), default=0)


class FeatureGroup(Strict):
    """Features of one entity over one source, computed together, with one owner."""

    team: Name
    group: Name
    version: int = Field(ge=1)
    owner: str
    purpose: str
    entity: tuple[Name, ...] = Field(min_length=1)
    source: Name
    zone: Zone = UTC
    accuracy: Literal["snapshot", "temporal"] = "snapshot"
    tail: Literal["exact", "day"] = "exact"
    published: bool = False
    """Whether other projects may read it (see ``contracts.published``); no part of its meaning."""
    features: tuple[Feature, ...] = Field(min_length=1)
    expectations: tuple[Expected, ...] = ()
    _table: str = PrivateAttr(default="")

    @model_validator(mode="after")
    def _agree(self) -> FeatureGroup:
        known: list[str] = ["as_of"]
        for key in self.entity:
            if key in known:
                raise Misplaced(("entity",), f"the column '{key}' is there already")
            known.append(key)
        names: set[str] = set()
        for place, feature in enumerate(self.features):
            if feature.name in names:
                raise Misplaced(("features", place, "name"), f"a feature '{feature.name}' is there already; rename one")
            names.add(feature.name)
            if feature.derive is not None:
                self._check_derivation(place, feature.name, feature.derive, known)
            for column in feature.columns:
                if column in known:
                    raise Misplaced(("features", place, "name"), f"the column '{column}' is there already; rename one")
                known.append(column)
        check_expected(self.expectations, known)
        return self

    def _check_derivation(self, place: int, name: str, derive: Expression, known: list[str]) -> None:
        for column in sorted(derive.columns - set(known)):
            cycle = self._path(column, name, frozenset())
            if cycle:
                said = f"{' -> '.join((name, *cycle))} is a cycle; derive one of them from something else"
            else:
                said = f"derive names '{column}', which no feature above it gives. {nearest(column, known)}"
            raise Misplaced(("features", place, "derive"), said)

    def _path(self, column: str, goal: str, seen: frozenset[str]) -> tuple[str, ...]:
        """The derivations from ``column`` to ``goal``, if any lead there."""
        if column == goal:
            return (column,)
        derivations = {feature.name: feature.derive for feature in self.features if feature.derive is not None}
        if column not in derivations or column in seen:
            return ()
        paths = (self._path(each, goal, seen | {column}) for each in sorted(derivations[column].columns))
        return next(((column, *path) for path in paths if path), ())

    @property
    def namespace(self) -> str:
        """``team.group``: the name that no other group has."""
        return f"{self.team}.{self.group}"

    @property
    def columns(self) -> tuple[str, ...]:
        """All feature columns, in the order declared."""
        return tuple(column for feature in self.features for column in feature.columns)

    def reach(self, window: str) -> timedelta | None:
        """How far a window looks back from a midnight; with ``tail: day`` it begins with the day in which its edge lies."""
        length = window_length(window)
        return length if length is None or self.tail == "exact" else -(-length // DAY) * DAY

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

"""The model contract: what is learned from which features, how it is searched for, and what a release must pass."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator

from headrace.contracts.expectation import Expected, check_expected
from headrace.contracts.fingerprint import data_fingerprint
from headrace.contracts.names import Name
from headrace.contracts.namespaces import ReadableReference, is_published
from headrace.ground.document import Misplaced, Strict
from headrace.ground.errors import nearest

Family = Literal["logistic", "xgboost"]
SCORES = ("as_of", "score", "model", "model_version", "feature_fingerprint")
"""The columns of a table of scores, besides the entity's."""


class Search(Strict):
    """The hyper-parameter search: single-machine trials, judged on the last training cutoffs."""

    families: tuple[Family, ...] = Field(default=("logistic", "xgboost"), min_length=1)
    trials: int = Field(default=12, ge=1, le=500)
    parallelism: int = Field(default=2, ge=1, le=64)
    validation_cutoffs: int = Field(default=4, ge=1)
    sample_rows: int = Field(default=200_000, ge=1_000)
    seed: int = 20170403


class Baseline(Strict):
    """The rule that a first candidate must beat: a feature column alone, greater meaning more likely positive."""

    column: Name
    gain_lower_bound: float = 0.0


class Segment(Strict):
    """A feature column by which gate and monitor look apart; parts of fewer than ``least_users`` are not shown."""

    group: ReadableReference
    column: Name
    least_users: int = Field(default=40, ge=1)


class Gate(Strict):
    """What a candidate must pass: never worse than the champion by more than ``delta`` of AUC, nor in any segment."""

    least_auc: float = Field(ge=0.5, le=1.0)
    delta: float = Field(default=0.005, ge=0)
    segment_delta: float = Field(default=0.05, ge=0)
    parity_gap: float = Field(default=0.25, ge=0, le=1)
    confidence: float = Field(default=0.95, gt=0.5, lt=1)


class ModelContract(Strict):
    """A binary classifier for one label."""

    model: Name
    version: int = Field(ge=1)
    owner: str
    purpose: str
    label: Name
    features: dict[ReadableReference, tuple[Name, ...]] = Field(min_length=1)
    segments: tuple[Segment, ...] = ()
    test_from: date
    search: Search = Search()
    baseline: Baseline
    gate: Gate
    expectations: tuple[Expected, ...] = ()
    """What must hold for the scores."""

    @model_validator(mode="after")
    def _agree(self) -> ModelContract:
        columns = self.columns
        seen: set[str] = set()
        for group, column in ((group, column) for group, names in self.features.items() for column in names):
            if column in seen:
                raise Misplaced(("features", group), f"the column '{column}' is taken twice")
            seen.add(column)
        if self.baseline.column not in columns:
            said = (
                f"'{self.baseline.column}' is not among the model's features. {nearest(self.baseline.column, columns)}"
            )
            raise Misplaced(("baseline", "column"), said)
        check_expected(self.expectations, SCORES)
        return self

    @property
    def columns(self) -> tuple[str, ...]:
        """The model's inputs, in order."""
        return tuple(column for names in self.features.values() for column in names)

    @property
    def groups(self) -> tuple[str, ...]:
        """The feature groups that it reads, those of its segments included."""
        return tuple(dict.fromkeys([*self.features, *(segment.group for segment in self.segments)]))

    @property
    def published(self) -> tuple[str, ...]:
        """Those of them that are another project's: ``team.group@version``."""
        return tuple(group for group in self.groups if is_published(group))

    @property
    def own_groups(self) -> tuple[str, ...]:
        """Those that are of this project."""
        return tuple(group for group in self.groups if not is_published(group))

    @cached_property
    def fingerprint(self) -> str:
        """The data fingerprint, without owner and purpose."""
        kept = self.model_dump(mode="json", exclude={"version", "owner", "purpose", "expectations"})
        return data_fingerprint(kept | {"columns": list(self.columns)})

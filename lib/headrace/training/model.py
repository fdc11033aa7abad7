"""A fitted model as plain values: its own JSON, its fingerprints, and what it computes, as SQL and as numpy."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from pydantic import FiniteFloat, ValidationError

from headrace.contracts.fingerprint import fingerprint
from headrace.ground.document import Strict
from headrace.ground.errors import HeadraceError

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

Kind = Literal["logistic", "xgboost", "single"]
Scores = Callable[["pd.DataFrame"], "NDArray[np.float64]"]
FORMAT_VERSION = 1
MOST_BYTES = 256 * 1024 * 1024
_COLUMN = re.compile(r"^[a-z][a-z0-9_]{0,62}$")
LARGEST_FLOAT = 3.4028234663852886e38
_LARGEST = "1.7976931348623157E308D"
"""The largest double. ``abs(x) <= it`` holds for numbers, not for null, NaN (the greatest) and the infinities."""


class Linear(Strict):
    """Parameters of ``logistic`` and ``single``: one entry a column.

    The logit is ``intercept + sum(c_j * (sign(x) * ln(1 + |x|) - mean_j) / scale_j)``; a column whose value is missing
    (null, NaN, infinite) adds ``missing_j`` instead. Every model that is fitted, tried or baseline, imputes so.
    """

    means: tuple[FiniteFloat, ...]
    scales: tuple[FiniteFloat, ...]
    coefficients: tuple[FiniteFloat, ...]
    missing: tuple[FiniteFloat, ...]
    intercept: FiniteFloat


class Boosted(Strict):
    """Parameters of ``xgboost``: the booster's own JSON as text. What is missing takes each node's default branch."""

    booster: str


@dataclass(frozen=True)
class ScoringModel:
    """A binary classifier: ``columns`` in, the probability of label 1 out.

    ``parameters`` are plain JSON values (``Linear`` or ``Boosted``); ``fingerprints`` name, for each feature group, the
    data fingerprint of what the model was trained on. Loading one runs no code.
    """

    kind: Kind
    columns: tuple[str, ...]
    parameters: Mapping[str, Any]
    fingerprints: Mapping[str, str]
    format_version: int = FORMAT_VERSION

    def __post_init__(self) -> None:
        if self.format_version != FORMAT_VERSION:
            raise HeadraceError("MODEL_FORMAT", found=self.format_version, known=FORMAT_VERSION)
        problem = _problem(self)
        if problem is not None:
            raise HeadraceError("MODEL_UNREADABLE", problem=problem)

    @cached_property
    def linear(self) -> Linear:
        """The parameters of a ``logistic`` or ``single`` model."""
        return Linear.model_validate(self.parameters)

    @property
    def feature_fingerprint(self) -> str:
        """One fingerprint over those of all groups: what score rows carry."""
        return fingerprint(dict(self.fingerprints))

    @property
    def sha256(self) -> str:
        """Over the canonical JSON."""
        return hashlib.sha256(self.to_json().encode("utf-8")).hexdigest()

    def to_json(self) -> str:
        """Canonical: sorted keys, no white space, shortest decimal of every double, so equal models are equal bytes."""
        values = {
            "columns": list(self.columns),
            "fingerprints": dict(self.fingerprints),
            "format_version": self.format_version,
            "kind": self.kind,
            "parameters": dict(self.parameters),
        }
        return json.dumps(values, sort_keys=True, separators=(",", ":"), allow_nan=False)

    @classmethod
    def from_json(cls, text: str) -> ScoringModel:
        """The model that ``to_json`` wrote.

        Raises:
            HeadraceError: MODEL_UNREADABLE, MODEL_FORMAT.
        """
        if len(text) > MOST_BYTES:
            raise HeadraceError("MODEL_UNREADABLE", problem=f"{len(text)} characters; {MOST_BYTES} at most")
        try:
            values = json.loads(text, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise HeadraceError("MODEL_UNREADABLE", problem=f"not JSON ({error})") from None
        keys = {"columns", "fingerprints", "format_version", "kind", "parameters"}
        if not isinstance(values, dict) or set(values) != keys or not isinstance(values["columns"], list):
            raise HeadraceError("MODEL_UNREADABLE", problem=f"not an object of exactly {', '.join(sorted(keys))}")
        return cls(**{**values, "columns": tuple(values["columns"])})

    def sql(self) -> str | None:
        """The score as Spark SQL over ``columns`` (numeric of any type); None where there is no such form."""
        if self.kind == "xgboost":
            return None
        terms = [_term_sql(self, index) for index in range(len(self.columns))]
        logit = " + ".join((_double(self.linear.intercept), *terms))
        return f"1D / (1D + exp(-({logit})))"

    def predict(self, frame: pd.DataFrame) -> NDArray[np.float64]:
        """Scores of shape (rows,): the oracle of ``sql``, and all that a single machine needs."""
        return self.predictor()(frame)

    def predictor(self) -> Scores:
        """``predict`` with everything loaded once, for many small frames."""
        if self.kind == "xgboost":
            booster = load_booster(self.parameters["booster"])
            return partial(_boosted_scores, booster, self.columns)
        return lambda frame: _linear_scores(self.linear, finite(frame, self.columns))


def single(column: str, mean: float, scale: float, fingerprints: Mapping[str, str]) -> ScoringModel:
    """The baseline of one column, greater meaning more likely 1: monotone, so its AUC is the column's own."""
    shape = {"means": [mean], "scales": [scale], "coefficients": [1.0], "missing": [0.0], "intercept": 0.0}
    return ScoringModel("single", (column,), shape, fingerprints)


def finite(frame: pd.DataFrame, columns: tuple[str, ...]) -> NDArray[np.float64]:
    """The columns as a matrix (rows, columns) of doubles; whatever is missing or infinite is NaN."""
    matrix = np.column_stack([frame[column].astype("float64").to_numpy() for column in columns])
    return np.where(np.isfinite(matrix), matrix, np.nan)


def within_float(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """What xgboost can take, which computes in single precision: beyond its range, the end of the range; NaN stays."""
    return np.clip(matrix, -LARGEST_FLOAT, LARGEST_FLOAT)


def signed_log(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """``sign(x) * ln(1 + |x|)``, elementwise; NaN stays."""
    return np.sign(matrix) * np.log1p(np.abs(matrix))


def signed_log_sql(column: str) -> str:
    """The same as ``signed_log`` in SQL, null where the value is missing, NaN or infinite."""
    value = f"CAST(`{column}` AS DOUBLE)"
    return finite_sql(column, f"sign({value}) * log1p(abs({value}))")


def finite_sql(column: str, then: str) -> str:
    """SQL that is ``then`` where the column has a finite value, else null."""
    return f"(CASE WHEN abs(CAST(`{column}` AS DOUBLE)) <= {_LARGEST} THEN {then} END)"


def load_booster(text: str) -> Any:
    """An xgboost Booster from its JSON, on one thread (Spark's tasks are the parallelism)."""
    import xgboost

    booster = xgboost.Booster()
    booster.load_model(bytearray(text, "utf-8"))
    booster.set_param({"nthread": 1})
    return booster


def _linear_scores(linear: Linear, matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    logit: NDArray[np.float64] = np.full(len(matrix), linear.intercept)
    shapes = zip(linear.coefficients, linear.means, linear.scales, linear.missing, strict=True)
    for index, (coefficient, mean, scale, missing) in enumerate(shapes):  # term by term, in the order of the SQL
        value = signed_log(matrix[:, index])
        logit = logit + np.where(np.isnan(value), missing, coefficient * ((value - mean) / scale))
    with np.errstate(over="ignore"):
        return np.asarray(1.0 / (1.0 + np.exp(-logit)))


def _boosted_scores(booster: Any, columns: tuple[str, ...], frame: pd.DataFrame) -> NDArray[np.float64]:
    import xgboost

    if frame.empty:
        return np.empty(0)
    matrix = within_float(finite(frame, columns))
    data = xgboost.DMatrix(matrix, feature_names=list(columns), nthread=1)
    return np.asarray(booster.predict(data), dtype="float64")


def _term_sql(model: ScoringModel, index: int) -> str:
    linear, value = model.linear, signed_log_sql(model.columns[index])
    mean, scale = _double(linear.means[index]), _double(linear.scales[index])
    term = f"{_double(linear.coefficients[index])} * (({value} - {mean}) / {scale})"
    return f"coalesce({term}, {_double(linear.missing[index])})"


def _double(value: float) -> str:
    return f"({float(value)!r}D)"


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is no JSON number")


def _problem(model: Any) -> str | None:
    """What is wrong with values out of a file; None where nothing is. Names go into SQL, so they are identifiers."""
    if model.kind not in ("logistic", "xgboost", "single"):
        return f"kind '{model.kind}'"
    wrong = [name for name in model.columns if not isinstance(name, str) or not _COLUMN.match(name)]
    if wrong or not model.columns or len(set(model.columns)) < len(model.columns):
        return f"columns {model.columns!r}: distinct identifiers are needed"
    if not isinstance(model.fingerprints, Mapping) or not isinstance(model.parameters, Mapping):
        return "fingerprints and parameters are objects"
    try:
        return _parameters_problem(model)
    except (ValidationError, ValueError) as error:
        return f"parameters: {str(error).splitlines()[0]}"


def _parameters_problem(model: ScoringModel) -> str | None:
    if model.kind == "xgboost":
        learner = json.loads(Boosted.model_validate(model.parameters).booster)["learner"]
        names = learner.get("feature_names")
        return None if names == list(model.columns) else "the booster was fitted on other columns"
    linear = Linear.model_validate(model.parameters)
    lengths = {len(part) for part in (linear.means, linear.scales, linear.coefficients, linear.missing)}
    if lengths != {len(model.columns)}:
        return "parameters: one entry a column is needed"
    if min(linear.scales) <= 0:
        return "parameters: scales are positive"
    return "a baseline has one column" if model.kind == "single" and len(model.columns) > 1 else None

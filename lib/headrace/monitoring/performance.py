"""Performance of past scores on labels that have matured since, over time and by segment."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isfinite
from operator import itemgetter
from typing import TYPE_CHECKING

from headrace.profile.row import USER_BUCKETS
from headrace.training.evaluate import evaluate
from headrace.training.metrics import Counts, Estimate, ScoreStates, Slice, auc, brier, calibration, jackknife
from headrace.training.metrics import mean_score as mean_of_scores
from headrace.training.metrics import prevalence as share_of_positives

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


_MIDNIGHT = " 00:00:00"


@dataclass(frozen=True)
class Performance:
    """One model on the rows of one slice. ``part`` is empty for all rows, else a segment column or the cutoff.

    ``auc`` has its interval over users; it is None where the slice is suppressed (fewer users than may be shown) or
    holds one label only. ``calibration`` is (rows, mean score, share of positives) by tenths. Shares are 0..1.
    """

    part: str
    value: str
    users: int
    rows: int
    auc: Estimate | None
    brier: float | None
    mean_score: float | None
    positives: float | None
    calibration: tuple[tuple[int, float, float], ...] = ()

    @property
    def suppressed(self) -> bool:
        """Too few users to show anything of them."""
        return self.mean_score is None


@dataclass(frozen=True)
class Gap:
    """The greatest difference of AUC between two parts of one segment column that may be shown, with its interval."""

    part: str
    best: str
    worst: str
    auc: Estimate


def matured(scores: DataFrame, labels: DataFrame, *, entity: Sequence[str], as_of: str, cutoff: str) -> DataFrame:
    """The scores whose label is known now: rows of ``scores`` with ``label`` and ``user_bucket``.

    ``labels`` holds one label a key, and only those whose window is over (semantics 13); a score belongs to the label
    of the same instant.
    """
    keys = [*entity, as_of]
    known = labels.withColumnRenamed(cutoff, as_of).select(*keys, "label")
    names = ", ".join(f"`{name}`" for name in entity)
    bucket = f"CAST(pmod(xxhash64({names}), {USER_BUCKETS}) AS INT) AS user_bucket"
    joined = scores.drop("label", "user_bucket").join(known, on=keys, how="inner")
    return joined.selectExpr("*", bucket)


def measure(scored: DataFrame, *, entity: Sequence[str], score: str, parts: Sequence[str] = ()) -> ScoreStates:
    """Counts of ``matured`` rows by slice, user bucket, label and score: one Spark job (see ``training.evaluate``)."""
    return evaluate(scored, {"scores": score}, entity=entity, segments=parts)["scores"]


def present(states: ScoreStates, *, least_users: int, confidence: float = 0.95) -> tuple[Performance, ...]:
    """All rows first, then each part's values in order; a slice of fewer than ``least_users`` users has no figures."""
    return tuple(_performance(states, part, least_users, confidence) for part in sorted(states.cells, key=_order))


def find_gaps(
    states: ScoreStates, parts: Sequence[str], *, least_users: int, confidence: float = 0.95
) -> tuple[Gap, ...]:
    """For each segment column of ``parts`` the gap between its best and worst served values that may be shown.

    The interval is of the chosen pair and takes no account of the choice: with many values it is too narrow.
    """
    shown = [part for part in sorted(states.cells, key=_order) if states.users.get(part, 0) >= least_users]
    found = [(float(auc(states.counts(part).sum(0))), part) for part in shown]
    gaps = []
    for name in parts:
        known = [(value, part) for value, part in found if part.column == name and isfinite(value)]
        if len(known) > 1:
            ranked = [part for _, part in sorted(known, key=itemgetter(0))]
            gaps.append(_gap(states, ranked[-1], ranked[0], confidence))
    return tuple(gaps)


def _gap(states: ScoreStates, best: Slice, worst: Slice, confidence: float) -> Gap:
    difference = jackknife(auc, states.counts(best), confidence, states.counts(worst))
    return Gap(best.column, _value(best), _value(worst), difference)


def _performance(states: ScoreStates, part: Slice, least_users: int, confidence: float) -> Performance:
    users, counts = states.users.get(part, 0), states.counts(part)
    total = counts.sum(0)
    if users < least_users:
        return Performance(part.column, _value(part), users, int(total.sum()), None, None, None, None)
    return Performance(
        part=part.column,
        value=_value(part),
        users=users,
        rows=int(total.sum()),
        auc=_auc(counts, confidence),
        brier=float(brier(total)),
        mean_score=float(mean_of_scores(total)),
        positives=float(share_of_positives(total)),
        calibration=calibration(total),
    )


def _auc(counts: Counts, confidence: float) -> Estimate | None:
    found = jackknife(auc, counts, confidence)
    return found if found.known else None


def _value(part: Slice) -> str:
    return "(unknown)" if part.value is None else part.value.removesuffix(_MIDNIGHT)


def _order(part: Slice) -> tuple[str, bool, str]:
    return part.column, part.value is None, part.value or ""


def of_part(found: Iterable[Performance], part: str) -> tuple[Performance, ...]:
    """Those of one segment column (or of the cutoffs); "" is the one over all rows."""
    return tuple(one for one in found if one.part == part)

"""Metrics of a binary classifier from counts: mergeable, with errors that know that a user's rows belong together.

The state is counts of rows per (user bucket, label, score bin); of disjoint rows, states add up. Every figure is a
function of an array ``counts[..., 2, BINS]`` (negatives, positives), so leaving out a bucket is a subtraction.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
from numpy.typing import NDArray

BINS = 4096
BUCKETS = 32
Counts = NDArray[np.int64]
Figure = NDArray[np.float64]
Statistic = Callable[[Counts], Figure]


@dataclass(frozen=True, order=True)
class Slice:
    """Rows whose segment column has a value (None: it is null there); both empty: all rows."""

    column: str = ""
    value: str | None = ""

    def __str__(self) -> str:
        return f"{self.column} = {'(unknown)' if self.value is None else self.value}" if self.column else "all"


ALL = Slice()


@dataclass(frozen=True)
class ScoreStates:
    """One model's counts: for each slice a table ``int64[cells, 4]`` of (bucket, label, bin, rows), and its users."""

    cells: Mapping[Slice, Counts]
    users: Mapping[Slice, int]

    def counts(self, part: Slice = ALL) -> Counts:
        """``int64[BUCKETS, 2, BINS]``; zeros for a slice that has no rows."""
        dense = np.zeros((BUCKETS, 2, BINS), dtype="int64")
        table = self.cells.get(part)
        if table is not None:
            np.add.at(dense, (table[:, 0], table[:, 1], table[:, 2]), table[:, 3])
        return dense

    def merge(self, other: ScoreStates) -> ScoreStates:
        """The state of both sets of rows. Users add up where the two hold different users, else they are a bound."""
        cells = dict(self.cells)
        for part, table in other.cells.items():
            cells[part] = np.concatenate([cells[part], table]) if part in cells else table
        users = {part: self.users.get(part, 0) + other.users.get(part, 0) for part in {*self.users, *other.users}}
        return ScoreStates(cells, users)


@dataclass(frozen=True)
class Estimate:
    """A figure with its standard error and two-sided interval; NaN where there is too little data to say."""

    value: float
    error: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether the figure and its interval exist."""
        return all(math.isfinite(part) for part in (self.value, self.low, self.high))

    def __str__(self) -> str:
        return f"{self.value:.4f} ({self.low:.4f} to {self.high:.4f})"


def bin_of(scores: NDArray[np.float64]) -> NDArray[np.int64]:
    """Bin of each score in [0, 1]: even in ``sqrt(p / 2)`` below 1/2 and mirrored above; -1 for anything else.

    A bin is 0.0005 wide at 1/2 and 0.00002 at 0.001: rare events keep their order. Only division and square root are
    used, which IEEE 754 rounds exactly, so SQL and numpy agree on every score.
    """
    with np.errstate(invalid="ignore"):
        low, high = np.floor(BINS * np.sqrt(scores / 2)), np.floor(BINS * (1 - np.sqrt((1 - scores) / 2)))
        bins = np.where(scores <= 0.5, low, np.minimum(high, BINS - 1))
        return np.where((scores >= 0) & (scores <= 1), bins, -1).astype("int64")


def bin_sql(score: str) -> str:
    """``bin_of`` as SQL over a double."""
    return (
        f"CAST(CASE WHEN {score} >= 0 AND {score} <= 0.5D THEN floor({BINS}D * sqrt({score} / 2D)) "
        f"WHEN {score} > 0.5D AND {score} <= 1 "
        f"THEN least({BINS - 1}, floor({BINS}D * (1D - sqrt((1D - {score}) / 2D)))) "
        "ELSE -1 END AS INT)"
    )


def bin_centres() -> NDArray[np.float64]:
    """The score that stands for each bin, shape (BINS,)."""
    middle = (np.arange(BINS) + 0.5) / BINS
    return np.where(middle <= 0.5, 2 * middle**2, 1 - 2 * (1 - middle) ** 2)


def auc(counts: Counts) -> Figure:
    """Probability that a positive scores above a negative, ties half (Hanley and McNeil 1982). NaN without both."""
    negatives, positives = (counts[..., label, :].astype("float64") for label in (0, 1))
    below = np.cumsum(negatives, axis=-1) - negatives
    wins = (positives * (below + negatives / 2)).sum(-1)
    return _ratio(wins, positives.sum(-1) * negatives.sum(-1))


def average_precision(counts: Counts) -> Figure:
    """Area under the precision-recall steps, thresholds descending; the rows of a bin enter together."""
    rows, positives = counts.sum(-2)[..., ::-1], counts[..., 1, ::-1]
    precision = _ratio(np.cumsum(positives, -1), np.maximum(np.cumsum(rows, -1), 1))
    return _ratio((precision * positives).sum(-1), positives.sum(-1))


def log_loss(counts: Counts) -> Figure:
    """Mean negative log likelihood in nats, each row at its bin's centre."""
    centres = bin_centres()
    total = counts[..., 1, :] @ -np.log(centres) + counts[..., 0, :] @ -np.log1p(-centres)
    return _ratio(total, counts.sum((-2, -1)))


def brier(counts: Counts) -> Figure:
    """Mean squared difference between score and label, each row at its bin's centre."""
    centres = bin_centres()
    total = counts[..., 1, :] @ (1 - centres) ** 2 + counts[..., 0, :] @ centres**2
    return _ratio(total, counts.sum((-2, -1)))


def prevalence(counts: Counts) -> Figure:
    """Share of positives."""
    return _ratio(counts[..., 1, :].sum(-1), counts.sum((-2, -1)))


def mean_score(counts: Counts) -> Figure:
    """Mean score, each row at its bin's centre."""
    return _ratio(counts.sum(-2) @ bin_centres(), counts.sum((-2, -1)))


def calibration(counts: Counts, parts: int = 10) -> tuple[tuple[int, float, float], ...]:
    """``(rows, mean score, share of positives)`` of ``parts`` runs of bins of about equal rows, scores ascending."""
    rows = counts.sum(-2)
    ends = np.cumsum(rows)
    part = np.minimum((ends - rows / 2) * parts // max(int(ends[-1]), 1), parts - 1).astype("int64")
    table = []
    for index in range(parts):
        chosen = np.where(part == index, counts, 0)
        if chosen.sum():
            table.append((int(chosen.sum()), float(mean_score(chosen)), float(prevalence(chosen))))
    return tuple(table)


def precision_recall(counts: Counts) -> tuple[Figure, Figure]:
    """Recall and precision, each (BINS,), at every bin as threshold, descending."""
    rows, positives = counts.sum(-2)[::-1], counts[1, ::-1]
    found = np.cumsum(positives)
    return _ratio(found, np.full(BINS, positives.sum())), _ratio(found, np.maximum(np.cumsum(rows), 1))


def jackknife(statistic: Statistic, counts: Counts, confidence: float, other: Counts | None = None) -> Estimate:
    """Delete-one-bucket jackknife (Quenouille, Tukey) of a statistic of ``int64[BUCKETS, 2, BINS]``.

    With ``other``, of the difference ``statistic(counts) - statistic(other)``: paired: both leave out the same users.
    The interval is two-sided, of Student's t with one degree of freedom less than there are buckets with rows.
    """
    value, left_out = statistic(counts.sum(0)), statistic(_left_out(counts, counts))
    if other is not None:
        value, left_out = value - statistic(other.sum(0)), left_out - statistic(_left_out(other, counts))
    return _estimate(float(value), left_out, confidence)


def spread(statistic: Statistic, parts: Counts, confidence: float) -> Estimate:
    """Greatest less least value of a statistic over ``int64[parts, BUCKETS, 2, BINS]``, by the same jackknife.

    Noise makes the greatest greater and the least less, so the gap is overstated, never understated.
    """
    together = parts.sum(0)
    values = statistic(parts.sum(1))
    left_out = np.stack([statistic(_left_out(part, together)) for part in parts])
    return _estimate(float(values.max() - values.min()), left_out.max(0) - left_out.min(0), confidence)


def student_t(probability: float, freedom: int) -> float:
    """Quantile of Student's t by its expansion in 1 / freedom (Abramowitz and Stegun 26.7.5); 1 % at freedom 3."""
    z = NormalDist().inv_cdf(probability)
    first = (z**3 + z) / 4
    second = (5 * z**5 + 16 * z**3 + 3 * z) / 96
    third = (3 * z**7 + 19 * z**5 + 17 * z**3 - 15 * z) / 384
    return z + first / freedom + second / freedom**2 + third / freedom**3


def _left_out(counts: Counts, filled_by: Counts) -> Counts:
    """``int64[groups, 2, BINS]``: the counts without each bucket in which ``filled_by`` has rows."""
    return np.asarray(counts.sum(0) - counts[filled_by.sum((1, 2)) > 0])


def _estimate(value: float, left_out: Figure, confidence: float) -> Estimate:
    groups = len(left_out)
    if groups < 2:
        return Estimate(value, math.nan, math.nan, math.nan)
    error = math.sqrt((groups - 1) / groups * float(((left_out - left_out.mean()) ** 2).sum()))
    reach = student_t(0.5 + confidence / 2, groups - 1) * error
    return Estimate(value, error, value - reach, value + reach)


def _ratio(numerator: Any, denominator: Any) -> Figure:
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.true_divide(numerator, denominator), dtype="float64")

"""Distances between two count vectors over the same bins. Plain numpy; counts need not be whole nor of equal sum.

Each is 0 for equal proportions. An empty vector (sum 0) has no proportions: the distance is NaN.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

EMPTY_COUNT = 0.5
"""What PSI takes an empty bin for, so that its logarithm is finite; a bin that is empty on both sides is left out."""


def psi(reference: ArrayLike, now: ArrayLike) -> float:
    """Population stability index, in nats: sum of (q - p) ln(q / p). Symmetric, unbounded.

    Under no change its mean is about (bins - 1) (1/n + 1/m): see ``monitoring.drift`` for how that is taken off.
    Source: Lewis, An Introduction to Credit Scoring (1994); it is Jeffreys' divergence.
    """
    p, q = np.asarray(reference, dtype=np.float64), np.asarray(now, dtype=np.float64)
    if not p.sum() or not q.sum():
        return float("nan")
    either = (p > 0) | (q > 0)
    p, q = (_proportions(np.where(counts > 0, counts, EMPTY_COUNT)[either]) for counts in (p, q))
    return float(((q - p) * np.log(q / p)).sum())


def jensen_shannon(reference: ArrayLike, now: ArrayLike) -> float:
    """Jensen-Shannon divergence in bits: 0 for equal, 1 for disjoint. (Its square root is the distance.)

    Source: Lin, IEEE Trans. Information Theory 37 (1991).
    """
    p, q = _proportions(reference), _proportions(now)
    middle = (p + q) / 2
    return (_relative_entropy(p, middle) + _relative_entropy(q, middle)) / 2


def kolmogorov_smirnov(reference: ArrayLike, now: ArrayLike) -> float:
    """Greatest distance of the cumulative proportions at the edges, 0..1. The bins must be in order of value."""
    return float(np.abs(np.cumsum(_proportions(now) - _proportions(reference))).max())


def l_infinity(reference: ArrayLike, now: ArrayLike) -> float:
    """Greatest change of one bin's proportion, 0..1."""
    return float(np.abs(_proportions(now) - _proportions(reference)).max())


def wasserstein(reference: ArrayLike, now: ArrayLike, positions: ArrayLike, sd: float) -> float:
    """How far mass has to move, in standard deviations of the reference (``sd`` > 0; else NaN).

    ``positions`` ascend: where each bin's mass stands. What lies beyond the outer edges counts as standing on them,
    so a shift beyond the reference's range is understated.
    """
    if not sd > 0:
        return float("nan")
    moved = np.cumsum(_proportions(now) - _proportions(reference))[:-1]
    return float((np.abs(moved) * np.diff(np.asarray(positions, dtype=np.float64))).sum() / sd)


def _proportions(counts: ArrayLike) -> NDArray[np.float64]:
    values = np.asarray(counts, dtype=np.float64)
    total = values.sum()
    return values / total if total else np.full(values.shape, np.nan)


def _relative_entropy(p: NDArray[np.float64], q: NDArray[np.float64]) -> float:
    if np.isnan(p).any() or np.isnan(q).any():
        return float("nan")
    some = p > 0
    return float((p[some] * np.log2(p[some] / q[some])).sum())

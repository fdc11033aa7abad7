"""Metrics and their jackknife as they are defined, pair by pair and bucket by bucket: slow, and plain to read."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

Row = tuple[int, int, float]
"""(user bucket, label, score)."""


def auc(rows: Sequence[Row]) -> float:
    """Share of (positive, negative) pairs in which the positive scores higher; a tie is half a win."""
    positives = [score for _, label, score in rows if label == 1]
    negatives = [score for _, label, score in rows if label == 0]
    if not positives or not negatives:
        return math.nan
    wins = sum((p > n) + 0.5 * (p == n) for p in positives for n in negatives)
    return wins / (len(positives) * len(negatives))


def log_loss(rows: Sequence[Row]) -> float:
    return -sum(math.log(score if label else 1 - score) for _, label, score in rows) / len(rows)


def brier(rows: Sequence[Row]) -> float:
    return sum((score - label) ** 2 for _, label, score in rows) / len(rows)


def average_precision(rows: Sequence[Row]) -> float:
    """Sum over distinct scores, descending, of precision there times the share of positives that it adds."""
    total, area = sum(label for _, label, _ in rows), 0.0
    for threshold in sorted({score for _, _, score in rows}, reverse=True):
        above = [label for _, label, score in rows if score >= threshold]
        added = sum(label for _, label, score in rows if score == threshold)
        area += sum(above) / len(above) * added / total
    return area


def standard_error(statistic: Callable[[list[int]], float], buckets: Sequence[int]) -> float:
    """Delete-one jackknife: ``statistic`` is given the buckets that are left."""
    groups = sorted(set(buckets))
    without = [statistic([kept for kept in groups if kept != left]) for left in groups]
    mean = sum(without) / len(groups)
    return math.sqrt((len(groups) - 1) / len(groups) * sum((value - mean) ** 2 for value in without))

"""The release gate: a candidate against the champion, or the first time against the baseline, on the same users."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from headrace.contracts.models import Gate, ModelContract
from headrace.training.metrics import (
    ALL,
    Counts,
    Estimate,
    ScoreStates,
    Slice,
    auc,
    average_precision,
    brier,
    jackknife,
    log_loss,
    mean_score,
    prevalence,
    spread,
)

Reference = Literal["champion", "baseline"]


@dataclass(frozen=True)
class SegmentFigures:
    """One judged part of the rows: AUC of candidate and reference, and their paired difference, with intervals."""

    segment: str
    rows: int
    users: int
    candidate: Estimate
    reference: Estimate
    gain: Estimate
    prevalence: float
    mean_score: float


@dataclass(frozen=True)
class Verdict:
    """The gate's answer. ``reasons`` say why not (all of them); ``not_judged`` names segments with too few users."""

    passed: bool
    against: Reference
    reasons: tuple[str, ...]
    overall: SegmentFigures
    metrics: dict[str, float]
    segments: tuple[SegmentFigures, ...]
    not_judged: tuple[str, ...]
    parity: dict[str, Estimate]

    def to_json(self) -> str:
        """Everything, as evidence for the decision ledger; figures that do not exist are null."""
        return json.dumps(_plain(asdict(self)), sort_keys=True, separators=(",", ":"), allow_nan=False)


def judge(
    candidate: ScoreStates,
    reference: ScoreStates,
    contract: ModelContract,
    *,
    against: Reference,
    failed_checks: Sequence[str] = (),
) -> Verdict:
    """Judge by ``contract.gate`` (trust 6). Lower bounds are those of two-sided intervals at ``gate.confidence``.

    Refused where a data check failed; the two were not counted on the same rows; AUC is below ``least_auc``; the paired
    difference to the champion may be worse than ``-delta`` overall or ``-segment_delta`` in a segment; the gain on the
    baseline may be ``gain_lower_bound`` or less; or a parity gap may exceed ``parity_gap``. A segment value of fewer
    than ``least_users`` users is not judged, and named; users without a value are a segment value of their own.
    """
    overall = _figures(candidate, reference, ALL, contract.gate.confidence)
    judged, not_judged = _parts(candidate, contract)
    segments = tuple(_figures(candidate, reference, part, contract.gate.confidence) for part in judged)
    parity = _parity(candidate, judged, contract.gate.confidence)
    reasons = [
        *(f"data check failed: {check}" for check in failed_checks),
        *_row_reasons(candidate, reference, (ALL, *judged)),
        *_quality_reasons(overall, contract, against),
        *(_segment_reasons(segments, contract.gate) if against == "champion" else ()),
        *_parity_reasons(parity, contract.gate),
    ]
    total = candidate.counts().sum(0)
    named = {"auc": auc, "average_precision": average_precision, "log_loss": log_loss, "brier": brier}
    metrics = {name: float(metric(total)) for name, metric in named.items()}
    return Verdict(not reasons, against, tuple(reasons), overall, metrics, segments, not_judged, parity)


def _parts(states: ScoreStates, contract: ModelContract) -> tuple[tuple[Slice, ...], tuple[str, ...]]:
    least = {segment.column: segment.least_users for segment in contract.segments}
    parts = sorted((part for part in states.cells if part.column in least), key=str)
    judged = tuple(part for part in parts if states.users.get(part, 0) >= least[part.column])
    few = tuple(f"{part} ({states.users.get(part, 0)} users)" for part in parts if part not in judged)
    return judged, few


def _figures(candidate: ScoreStates, reference: ScoreStates, part: Slice, confidence: float) -> SegmentFigures:
    ours, theirs = candidate.counts(part), reference.counts(part)
    return SegmentFigures(
        segment=str(part),
        rows=int(ours.sum()),
        users=candidate.users.get(part, 0),
        candidate=jackknife(auc, ours, confidence),
        reference=jackknife(auc, theirs, confidence),
        gain=jackknife(auc, ours, confidence, theirs),
        prevalence=float(prevalence(ours.sum(0))),
        mean_score=float(mean_score(ours.sum(0))),
    )


def _row_reasons(candidate: ScoreStates, reference: ScoreStates, parts: Sequence[Slice]) -> list[str]:
    def rows(states: ScoreStates, part: Slice) -> Counts:
        return np.asarray(states.counts(part).sum(2))

    differ = [part for part in parts if not np.array_equal(rows(candidate, part), rows(reference, part))]
    return [f"{part}: candidate and reference were not measured on the same rows" for part in differ]


def _quality_reasons(overall: SegmentFigures, contract: ModelContract, against: Reference) -> list[str]:
    gate, reasons = contract.gate, []
    if not overall.candidate.value >= gate.least_auc:
        reasons.append(f"AUC {overall.candidate.value:.4f} is below the least of {gate.least_auc}")
    if against == "champion" and not overall.gain.low > -gate.delta:
        reasons.append(f"difference to the champion {overall.gain}: may be worse than -{gate.delta}")
    floor = contract.baseline.gain_lower_bound
    if against == "baseline" and not overall.gain.low > floor:
        reasons.append(f"gain on {contract.baseline.column} alone {overall.gain}: may be {floor} or less")
    return reasons


def _segment_reasons(segments: Sequence[SegmentFigures], gate: Gate) -> list[str]:
    worse = [figures for figures in segments if not figures.gain.low > -gate.segment_delta]
    return [
        f"{figures.segment}: difference to the champion {figures.gain}: may be worse than -{gate.segment_delta}"
        for figures in worse
    ]


def _parity(states: ScoreStates, judged: Sequence[Slice], confidence: float) -> dict[str, Estimate]:
    """For each segment column the gap between its known values: greatest less least mean score, a probability.

    (Not of true positive rates: in the demo's segments 40 users hold a dozen positives, and their gap is all noise.)
    """
    gaps = {}
    for column in sorted({part.column for part in judged}):
        known = [part for part in judged if part.column == column and part.value is not None]
        if len(known) > 1:
            gaps[column] = spread(mean_score, np.stack([states.counts(part) for part in known]), confidence)
    return gaps


def _parity_reasons(parity: dict[str, Estimate], gate: Gate) -> list[str]:
    wide = {column: gap for column, gap in parity.items() if not gap.high < gate.parity_gap}
    return [f"{column}: parity gap {gap} may exceed {gate.parity_gap}" for column, gap in wide.items()]


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(part) for part in value]
    return None if isinstance(value, float) and not np.isfinite(value) else value

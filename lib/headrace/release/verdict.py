"""The gate as a job's output: a version judged on the test part, and the verdict kept in the decision ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.contracts.models import ModelContract
from headrace.ground.asset import At, Receipt
from headrace.ground.errors import HeadraceError
from headrace.release.decisions import Decision, Rows, read_decisions, record_verdict
from headrace.release.gate import Verdict, judge
from headrace.training.apply import with_score
from headrace.training.evaluate import evaluate
from headrace.training.leakage import suspicious_features
from headrace.training.refit import fit_baseline
from headrace.training.tracking import Registered

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class Verdicts:
    """What validation makes: the gate's latest answer about a model."""

    model: str

    @property
    def name(self) -> str:
        """Unique in the graph."""
        return f"verdict.{self.model}"


@dataclass(frozen=True)
class Judged:
    """A version and the gate's verdict on it."""

    version: str
    verdict: Verdict


class VerdictSink:
    """Verdicts in the decision ledger."""

    def __init__(self, ledger: Rows) -> None:
        self.ledger = ledger

    def exists(self, asset: Verdicts) -> bool:
        """Whether the model was ever judged."""
        return self._latest(asset.model) is not None

    def read(self, asset: Verdicts, at: At) -> Decision:
        """The latest verdict.

        Raises:
            HeadraceError: MODEL_MISSING.
        """
        found = self._latest(asset.model)
        if found is None:
            raise HeadraceError("MODEL_MISSING", asset=asset.name, hint="headrace run validate_model")
        return found

    def commit(self, asset: Verdicts, value: Judged, at: At, identity: Mapping[str, str]) -> Receipt:
        """Write the verdict down, once a run."""
        verdict = value.verdict
        reason = "; ".join(verdict.reasons) or f"passed against the {verdict.against}"
        evidence = verdict.to_json()
        step = record_verdict(self.ledger, at, asset.model, value.version, verdict.passed, reason, evidence)
        return Receipt(version=str(step.seq), rows=verdict.overall.rows)

    def _latest(self, model: str) -> Decision | None:
        verdicts = [step for step in read_decisions(self.ledger, model) if step.kind == "verdict"]
        return verdicts[-1] if verdicts else None


def judge_candidate(
    training_set: DataFrame,
    candidate: Registered,
    champion: Registered | None,
    contract: ModelContract,
    entity: Sequence[str],
) -> Judged:
    """Score the test part by candidate and champion (the first time: the baseline), and judge the difference.

    The test part is read here and nowhere before. A champion of other features than the present ones cannot be scored
    on them; the baseline then stands in for it.
    """
    comparable = champion is not None and _same_features(champion, candidate, training_set)
    against = champion.model if champion is not None and comparable else fit_baseline(training_set, contract, {})
    test = with_score(training_set.where("part = 'test'"), candidate.model, "candidate_score")
    scored = with_score(test, against, "reference_score")
    columns = {"candidate": "candidate_score", "reference": "reference_score"}
    segments = [segment.column for segment in contract.segments]
    states = evaluate(scored, columns, entity=entity, segments=segments)
    verdict = judge(
        states["candidate"],
        states["reference"],
        contract,
        against="champion" if comparable else "baseline",
        failed_checks=suspicious_features(training_set, contract),
    )
    return Judged(candidate.version, verdict)


def _same_features(champion: Registered, candidate: Registered, training_set: DataFrame) -> bool:
    """Whether the champion can be scored on the rows that the candidate was trained on."""
    same = champion.model.fingerprints == candidate.model.fingerprints
    return same and set(champion.model.columns) <= set(training_set.columns)

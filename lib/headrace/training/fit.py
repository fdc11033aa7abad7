"""Training: a search over single-machine fits on a sample, then the winner once more, distributed over all rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from headrace.contracts.models import ModelContract
from headrace.ground.session import is_classic
from headrace.training.model import ScoringModel
from headrace.training.pictures import draw
from headrace.training.refit import fit_distributed, fit_on_sample
from headrace.training.sample import collect_sample, fingerprint_sample, fold_by_time, training_rows
from headrace.training.search import Trial, best, fit_scores, search

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


FALLBACK = "trials one after another in the driver, and the winner fitted there on the sample alone"
"""What training does where there are no barrier stages and no jobs out of tasks (Spark Connect)."""
DISTRIBUTED, ON_SAMPLE = "distributed, all rows", "single node, sample"


@dataclass(frozen=True)
class Trained:
    """A candidate: the model, and how it was found.

    ``metrics`` are the winning trial's on the validation cutoffs; the cutoffs are ISO instants; ``pictures`` are PNG
    bytes by file name; ``rows`` is how many rows the final fit saw, out of ``rows_there``; ``fitted`` says how it was
    made; ``sample`` is the fingerprint of the rows that the search looked at.
    """

    model: ScoringModel
    winner: Trial
    trials: tuple[Trial, ...]
    train_cutoffs: tuple[str, ...]
    validation_cutoffs: tuple[str, ...]
    pictures: Mapping[str, bytes]
    rows: int
    seed: int
    rows_there: int
    fitted: str
    sample: str

    @property
    def metrics(self) -> Mapping[str, float]:
        """The winner's validation metrics: auc, average_precision, log_loss, brier."""
        return self.winner.metrics


def train(
    training_set: DataFrame,
    contract: ModelContract,
    *,
    seed: int,
    closes_after: timedelta,
    entity: Sequence[str],
    fingerprints: Mapping[str, str],
    workers: int = 1,
) -> Trained:
    """Search, then fit the winner on every row of the training part; the test part is not read.

    On Spark Connect the trials run in the driver, and the winner is fitted there on the sample (``FALLBACK``).

    ``closes_after`` is the label's gap + horizon; ``fingerprints`` the data fingerprint of each feature group;
    ``workers`` xgboost's parallel tasks (a barrier stage: at most the free slots). Deterministic in (data, seed) as
    long as the final fit has one partition (``refit.ROWS_A_PARTITION``, ``workers=1``); the winner always is.

    Raises:
        HeadraceError: TRAINING_EMPTY, TRAINING_ONE_LABEL, TRIAL_FAILED.
    """
    rows = training_rows(training_set, contract, entity)
    sample = collect_sample(rows, contract, entity, seed)
    fold = fold_by_time(sample, contract, closes_after)
    trials = search(fold, contract.search, seed, training_set.sparkSession)
    winner = best(trials)
    if is_classic(training_set.sparkSession):
        parameters, seen = fit_distributed(rows, contract, winner, entity, seed, workers)
        there, fitted = seen, DISTRIBUTED
    else:
        parameters, seen = fit_on_sample(sample, contract, winner, seed), len(sample)
        there, fitted = rows.count(), ON_SAMPLE
    return Trained(
        model=ScoringModel(winner.family, contract.columns, parameters, dict(fingerprints)),
        winner=winner,
        trials=trials,
        train_cutoffs=fold.train_cutoffs,
        validation_cutoffs=fold.validation_cutoffs,
        pictures=draw(contract.model, fold.validation_labels, fit_scores(winner.family, winner.params, fold, seed)),
        rows=seen,
        seed=seed,
        rows_there=there,
        fitted=fitted,
        sample=fingerprint_sample(sample),
    )

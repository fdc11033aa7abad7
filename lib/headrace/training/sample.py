"""The rows that a search may look at: the training part only, bounded, in a fixed order, cut by time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import numpy as np

from headrace.contracts.models import ModelContract
from headrace.ground.errors import HeadraceError
from headrace.training.model import finite

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

    Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class Fold:
    """Sub-training and validation rows as arrays, NaN where missing, and the cutoffs (ISO instants) that each holds."""

    train: Matrix
    train_labels: NDArray[np.int64]
    validation: Matrix
    validation_labels: NDArray[np.int64]
    train_cutoffs: tuple[str, ...]
    validation_cutoffs: tuple[str, ...]


def training_rows(training_set: DataFrame, contract: ModelContract, entity: Sequence[str]) -> DataFrame:
    """The training part alone: entity, cutoff, label (int) and the model's columns as doubles. Test rows end here."""
    columns = [f"CAST(`{column}` AS DOUBLE) AS `{column}`" for column in contract.columns]
    keys = [f"`{key}`" for key in entity]
    chosen: DataFrame = training_set.where("part = 'train'").selectExpr(
        *keys, "cutoff", "CAST(label AS INT) AS label", *columns
    )
    return chosen


def collect_sample(rows: DataFrame, contract: ModelContract, entity: Sequence[str], seed: int) -> pd.DataFrame:
    """At most ``search.sample_rows`` rows on the driver, sorted by entity and cutoff.

    This is training's one bounded collect: the rows of least hash of (entity, cutoff, seed), so the same data and seed
    give the same sample however the table is laid out. All rows where there are no more than that.

    Raises:
        HeadraceError: TRAINING_EMPTY.
    """
    keys = [f"`{key}`" for key in entity]
    lottery = f"xxhash64({', '.join((*keys, 'cutoff'))}, {int(seed)}L)"
    drawn = rows.selectExpr("*", f"{lottery} AS __lottery").orderBy("__lottery", *entity, "cutoff")
    sample: pd.DataFrame = drawn.limit(contract.search.sample_rows).drop("__lottery").toArrow().to_pandas()
    if sample.empty:
        raise HeadraceError("TRAINING_EMPTY", model=contract.model, part="training")
    ordered: pd.DataFrame = sample.sort_values([*entity, "cutoff"], kind="stable", ignore_index=True)
    return ordered


def fingerprint_sample(sample: pd.DataFrame) -> str:
    """16 hexadecimal digits of the rows and their order: equal samples have equal ones, in every kind of session."""
    import pandas as pd

    digest = sha256("\0".join(map(str, sample.columns)).encode())
    digest.update(pd.util.hash_pandas_object(sample, index=False).to_numpy().tobytes())
    return digest.hexdigest()[:16]


def fold_by_time(sample: pd.DataFrame, contract: ModelContract, closes_after: timedelta) -> Fold:
    """The last ``search.validation_cutoffs`` cutoffs validate; training ends ``closes_after`` before the first of them.

    So no label that is learned from looks into the time that is judged (semantics 13).

    Raises:
        HeadraceError: TRAINING_EMPTY, TRAINING_ONE_LABEL.
    """
    instants = sorted(sample["cutoff"].unique())
    last = instants[-contract.search.validation_cutoffs :]
    early, late = sample["cutoff"] + closes_after <= last[0], sample["cutoff"] >= last[0]
    for part, chosen in (("sub-training", sample[early]), ("validation", sample[late])):
        _check_labels(contract.model, part, chosen)
    return Fold(
        finite(sample[early], contract.columns),
        sample.loc[early, "label"].to_numpy("int64"),
        finite(sample[late], contract.columns),
        sample.loc[late, "label"].to_numpy("int64"),
        tuple(_instant(cutoff) for cutoff in instants if cutoff + closes_after <= last[0]),
        tuple(_instant(cutoff) for cutoff in last),
    )


def _check_labels(model: str, part: str, rows: pd.DataFrame) -> None:
    if rows.empty:
        raise HeadraceError("TRAINING_EMPTY", model=model, part=part)
    if rows["label"].nunique() < 2:
        raise HeadraceError("TRAINING_ONE_LABEL", model=model, part=part, label=int(rows["label"].iloc[0]))


def _instant(cutoff: Any) -> str:
    return str(cutoff.isoformat())

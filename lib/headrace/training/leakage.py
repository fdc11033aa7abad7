"""Data checks before a release: a feature that knows the label, or that is younger than the question."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from headrace.contracts.models import ModelContract
from headrace.contracts.namespaces import as_of_column
from headrace.training.metrics import auc

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

HIGHEST_AUC = 0.9
"""No honest single feature of a customer's past tells the future better; the demo's best reaches 0.75, a call's length 0.94."""
_STEPS = 24
"""Steps per doubling of ``1 + 1e6 |x|``: values that differ by 3 % (above one millionth) fall into different cells."""


def suspicious_features(
    training_set: DataFrame,
    contract: ModelContract,
    *,
    highest_auc: float = HIGHEST_AUC,
) -> tuple[str, ...]:
    """Names of failed checks, for the gate: ``leak: COLUMN has AUC x alone`` and ``not as-of: GROUP``; () where none.

    The AUC of each feature alone, in either direction, on the training part, nulls as the lowest value (so that a
    column which is null by the label is caught too); one Spark job over all columns, at most 4,000 cells a column
    collected. A ``{group}_as_of`` column (see ``dataset``) later than the row's cutoff fails; a group without one is
    taken on trust.
    """
    train = training_set.where("part = 'train'")
    groups = dict.fromkeys([*contract.features, *(segment.group for segment in contract.segments)])
    stamped = [group for group in groups if as_of_column(group) in training_set.columns]
    found = [
        f"leak: {column} has AUC {value:.4f} alone, above {highest_auc}"
        for column, value in single_aucs(train, contract.columns).items()
        if value > highest_auc
    ]
    return (*found, *_late(training_set, stamped))


def single_aucs(train: DataFrame, columns: tuple[str, ...]) -> dict[str, float]:
    """``max(AUC, 1 - AUC)`` of each column alone; 0.5 where the rows hold one label only."""
    pairs = ", ".join(f"struct('{column}' AS name, {_cell_sql(column)} AS cell)" for column in columns)
    cells = train.selectExpr("CAST(label AS INT) AS label", f"inline(array({pairs}))")
    counted = cells.groupBy("name", "label", "cell").count().toArrow().to_pandas()
    result = {}
    for column in columns:
        own = counted[counted["name"] == column]
        order, place = np.unique(own["cell"].to_numpy(), return_inverse=True)
        counts = np.zeros((2, len(order)), dtype="int64")
        np.add.at(counts, (own["label"].to_numpy(), place), own["count"].to_numpy())
        value = float(np.nan_to_num(auc(counts), nan=0.5))
        result[column] = max(value, 1 - value)
    return result


def _cell_sql(column: str) -> str:
    value = f"CAST(`{column}` AS DOUBLE)"
    size = f"least({_STEPS}D * log2(1D + 1000000D * abs({value})), 100000D)"
    known = f"CASE WHEN NOT isnan({value}) THEN sign({value}) * {size} END"
    return f"CAST(floor(coalesce({known}, -200000D)) AS INT)"


def _late(training_set: DataFrame, groups: Sequence[str]) -> tuple[str, ...]:
    if not groups:
        return ()
    counts = [f"count_if(`{as_of_column(group)}` > cutoff) AS `{group}`" for group in groups]
    late = training_set.selectExpr(*counts).toArrow().to_pylist()[0]
    return tuple(f"not as-of: {group} has {rows} rows after their cutoff" for group, rows in late.items() if rows)

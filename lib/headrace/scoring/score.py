"""Everybody's scores: the champion over the features of one snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import reduce
from typing import TYPE_CHECKING

from headrace.contracts.events import EventContract
from headrace.contracts.expectation import expectations_of
from headrace.contracts.models import ModelContract
from headrace.contracts.namespaces import as_of_column
from headrace.contracts.taken import Readable
from headrace.ground.errors import HeadraceError
from headrace.ground.zones import UTC, day_of, midnight
from headrace.tables.spec import Table
from headrace.training.apply import with_score
from headrace.training.model import ScoringModel

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

    from headrace.features.readings import Rows


def score(
    features: DataFrame,
    model: ScoringModel,
    *,
    name: str,
    version: str,
    entity: Sequence[str],
    fingerprints: Mapping[str, str],
) -> DataFrame:
    """``entity..., as_of, score (double), model, model_version, feature_fingerprint``: a row per row of ``features``.

    ``features`` has the entity, ``as_of`` and the model's columns; ``fingerprints`` are those of the groups that they
    come from, and must be the ones that the model was trained on. Nothing is shuffled or collected.

    Raises:
        HeadraceError: MODEL_FINGERPRINT.
    """
    check_fingerprints(model, name, version, fingerprints)
    scored = with_score(features, model, "score")
    return scored.selectExpr(
        *(f"`{key}`" for key in entity),
        "as_of",
        "score",
        f"'{name}' AS model",
        f"'{version}' AS model_version",
        f"'{model.feature_fingerprint}' AS feature_fingerprint",
    )


def scores_table(model: ModelContract, source: EventContract) -> Table:
    """``scores.{model}``: a row an entity and snapshot, a partition a snapshot."""
    return Table(
        name=f"scores.{model.model}",
        meaning=" ".join(model.purpose.split()),
        keys=(*source.entity, "as_of"),
        partitioned_by=("as_of",),
        replaced_by="as_of",
        stamped="end",
        expects=expectations_of(model.expectations),
    )


def columns_by_group(
    contract: ModelContract, champion: ScoringModel, groups: Mapping[str, Readable]
) -> dict[str, tuple[str, ...]]:
    """The contract's columns, and those that the champion was trained on under an earlier contract, by their group.

    After a rollback, or a refused candidate of a contract that has dropped a feature, the champion still needs it.
    """
    return {
        group: (*names, *(name for name in champion.columns if name in groups[group].columns and name not in names))
        for group, names in contract.features.items()
    }


def join_groups(
    tables: Mapping[str, Rows],
    columns: Mapping[str, Sequence[str]],
    entity: Sequence[str],
    as_of: datetime,
    groups: Mapping[str, Readable],
) -> DataFrame:
    """``entity..., as_of, columns`` of everybody whom some group knows at ``as_of``, a midnight of UTC.

    ``tables`` and ``groups`` are the groups' rows and contracts, by name. Of a group in another zone it is the snapshot
    of the last midnight there at or before ``as_of``; of one that is
    counted from events the value at ``as_of`` (semantics 3). Whom a group does not know its source has never seen: its
    columns are what its contract says of a window without events.
    """
    from pyspark.sql import functions as f

    from headrace.features.empty import empty_values, with_null_rule

    known = {name: f"_known_{as_of_column(name)}" for name in columns}
    rows = {name: _at(tables[name], as_of, groups[name].zone) for name in columns}
    parts = [
        rows[name].select(*entity, "as_of", *names, f.lit(True).alias(known[name])) for name, names in columns.items()
    ]
    joined = reduce(lambda one, other: one.join(other, on=[*entity, "as_of"], how="full"), parts)
    values = []
    for name, names in columns.items():
        empty = empty_values(rows[name], groups[name], names) if len(columns) > 1 else {}
        values += with_null_rule(names, f.col(known[name]).isNull(), empty)
    return joined.select(*entity, "as_of", *values)


def _at(table: Rows, as_of: datetime, zone: str) -> DataFrame:
    """A group's rows of the midnight of its zone at or before ``as_of``, under that instant; counted ones are of it."""
    from pyspark.sql import functions as f

    from headrace.features.counted import Counted

    if isinstance(table, Counted):
        return table.of_everybody(as_of)
    if zone == UTC:
        return table.where(f.col("as_of") == f.lit(as_of))
    last = midnight(day_of(as_of, zone), zone)
    return table.where(f.col("as_of") == f.lit(last)).withColumn("as_of", f.lit(as_of))


def check_fingerprints(model: ScoringModel, name: str, version: str, present: Mapping[str, str]) -> None:
    """Refuse features that are not, group by group, those of the training.

    Raises:
        HeadraceError: MODEL_FINGERPRINT.
    """
    given = {group: present.get(group, "none") for group in model.fingerprints}
    if given != dict(model.fingerprints):
        raise HeadraceError(
            "MODEL_FINGERPRINT", model=name, version=version, trained=_show(model.fingerprints), present=_show(given)
        )


def _show(fingerprints: Mapping[str, str]) -> str:
    return ", ".join(f"{group} {value}" for group, value in sorted(fingerprints.items()))

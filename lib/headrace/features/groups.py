"""The tables of feature groups."""

from __future__ import annotations

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.contracts.features import FeatureGroup
from headrace.tables.spec import Table


def features_table(group: FeatureGroup) -> Table:
    """``features.{group}`` (see ``contracts.namespaces``): (entity..., as_of, features), a partition a month of snapshots.

    A year's first load would be 365 small files for a partition a day; Delta finds a day's rows by its statistics.
    """
    return Table(
        name=group.table,
        meaning=" ".join(group.purpose.split()),
        keys=(*group.entity, "as_of"),
        partitioned_by=("as_of_month",),
        replaced_by="as_of",
        stamped="end",
        indexed=("as_of", *group.entity),
        unhashed=("as_of_month",),
    )


def laid_out(features: DataFrame, group: FeatureGroup) -> DataFrame:
    """A group's rows as its table keeps them: by month, within it by snapshot and entity."""
    dated = features.withColumn("as_of_month", F.trunc("as_of", "month"))
    return dated.sortWithinPartitions("as_of_month", "as_of", *group.entity)

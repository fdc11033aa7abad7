"""The tables of feature groups."""

from __future__ import annotations

from headrace.contracts.features import FeatureGroup
from headrace.tables.spec import Table


def features_table(group: FeatureGroup) -> Table:
    """``features.{group}``: (entity..., as_of, features), a partition a snapshot."""
    return Table(
        name=f"features.{group.group}",
        meaning=" ".join(group.purpose.split()),
        keys=(*group.entity, "as_of"),
        partitioned_by=("as_of",),
        replaced_by="as_of",
        stamped="end",
        indexed=group.entity,
    )

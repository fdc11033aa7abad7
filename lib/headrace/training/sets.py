"""Training sets as the graph commits them: with a manifest, and with the hash of what is written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.ground.asset import At, Receipt
from headrace.tables.hash import table_hash
from headrace.tables.store import Store
from headrace.training.dataset import TrainingTable
from headrace.training.manifest import NOTE, manifest_of

if TYPE_CHECKING:
    from pyspark.sql import DataFrame


@dataclass(frozen=True)
class TrainingSetSink:
    """Training tables in a store. Whatever job makes one, its commit says what it was made from."""

    store: Store
    project: Project
    graph: Graph

    def exists(self, asset: TrainingTable) -> bool:
        """Whether the table was ever made."""
        return self.store.exists(asset)

    def read(self, asset: TrainingTable, at: At) -> DataFrame:
        """The training set that was made last.

        Raises:
            HeadraceError: TABLE_MISSING.
        """
        return self.store.read(asset, at)

    def pinned_version(self, asset: TrainingTable) -> str:
        """See ``Store.pinned_version``."""
        return self.store.pinned_version(asset)

    def commit(self, asset: TrainingTable, value: DataFrame, at: At, identity: Mapping[str, str]) -> Receipt:
        """Replace the table. The rows are computed once: those that are hashed are those that are written."""
        rows = at.hold(value)
        job = next(job for job in self.graph if job.name == identity["job"])
        model = self.project.models[asset.model]
        manifest = manifest_of(model, self.project, job, identity, table_hash(rows, asset.unhashed))
        return self.store.commit(asset, rows, at, {**identity, NOTE: manifest.to_json()})

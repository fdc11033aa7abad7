"""Inputs and outputs of a step as OpenLineage's datasets: version, columns, what each is made of, rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.facet_v2 import (
    DatasetFacet,
    OutputDatasetFacet,
    column_lineage_dataset,
    dataset_version_dataset,
    output_statistics_output_dataset,
    schema_dataset,
    symlinks_dataset,
)

from headrace.features.shelf import Shelf, put_up
from headrace.features.strands import Field, How, Strand, strands
from headrace.graph.job import Job, asset_key
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.ground.asset import Asset
from headrace.tables.spec import Table
from headrace.tracing.columns import columns_made
from headrace.tracing.naming import Place, dataset_of

_TRANSFORMED: Mapping[How, tuple[str, str]] = {
    "copied": ("DIRECT", "IDENTITY"),
    "computed": ("DIRECT", "TRANSFORMATION"),
    "aggregated": ("DIRECT", "AGGREGATION"),
    "filtered": ("INDIRECT", "FILTER"),
}
"""OpenLineage's type and subtype of what becomes of a value."""
_NO_VERSION = ("", "none", "outside")
_RECENT = 20
"""So many commits may have been made to a table since the one that is told."""


@dataclass(frozen=True)
class Datasets:
    """How the assets of a project are told to others. Names and counts only: no value of a row is in it."""

    project: Project
    graph: Graph
    run_id: str

    def inputs(self, job: Job, versions: Mapping[str, str]) -> list[InputDataset]:
        """What a job reads; ``versions`` are those that were read, by the inputs' names in the job."""
        found = []
        for name, asset in sorted(job.inputs.items()):
            place = dataset_of(asset, self.project)
            if place is not None:
                facets = self._facets(asset, place, versions.get(name, ""))
                found.append(InputDataset(place.namespace, place.name, facets=facets))
        return found

    def outputs(self, job: Job, versions: Mapping[str, str]) -> list[OutputDataset]:
        """What a job makes; ``versions`` are those that it left, by asset. What it left alone is not told."""
        found: dict[Place, OutputDataset] = {}
        for asset in job.outputs:
            place, version = dataset_of(asset, self.project), versions.get(asset_key(asset), "")
            if place is None or (versions and not version):
                continue
            facets = self._facets(asset, place, version) | self._made(asset, job)
            statistics = dict(self._written(asset, version))
            found[place] = OutputDataset(place.namespace, place.name, facets=facets, outputFacets=statistics)
        return list(found.values())

    def _facets(self, asset: Asset, place: Place, version: str) -> dict[str, DatasetFacet]:
        found: dict[str, DatasetFacet] = {}
        if version not in _NO_VERSION:
            found["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(version)
        if place.table:
            called = symlinks_dataset.Identifier(place.namespace, place.table, "TABLE")
            found["symlinks"] = symlinks_dataset.SymlinksDatasetFacet([called])
        columns = self._columns(asset) if isinstance(asset, Table) else []
        return found | ({"schema": schema_dataset.SchemaDatasetFacet(columns)} if columns else {})

    def _columns(self, table: Table) -> list[schema_dataset.SchemaDatasetFacetFields]:
        if table.name not in self._shelf.tables:
            return []
        told = self._shelf.columns(table.name, self._shelf.log(table.name).extent())
        return [
            schema_dataset.SchemaDatasetFacetFields(one.name, one.type or None, one.meaning or None, number)
            for number, one in enumerate(told, 1)
        ]

    def _made(self, asset: Asset, job: Job) -> dict[str, DatasetFacet]:
        read = {one.name: dataset_of(one, self.project) for one in job.inputs.values()}
        made = columns_made(asset.name, read.keys(), self._strands)
        fields = {
            column: column_lineage_dataset.Fields(list(_input_fields(sources, read)))
            for column, sources in made.items()
        }
        return {"columnLineage": column_lineage_dataset.ColumnLineageDatasetFacet(fields)} if fields else {}

    def _written(self, asset: Asset, version: str) -> Iterator[tuple[str, OutputDatasetFacet]]:
        """The rows that the commit wrote, where it is one of this run: nothing replaced by nothing makes none."""
        commits = self._shelf.log(asset.name).commits(_RECENT) if isinstance(asset, Table) and version else ()
        own = (one for one in commits if str(one.version) == version and one.note.get("run_id") == self.run_id)
        rows = next((commit.rows for commit in own), None)
        if rows is not None:
            yield "outputStatistics", output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(rows)

    @cached_property
    def _shelf(self) -> Shelf:
        return put_up(self.project, self.graph)

    @cached_property
    def _strands(self) -> tuple[Strand, ...]:
        return strands(self.project)


def _input_fields(
    sources: Mapping[Field, tuple[How, ...]], read: Mapping[str, Place | None]
) -> Iterator[column_lineage_dataset.InputField]:
    for field, hows in sources.items():
        place = read[field.table]
        if place is not None:
            become = [column_lineage_dataset.Transformation(*_TRANSFORMED[how]) for how in hows]
            yield column_lineage_dataset.InputField(place.namespace, place.name, field.column, become)

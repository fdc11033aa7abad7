"""Every entity's features as of the end of each interval, from the tiles."""

from __future__ import annotations

import sys
from functools import reduce

from pyspark.sql import DataFrame

from headrace.cli import main
from headrace.contracts.features import FeatureGroup
from headrace.contracts.fingerprint import fingerprint
from headrace.features.groups import features_table, laid_out
from headrace.features.rollup import roll_up
from headrace.features.snapshots import Snapshots
from headrace.features.tiling import tiled_by, tiles_table
from headrace.graph.job import Asset, At, Each, Inputs, Job
from headrace.graph.project import Project
from headrace.tables.spec import Table


def run(inputs: Inputs, at: At, project: Project) -> dict[Asset, DataFrame]:
    """Roll the tiles up to the snapshots of the interval's days (or weeks): the midnights of each group's zone."""
    every = project.config.snapshots_every
    snapshots = Snapshots(at.start, every, (at.end - at.start) // every)
    outputs: dict[Asset, DataFrame] = {}
    for group in project.groups.values():
        tiles, source = inputs[_label(_tiles(group, project))], project.sources[group.source]
        rolled = [roll_up(tiles, group, source, midnights) for midnights in snapshots.midnights(group.zone)]
        outputs[features_table(group)] = laid_out(reduce(DataFrame.unionByName, rolled), group)
    return outputs


def _tiles(group: FeatureGroup, project: Project) -> Table:
    source = project.sources[group.source]
    return tiles_table(source, tiled_by(group, source))


def _label(tiles: Table) -> str:
    """What the job calls its input: the source's name, of tiles by another key with that behind it."""
    return tiles.name.removeprefix("tiles.")


def job(project: Project) -> Job:
    """The node: it reads all earlier tiles, for an entity is remembered for as long as there is data."""
    groups = tuple(project.groups.values())
    sources = {_label(tiles): tiles for tiles in (_tiles(group, project) for group in groups)}
    return Job(
        name="build_features",
        run=run,
        inputs=sources,
        outputs=tuple(features_table(group) for group in groups),
        every=Each(project.config.snapshots_every),
        history=tuple(sources),
        fingerprint=fingerprint([[group.table, project.identity(group.namespace)] for group in groups]),
        tags=("features",),
    )


if __name__ == "__main__":
    raise SystemExit(main(["run", "build_features", *sys.argv[1:]]))

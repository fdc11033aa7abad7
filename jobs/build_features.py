"""Every entity's features as of the end of each interval, from the tiles."""

from __future__ import annotations

import sys
from functools import reduce

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.cli import main
from headrace.contracts.features import FeatureGroup
from headrace.contracts.fingerprint import fingerprint
from headrace.features.begun import groups_at
from headrace.features.carried import afresh, onward, snapshot
from headrace.features.chain import Chain, chains_of
from headrace.features.groups import features_table, laid_out
from headrace.features.rollup import roll_up
from headrace.features.snapshots import Snapshots
from headrace.features.tiling import tiled_by, tiles_table
from headrace.graph.job import Asset, At, Each, Inputs, Job
from headrace.graph.origin import versions
from headrace.graph.project import Project
from headrace.tables.spec import Table


def run(inputs: Inputs, at: At, project: Project) -> dict[Asset, DataFrame]:
    """Roll the tiles up to the snapshots of the interval's days (or weeks): the midnights of each group's zone.

    A group that tiles of earlier days were made without has no rows yet, rather than too small ones.
    """
    every = project.config.snapshots_every
    snapshots = Snapshots(at.start, every, (at.end - at.start) // every)
    groups = groups_at(project, lambda group: inputs[_label(_tiles(group, project))], at)
    made: dict[FeatureGroup, DataFrame] = {}
    outputs: dict[Asset, DataFrame] = {}
    for chain in _chains(project, groups):
        tiles = inputs[_label(_tiles(chain.groups[0], project))]
        kept = _kept(chain, tiles, at)
        if snapshots.count == 1:
            kept = at.hold(kept)
            made |= {group: snapshot(chain, kept, group, at.end.date()) for group in chain.groups}
        outputs[chain.table] = kept
    for group in groups:
        if group not in made:
            made[group] = _rolled(inputs[_label(_tiles(group, project))], group, snapshots, project)
    outputs |= {features_table(group): laid_out(rows, group) for group, rows in made.items()}
    return outputs


def _kept(chain: Chain, tiles: DataFrame, at: At) -> DataFrame:
    """What the last snapshot leaves for the next: made of what the one before left where that holds, else of all tiles."""
    before = at.before(chain.table) if at.carries_on else None
    left = before.where(before["as_of"] == F.lit(at.start)) if before is not None else None
    if left is None or left.isEmpty():
        return afresh(chain, tiles, at.end.date())
    return onward(chain, left, tiles, at.end.date(), at.start.date())


def _rolled(tiles: DataFrame, group: FeatureGroup, snapshots: Snapshots, project: Project) -> DataFrame:
    source = project.sources[group.source]
    return reduce(
        DataFrame.unionByName,
        (roll_up(tiles, group, source, midnights) for midnights in snapshots.midnights(group.zone)),
    )


def _chains(project: Project, groups: list[FeatureGroup]) -> tuple[Chain, ...]:
    every = project.config.snapshots_every
    return tuple(
        chain
        for source in project.sources.values()
        for chain in chains_of([group for group in groups if group.source == source.source], source, every)
    )


def _tiles(group: FeatureGroup, project: Project) -> Table:
    source = project.sources[group.source]
    return tiles_table(source, tiled_by(group, source))


def _label(tiles: Table) -> str:
    """What the job calls its input: the source's name, of tiles by another key with that behind it."""
    return tiles.name.removeprefix("tiles.")


def job(project: Project) -> Job:
    """The node: it reads all earlier tiles, for an entity is remembered for as long as there is data.

    That an earlier version ends makes nothing anew: it is no part of the fingerprint.
    """
    groups = [*project.groups.values(), *(one.group for one in project.kept)]
    sources = {_label(tiles): tiles for tiles in (_tiles(group, project) for group in groups)}
    outputs = (*(features_table(group) for group in groups), *(chain.table for chain in _chains(project, groups)))
    return Job(
        name="build_features",
        run=run,
        inputs=sources,
        outputs=outputs,
        every=Each(project.config.snapshots_every),
        history=tuple(sources),
        fingerprint=fingerprint(
            [[group.table, project.identity(group.namespace)] for group in project.groups.values()]
        ),
        contracts=versions(*project.groups.values()),
        tags=("features",),
    )


if __name__ == "__main__":
    raise SystemExit(main(["run", "build_features", *sys.argv[1:]]))

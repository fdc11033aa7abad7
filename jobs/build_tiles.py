"""New events become tiles: mergeable states by entity, event day and arrival day, one pass for all feature contracts."""

from __future__ import annotations

import sys

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from headrace.cli import main
from headrace.contracts.fingerprint import fingerprint
from headrace.events.quarantine import events_table
from headrace.features.tiles import build_tiles
from headrace.features.tiling import source_atoms, tiles_table, tilings
from headrace.graph.job import Asset, At, Inputs, Job
from headrace.graph.origin import versions
from headrace.graph.project import Project


def run(inputs: Inputs, at: At, project: Project) -> dict[Asset, DataFrame]:
    """The tiles of what landed in the interval."""
    tiles: dict[Asset, DataFrame] = {}
    for contract in project.sources.values():
        landed = (F.col("landed_on") >= F.lit(at.start.date())) & (F.col("landed_on") < F.lit(at.end.date()))
        reach = F.col("event_date") >= F.lit((at.start - contract.lateness).date())
        events = inputs[contract.source].where(reach & landed)
        for tiling, groups in tilings(project.made_of(contract.source), contract).items():
            tiles[tiles_table(contract, tiling)] = build_tiles(events, groups, contract, tiling)
    return tiles


def job(project: Project) -> Job:
    """The node. That an earlier version of a group ends makes no tile anew: its states are no part of the fingerprint."""
    contracts = tuple(project.sources.values())
    cut = [(contract, tilings(project.made_of(contract.source), contract)) for contract in contracts]
    held = [
        [*filter(None, [tiling.suffix(contract)]), *sorted(source_atoms(groups, contract))]
        for contract in contracts
        for tiling, groups in tilings(project.groups_of(contract.source), contract).items()
    ]
    return Job(
        name="build_tiles",
        run=run,
        inputs={contract.source: events_table(contract) for contract in contracts},
        outputs=tuple(tiles_table(contract, tiling) for contract, ways in cut for tiling in ways),
        fingerprint=fingerprint(held),
        contracts=versions(*contracts, *project.groups.values()),
        tags=("features",),
    )


if __name__ == "__main__":
    raise SystemExit(main(["run", "build_tiles", *sys.argv[1:]]))

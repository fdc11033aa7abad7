"""Landed lines, and rows of tables in place, become events of their contract; what breaks a rule goes to quarantine."""

from __future__ import annotations

import sys
from typing import Any

from pyspark.sql import DataFrame

from headrace.cli import main
from headrace.contracts.events import EventContract
from headrace.contracts.fingerprint import fingerprint
from headrace.events.ingest import decide, earlier_events, no_bad_files, read_files, read_rows, sort_files
from headrace.events.origin import origin_of
from headrace.events.quarantine import (
    events_of,
    events_table,
    quarantine_of,
    quarantine_table,
    tally_of,
    tally_table,
)
from headrace.graph.job import Asset, At, Each, Inputs, Job
from headrace.graph.origin import versions
from headrace.graph.project import Project


def run(inputs: Inputs, at: At, project: Project) -> dict[Asset, Any]:
    """Parse, validate and de-duplicate what landed, for every source; idempotent per landing day."""
    outputs: dict[Asset, Any] = {}
    for contract in project.sources.values():
        outputs |= ingest(inputs, at, contract)
    return outputs


def ingest(inputs: Inputs, at: At, contract: EventContract) -> dict[Asset, Any]:
    """One source: its events, its quarantine, and the tally in which every line is accounted for."""
    lines, bad_files = _arrived(inputs, at, contract)
    earlier = at.before(events_table(contract))
    known = earlier_events(earlier, contract, at.start) if earlier is not None else None
    decided = decide(lines, contract, known, at.hold)
    return {
        events_table(contract): events_of(decided, contract),
        quarantine_table(contract): quarantine_of(decided, bad_files, contract),
        tally_table(contract): tally_of(decided, bad_files, contract),
    }


def _arrived(inputs: Inputs, at: At, contract: EventContract) -> tuple[DataFrame, DataFrame]:
    """What arrived in the interval as lines, and the files that cannot be read."""
    if contract.table is not None:
        return read_rows(inputs[contract.source], contract), no_bad_files(at.spark)
    days = inputs[contract.source]
    empty = [day.day for day in days if not day.entries]
    if empty:
        at.warn(f"{contract.source}: {len(empty)} of {len(days)} landing days are empty, {empty[-1]} the last of them")
    files = sort_files(at.spark, days, contract)
    return read_files(at.spark, files.layouts, contract), files.bad


def job(project: Project) -> Job:
    """The node: a landing day at a time, looking back as far as copies of an event can come."""
    contracts = tuple(project.sources.values())
    tables = [(events_table(contract), quarantine_table(contract), tally_table(contract)) for contract in contracts]
    return Job(
        name="ingest_events",
        run=run,
        inputs={contract.source: origin_of(project, contract) for contract in contracts},
        outputs=tuple(table for three in tables for table in three),
        every=Each(),
        lag=max(contract.lateness for contract in contracts),
        fingerprint=fingerprint([contract.fingerprint for contract in contracts]),
        contracts=versions(*contracts),
        tags=("ingest",),
    )


if __name__ == "__main__":
    raise SystemExit(main(["run", "ingest_events", *sys.argv[1:]]))

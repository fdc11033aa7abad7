"""Landed lines become events of their contract; what breaks a rule goes to quarantine under that rule."""

from __future__ import annotations

import sys
from typing import Any

from headrace.cli import main
from headrace.contracts.events import EventContract
from headrace.contracts.fingerprint import fingerprint
from headrace.events.ingest import decide, earlier_events, split_files
from headrace.events.quarantine import (
    events_of,
    events_table,
    quarantine_of,
    quarantine_table,
    tally_of,
    tally_table,
)
from headrace.graph.job import Asset, At, Each, Inputs, Job
from headrace.graph.project import Project
from headrace.tables.landing import LandingZone


def run(inputs: Inputs, at: At, project: Project) -> dict[Asset, Any]:
    """Parse, validate and de-duplicate what landed, for every source; idempotent per landing day."""
    outputs: dict[Asset, Any] = {}
    for contract in project.sources.values():
        outputs |= ingest(inputs, at, contract)
    return outputs


def ingest(inputs: Inputs, at: At, contract: EventContract) -> dict[Asset, Any]:
    """One source: its events, its quarantine, and the tally in which every line is accounted for."""
    days = inputs[contract.source]
    empty = [day.day for day in days if not day.entries]
    if empty:
        at.warn(f"{contract.source}: {len(empty)} of {len(days)} landing days are empty, {empty[-1]} the last of them")
    files, bad_files = split_files(at.spark, days)
    earlier = at.before(events_table(contract))
    known = earlier_events(earlier, contract, at.start) if earlier is not None else None
    decided = decide(at.spark, files, contract, known, at.hold)
    return {
        events_table(contract): events_of(decided, contract),
        quarantine_table(contract): quarantine_of(decided, bad_files, contract),
        tally_table(contract): tally_of(decided, bad_files, contract),
    }


def zone(project: Project, contract: EventContract) -> LandingZone:
    """Where the source lands."""
    return LandingZone(contract.source, project.landing / contract.landing.folder)


def job(project: Project) -> Job:
    """The node: a landing day at a time, looking back as far as copies of an event can come."""
    contracts = tuple(project.sources.values())
    tables = [(events_table(contract), quarantine_table(contract), tally_table(contract)) for contract in contracts]
    return Job(
        name="ingest_events",
        run=run,
        inputs={contract.source: zone(project, contract) for contract in contracts},
        outputs=tuple(table for three in tables for table in three),
        every=Each(),
        lag=max(contract.lateness for contract in contracts),
        fingerprint=fingerprint([contract.fingerprint for contract in contracts]),
        tags=("ingest",),
    )


if __name__ == "__main__":
    raise SystemExit(main(["run", "ingest_events", *sys.argv[1:]]))

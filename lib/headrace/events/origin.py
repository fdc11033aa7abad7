"""Where a source's events come from: the asset that its contract names."""

from __future__ import annotations

from headrace.contracts.events import EventContract
from headrace.graph.project import Project
from headrace.tables.landing import LandingZone
from headrace.tables.source import SourceTable, source_table


def origin_of(project: Project, contract: EventContract) -> LandingZone | SourceTable:
    """The landing zone, or the table that is read in place."""
    if contract.landing is None:
        return source_table(contract, project.root, project.config.roots)
    return landing_zone(project, contract)


def landing_zone(project: Project, contract: EventContract) -> LandingZone:
    """Where a source of files lands.

    Raises:
        ValueError: the source is a table in place.
    """
    return LandingZone(contract.source, project.landing / contract.files.folder)

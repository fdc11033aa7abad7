"""The lease of a command on what it writes, by the clock of this machine."""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import UTC, datetime

from headrace.graph.job import asset_key
from headrace.graph.lint import Graph
from headrace.graph.project import Project
from headrace.tables.lease import Claim, Lease, Unleased, leased
from headrace.tables.lock import commit_lock

Held = AbstractContextManager[Lease | Unleased]


def lease_all(project: Project, run_id: str) -> Held:
    """A lease on every table, for a command that may go anywhere.

    Raises:
        HeadraceError: see ``leased``.
    """
    return leased(project.leases, Claim(run_id), _now)


def lease_outputs(project: Project, chosen: Graph, run_id: str, joins: bool) -> Held:
    """A lease on what the jobs make, beside runs that make other things; ``joins`` where others may be of the same run.

    Raises:
        HeadraceError: see ``leased``.
    """
    tables = frozenset(asset_key(asset) for job in chosen for asset in job.outputs)
    return leased(project.leases, Claim(run_id, tables, joins), _now)


def starting(project: Project) -> AbstractContextManager[None]:
    """What each run mends before it plans, one at a time."""
    return commit_lock(project.leases / "starting.lock" if project.leases is not None else None)


def _now() -> datetime:
    return datetime.now(UTC)

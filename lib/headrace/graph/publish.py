"""Write, audit, publish: outputs that expect something are staged, judged where they lie, and then published one by one.

All that a step makes is published, or nothing of it. A kill between any two of these leaves the step undone: the next run
stages it anew. What expects nothing is committed as it comes, after the others were judged.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from headrace.graph.job import Asset, At, Receipt, Refusal, Sink, asset_key
from headrace.ground.errors import HeadraceError
from headrace.profile.audit import Audit, audit
from headrace.tables.spec import Table
from headrace.tables.staging import Staging

if TYPE_CHECKING:
    from headrace.tables.store import Store


def publish(
    job: str, parts: Mapping[Asset, Any], at: At, said: Mapping[str, str], sinks: Mapping[type, Sink]
) -> Refusal | dict[str, Receipt]:
    """Commit a step's outputs, in their order; a refusal, and nothing is committed, where rows are not as expected.

    Raises:
        HeadraceError: EXPECTATION_COLUMN; what the sinks raise.
    """
    audited = tuple(asset for asset in parts if type(asset) is Table and asset.expects)
    notes = {asset: {**said, "output": asset_key(asset)} for asset in parts}
    if not audited:
        return {asset_key(asset): sinks[type(asset)].commit(asset, parts[asset], at, notes[asset]) for asset in parts}
    staging = Staging(cast("Store", sinks[Table]), job, at.interval)
    staging.clear(audited)
    seen: dict[Table, Audit] = {}
    for table in audited:
        rows = staging.write(table, parts[table], at, notes[table])
        seen[table] = audit(rows, table.expects, table.name)
    if any(found.broken for found in seen.values()):
        return _refused(job, seen, at, staging)
    left = {
        asset_key(asset): staging.publish(asset, at, notes[asset])
        if asset in seen and isinstance(asset, Table)
        else sinks[type(asset)].commit(asset, part, at, notes[asset])
        for asset, part in parts.items()
    }
    staging.clear(audited)
    return left


def _refused(job: str, seen: Mapping[Table, Audit], at: At, staging: Staging) -> Refusal:
    """The refusal, with the error that tells it; each staged table says why it was held back."""
    broken = {table: found for table, found in seen.items() if found.broken}
    names = ", ".join(table.name for table in broken)
    for table, found in seen.items():
        staging.refuse(table, _told(found) or f"held back with {names}")
    first = next(iter(broken))
    error = HeadraceError(
        "ROWS_REFUSED",
        job=job,
        interval=at.interval.label(),
        broken="; ".join(f"{table.name}: {_told(found)}" for table, found in broken.items()),
        table=first.name,
        path=staging.path(first),
    )
    return Refusal(str(error).partition("\n")[0], {"staged": staging.path(first)}, withheld=error)


def _told(found: Audit) -> str:
    return ", ".join(map(str, found.broken))

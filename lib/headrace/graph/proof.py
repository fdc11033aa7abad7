"""What a commit says of itself: enough to prove from a table's history alone what it was made from, and that it is done."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from headrace.contracts.fingerprint import fingerprint
from headrace.graph.job import Asset, At, asset_key
from headrace.graph.plan import Step
from headrace.graph.rows import Rows


def identity(
    step: Step, at: At, read: Mapping[str, str], outputs: Iterable[Asset], rows: Rows | None
) -> dict[str, str]:
    """The identity of a step, which each of its commits carries.

    ``read``: the version of each input. ``outputs``: all that the step commits, in that order, so that one of them that
    was not reached is missed. ``stamps``: those of its intervals, in order; ``stamp`` is one over all of them.
    """
    stamps = list(step.stamps.values())
    return {
        "job": step.job.name,
        "interval": step.interval.label(),
        "fingerprint": step.job.fingerprint,
        "contracts": json.dumps(dict(step.job.contracts), sort_keys=True),
        "inputs": json.dumps(dict(read), sort_keys=True),
        "stamp": fingerprint(sorted(stamps)),
        "stamps": ",".join(stamps),
        "outputs": json.dumps([asset_key(asset) for asset in outputs]),
        "began": at.now.isoformat(),
        "rows_in": "" if rows is None else str(rows.count),
        "why": step.why,
    }

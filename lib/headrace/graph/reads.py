"""Which version of each input a step would read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from headrace.graph.job import Job, asset_key
from headrace.graph.origin import is_told
from headrace.graph.plan import Plan
from headrace.graph.view import View, made_anew

TO_COME = "to be made"
AS_IT_IS = "as it is"
"""Of what has no versions: files that landed."""


def versions_read(job: Job, found: Plan, seen: View) -> Mapping[str, str]:
    """Input table -> its version as it stands; ``to be made`` where the plan makes a newer one before."""
    ahead = replace(seen, pending=found.pending)
    return {asset_key(asset): _version(job, name, ahead) for name, asset in job.inputs.items()}


def _version(job: Job, name: str, ahead: View) -> str:
    asset = job.inputs[name]
    maker = ahead.makers.get(asset.name)
    if maker is not None and made_anew(asset, maker, ahead):
        return TO_COME
    there = ahead.version(asset)
    if there is not None:
        return there
    outside = ahead.observe(asset, ahead.asked)
    if outside is not None and is_told(outside):
        return outside
    key = asset_key(asset)
    written = (entry.outputs[key] for entry in reversed(ahead.ledger.entries) if key in entry.outputs)
    return next(written, AS_IT_IS)

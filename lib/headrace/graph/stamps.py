"""Stamps: the identity of what an interval's output is made from."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from headrace.graph.job import Asset, Each, Job
from headrace.graph.origin import Origin, identity_of
from headrace.graph.view import View, made_anew, needed
from headrace.ground.interval import Interval

Identities = Mapping[str, list[str] | None]
"""Input -> what identifies it over an interval once the run has come this far; None where that is not known yet."""


def stamp(job: Job, interval: Interval, seen: View) -> str | None:
    """The identity of what the interval's output is made from; None where it is not known before a run."""
    return stamp_of(job, interval, identities(job, interval, seen))


def stamp_of(job: Job, interval: Interval, found: Identities) -> str | None:
    """The stamp that follows from the identities of the inputs."""
    digest = hashlib.sha256(f"{job.name}\0{job.fingerprint}\0{interval.label()}".encode())
    for name, parts in sorted(found.items()):
        if parts is None:
            return None
        digest.update(f"\0{name}\0{','.join(parts)}".encode())
    return digest.hexdigest()[:16]


def origin(job: Job, found: Identities) -> Origin:
    """The parts that the stamp is made of."""
    return Origin(job.fingerprint, job.contracts, {name: identity_of(parts) for name, parts in sorted(found.items())})


def identities(job: Job, interval: Interval, seen: View) -> Identities:
    """What identifies each input over an interval."""
    return {name: _identities(job, name, asset, interval, seen) for name, asset in job.inputs.items()}


def _identities(job: Job, name: str, asset: Asset, interval: Interval, seen: View) -> list[str] | None:
    """What lies outside the ledger stays as it is where its maker is not run, or is run again on the same."""
    outside = seen.observe(asset, Interval(interval.start - job.lag, interval.end))
    maker = seen.makers.get(asset.name)
    if maker is None:
        return [outside] if outside is not None else []
    done, pending = seen.holding.content(asset, seen.ledger.done(maker.name)), made_anew(asset, maker, seen)
    pieces = needed(job, name, maker, interval, seen)
    now = {piece: done[piece] for piece in pieces if piece in done}
    if outside is not None:
        return [outside] if all(pending[piece] == now.get(piece) for piece in pieces if piece in pending) else None
    stamps = [pending[piece] if piece in pending else now.get(piece, "none") for piece in pieces]
    return None if None in stamps else [str(stamp) for stamp in stamps]


def carries_on(job: Job, interval: Interval, seen: View) -> bool:
    """Whether the interval just before is done, of what its inputs are now: then ``interval`` can build on what it left.

    Not where the job is forced: who asks for that mistrusts what is there. Nor where what was to replace published rows
    was refused, and may have been forced: what is asked for then is the same.
    """
    if job.name in seen.forced or not isinstance(job.every, Each):
        return False
    replacing = seen.ledger.withheld(job.name).keys() & seen.ledger.done(job.name).keys()
    if any(interval.contains(piece) for piece in replacing):
        return False
    before = job.every.until(seen.project_start, interval.start)
    if before is None or before.end != interval.start:
        return False
    entry = seen.ledger.done(job.name).get(before)
    return entry is not None and entry.stamp == stamp(job, before, seen)

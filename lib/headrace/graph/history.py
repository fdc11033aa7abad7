"""What part of a history knows nothing of: contracts that came, or were changed, after it was made."""

from __future__ import annotations

from headrace.graph.job import Job
from headrace.graph.view import View, made_anew, needed
from headrace.ground.interval import Interval


def made_without(job: Job, interval: Interval, seen: View) -> frozenset[str]:
    """The contracts of the job's history that some interval of it, as it lies there, was made without.

    So it is where a run was asked for later intervals alone (``--from``), after a contract that the earlier ones are yet
    to be made anew for; what is about to be is not among them. Of entries that do not tell what they were made of nothing
    is said.
    """
    found: set[str] = set()
    for name in job.history:
        maker = seen.makers.get(job.inputs[name].name)
        if maker is None:
            continue
        done = seen.ledger.done(maker.name)
        known = done.keys() - made_anew(job.inputs[name], maker, seen).keys()
        entries = (done[piece] for piece in needed(job, name, maker, interval, seen) if piece in known)
        origins = (entry.origin for entry in entries if entry.origin is not None and entry.origin.contracts)
        for origin in origins:
            if origin.fingerprint != maker.fingerprint:
                found |= {key for key, version in maker.contracts.items() if origin.contracts.get(key) != version}
    return frozenset(found)

"""Why an interval is due: what the ledger says that it was made of, held against what it would be made of now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from headrace.graph.job import Asset, Job, asset_key
from headrace.graph.ledger import Entry
from headrace.graph.origin import Origin, is_told
from headrace.graph.view import View, made_anew, needed
from headrace.ground.interval import Interval
from headrace.tables.landing import LandingZone
from headrace.tables.published import PublishedTable
from headrace.tables.source import SourceTable

Kind = Literal[
    "never done", "new interval", "forced", "output missing", "rolled back", "contract changed", "code changed",
    "late data", "input restated", "input changed", "upstream due", "something changed", "rows refused",
]  # fmt: skip


@dataclass(frozen=True)
class Reason:
    """One reason: of what kind, and the whole of it as people read it."""

    kind: Kind
    told: str


NEVER_DONE = Reason("never done", "never done")
NEW_INTERVAL = Reason("new interval", "new interval")
FORCED = Reason("forced", "forced")
UNTOLD = Reason("something changed", "code, contract or input changed")
"""Of an entry from before the ledger kept what an interval was made of."""


def reasons(
    job: Job, interval: Interval, seen: View, entry: Entry | None, stamp: str | None, now: Origin
) -> tuple[Reason, ...]:
    """Why an interval is due; () where it is not."""
    refusals = seen.ledger.withheld(job.name).get(interval, ())
    if refusals and (entry is None or entry.stamp != stamp or any(_is_of(one, now) for one in refusals)):
        return (Reason("rows refused", f"its rows were refused in run {refusals[-1].run_id}"),)
    if entry is None:
        return (NEW_INTERVAL if seen.ledger.settled(job.name) else NEVER_DONE,)
    if job.name in seen.forced:
        return (FORCED,)
    if entry.stamp == stamp:
        return tuple(_astray(job, interval, seen, entry)) if entry.state == "done" else ()
    return tuple(dict.fromkeys(_changes(job, interval, seen, entry.origin, now))) or (UNTOLD,)


def _is_of(refused: Entry, now: Origin) -> bool:
    """Whether refused rows were made of what there is now.

    Where as much was published of that before, somebody asked for it anew, since code had changed: that is still owed.
    What was published of the inputs of now, and refused of others that are gone again, is as it should be.
    """
    made_of = refused.origin
    return made_of is not None and (made_of.fingerprint, made_of.inputs) == (now.fingerprint, now.inputs)


def _astray(job: Job, interval: Interval, seen: View, entry: Entry) -> Iterator[Reason]:
    """The first output that is not as the entry left it: rolled back and not held, or gone from where tables are."""
    behind = seen.holding.behind(job.outputs, interval, entry.stamp)
    if behind is not None:
        yield Reason("rolled back", f"{behind} was rolled back")
        return
    for output in job.outputs:
        left, there = entry.outputs.get(asset_key(output)), seen.version(output)
        if left is not None and there is not None and _is_lost(left, there):
            yield Reason("output missing", f"output missing: {asset_key(output)}")
            return


def _is_lost(left: str, there: str) -> bool:
    """Versions only ever rise: a table that stands below what was left is another one, or an older copy."""
    return there == "none" or (left.isdigit() and there.isdigit() and int(there) < int(left))


def _changes(job: Job, interval: Interval, seen: View, before: Origin | None, now: Origin) -> Iterator[Reason]:
    if before is not None and before.fingerprint != now.fingerprint:
        yield from _declared(before, now)
    for name, asset in job.inputs.items():
        known = before is not None and name in before.inputs
        if before is not None and known and before.inputs[name] is not None and before.inputs[name] == now.inputs[name]:
            continue
        waits = _waits(job, name, asset, interval, seen)
        if waits is not None:
            yield Reason("upstream due", f"{waits} will be made anew")
        elif before is not None:
            yield _changed(name, asset, seen, before.inputs.get(name), now.inputs[name], known)
    for name in sorted(before.inputs.keys() - job.inputs.keys() if before is not None else ()):
        yield Reason("code changed", f"{name} is not read any more")


def _declared(before: Origin, now: Origin) -> Iterator[Reason]:
    """The contracts whose version changed; where none did, something else that the job's fingerprint is made of."""
    names = sorted(name for name, version in now.contracts.items() if before.contracts.get(name) != version)
    for name in names:
        earlier, later = before.contracts.get(name), now.contracts[name]
        told = f"contract {name} changed from v{earlier} to v{later}" if earlier else f"contract {name} v{later} is new"
        yield Reason("contract changed", told)
    gone = sorted(before.contracts.keys() - now.contracts.keys())
    for name in gone:
        yield Reason("contract changed", f"contract {name} is gone")
    if not names and not gone:
        yield Reason("code changed", "code or contract changed under the same version")


def _waits(job: Job, name: str, asset: Asset, interval: Interval, seen: View) -> str | None:
    """The maker of an input, where that is about to make something of it that the interval reads."""
    maker = seen.makers.get(asset.name)
    if maker is None:
        return None
    pending = made_anew(asset, maker, seen)
    return maker.name if any(piece in pending for piece in needed(job, name, maker, interval, seen)) else None


def _changed(name: str, asset: Asset, seen: View, before: str | None, now: str | None, known: bool) -> Reason:
    if not known:
        return Reason("code changed", f"{name} is read now")
    if isinstance(asset, PublishedTable):
        return Reason("input restated", f"{asset.source} was restated by those who publish it")
    if isinstance(asset, LandingZone | SourceTable):
        return Reason("late data", f"late data of {asset.source} for these days")
    if is_told(before) and is_told(now):
        return Reason("input changed", f"{name} changed from {before} to {now}")
    return Reason("input restated", f"{asset_key(asset)} was restated")

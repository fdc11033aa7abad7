"""Which snapshots of a group have no values yet, since it was added or changed and its history is still to be made anew."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass

from headrace.graph.history import made_without
from headrace.graph.job import Asset, Job, asset_key
from headrace.graph.ledger import RESTORED
from headrace.graph.view import View, made_anew, needed
from headrace.ground.interval import Interval, merge_adjacent, show_instant

SHOWN = 3
"""So many stretches are named; of the others, how many there are."""


@dataclass(frozen=True)
class Unbegun:
    """A group (``group t.spending``), who reads it (``model going``), and the intervals of which it has no values."""

    contract: str
    reader: str
    intervals: tuple[Interval, ...]

    @property
    def days(self) -> str:
        """The snapshots without values, in words: those of the intervals' ends."""
        told = []
        for stretch in merge_adjacent(self.intervals):
            inside = [show_instant(one.end) for one in self.intervals if stretch.contains(one)]
            told.append(inside[0] if len(inside) == 1 else f"{inside[0]} to {inside[-1]} ({len(inside)} snapshots)")
        more = [f"{len(told) - SHOWN} more stretches"] if len(told) > SHOWN else []
        return ", ".join(told[:SHOWN] + more)


def unbegun(job: Job, interval: Interval, seen: View) -> tuple[Unbegun, ...]:
    """What an interval of a job would read of groups as if their users had done nothing (``Job.begun``)."""
    found = []
    for name, contract in job.begun.items():
        asset = job.inputs[name]
        maker = seen.makers.get(asset.name)
        if maker is None or seen.holding.of_input(asset) is not None:
            continue
        lacking = _lacking(asset, contract, maker, needed(job, name, maker, interval, seen), seen)
        if lacking:
            reader = next((key for key in job.contracts if key.startswith("model ")), job.name)
            found.append(Unbegun(contract, reader, lacking))
    return tuple(found)


def _lacking(asset: Asset, contract: str, maker: Job, pieces: Sequence[Interval], seen: View) -> tuple[Interval, ...]:
    """Of the intervals that are read, those that are done without this output, and those that will be: a history only grows."""
    done, pending = seen.ledger.done(maker.name), made_anew(asset, maker, seen)
    ahead = sorted(piece for piece in pieces if piece in pending)
    first = bisect_left(ahead, True, key=lambda piece: contract in made_without(maker, piece, seen))
    behind = [piece for piece in pieces if piece not in pending and piece in done]
    told = [piece for piece in behind if done[piece].outputs and done[piece].note != RESTORED]
    return tuple(sorted([*ahead[first:], *(piece for piece in told if asset_key(asset) not in done[piece].outputs)]))

"""What a commit says of itself, and what follows from it: the ledger's entries, from the histories of tables alone.

A step commits its outputs one after another, in their order, and writes its entries down when all are through. So a step
is proven done by the commit of its last output; a commit of an earlier one proves those before it, no more.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from headrace.contracts.fingerprint import fingerprint
from headrace.graph.job import Asset, asset_key
from headrace.graph.ledger import RESTORED, Entry
from headrace.graph.origin import Origin
from headrace.graph.plan import Step
from headrace.ground.interval import Interval, parse_instant, show_instant
from headrace.tables.log import Commit


def identity(step: Step, read: Mapping[str, str], outputs: Iterable[Asset]) -> dict[str, str]:
    """The identity of a step, which each of its commits carries; the same for the same step, whenever it is run.

    ``read``: the version of each input. ``outputs``: all that the step commits, in that order. ``stamps``: those of its
    intervals, in order; ``stamp`` is one over all of them. ``cuts``: where one interval ends and the next begins, if they are
    not all equally long.
    """
    lengths = {due.interval.end - due.interval.start for due in step.dues}
    cuts = ",".join(show_instant(due.interval.start) for due in step.dues[1:])
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
    } | ({"cuts": cuts} if len(lengths) > 1 else {})


@dataclass(frozen=True)
class History:
    """The commits that a table's log still keeps. ``since``: when the oldest of them was made."""

    table: str
    commits: tuple[Commit, ...]

    @property
    def cut(self) -> datetime | None:
        """Since when the log tells all; None where it does from the table's beginning on."""
        oldest = min(self.commits, key=lambda commit: commit.version, default=None)
        return None if oldest is None or oldest.version == 0 else oldest.at


@dataclass(frozen=True)
class Unproven:
    """A step of which an output's commit is there, and not that of ``output``, which comes after it."""

    job: str
    interval: str
    output: str


@dataclass(frozen=True)
class Proven:
    """What histories prove: entries, the oldest first, and the steps of which something is not to be seen."""

    entries: tuple[Entry, ...]
    unproven: tuple[Unproven, ...]


def proven(histories: Iterable[History]) -> Proven:
    """The entries that follow from the commits of all tables; commits that name no stamps prove nothing."""
    known = {history.table: history for history in histories}
    attempts: dict[tuple[str, ...], dict[str, Commit]] = {}
    for history in known.values():
        for commit in history.commits:
            if commit.note.get("stamps") and commit.interval is not None and "output" in commit.note:
                key = tuple(commit.note.get(name, "") for name in ("run_id", "began", "job", "interval", "stamps"))
                attempts.setdefault(key, {})[commit.note["output"]] = commit
    entries: list[Entry] = []
    unproven: list[Unproven] = []
    for commits in attempts.values():
        lacking = _lacking(commits, known)
        if lacking is None:
            entries += _entries(commits)
        else:
            note = next(iter(commits.values())).note
            unproven.append(Unproven(note["job"], note["interval"], lacking))
    return Proven(tuple(sorted(entries, key=lambda entry: (entry.at, entry.interval))), tuple(unproven))


def _lacking(commits: Mapping[str, Commit], known: Mapping[str, History]) -> str | None:
    """The first output that nothing proves to have been committed; None where all are.

    Behind the last one that is to be seen, a log that was cleaned since is no evidence against it.
    """
    note = next(iter(commits.values())).note
    outputs: Sequence[str] = json.loads(note["outputs"])
    reached = max(outputs.index(output) for output in commits)
    last = max(commit.at for commit in commits.values())
    for output in outputs[reached + 1 :]:
        history = known.get(output.partition("[")[0])
        cut = None if history is None else history.cut
        if cut is None or cut <= last:
            return output
    return None


def _entries(commits: Mapping[str, Commit]) -> list[Entry]:
    """An entry for each interval of a step, as the run would have written it down."""
    newest = max(commits.values(), key=lambda commit: commit.at)
    note, whole = newest.note, newest.interval
    if whole is None:
        return []
    stamps = note["stamps"].split(",")
    began = datetime.fromisoformat(note["began"])
    read = dict.fromkeys(json.loads(note["inputs"]))
    rows = [commit.rows for commit in commits.values() if commit.rows is not None]
    return [
        Entry(
            at=newest.at,
            run_id=note.get("run_id", ""),
            job=note["job"],
            interval=interval,
            state="done",
            stamp=stamp,
            seconds=max((newest.at - began).total_seconds(), 0.0),
            rows_out=sum(rows),
            intervals=len(stamps),
            outputs={output: str(commit.version) for output, commit in sorted(commits.items())},
            note=RESTORED,
            origin=Origin(note["fingerprint"], json.loads(note["contracts"]), read),
        )
        for interval, stamp in zip(_intervals(whole, note.get("cuts", ""), len(stamps)), stamps, strict=True)
    ]


def _intervals(whole: Interval, cuts: str, count: int) -> Iterable[Interval]:
    """The intervals of a step: between its cuts, or equally long where it names none."""
    if not cuts:
        return whole.cut((whole.end - whole.start) / count)
    edges = [whole.start, *map(parse_instant, cuts.split(",")), whole.end]
    return (Interval(start, end) for start, end in pairwise(edges))


def lost(found: Proven, entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The proven entries that a ledger lacks."""
    there = {(entry.run_id, entry.job, entry.interval, entry.stamp) for entry in entries if entry.state == "done"}
    return tuple(
        entry for entry in found.entries if (entry.run_id, entry.job, entry.interval, entry.stamp) not in there
    )

"""Leases of runs: who may write which tables, for as long as it shows that it goes on.

A process of a run has a file. It holds the file's lock, which the kernel lets go with the process, and sets the file's
time anew (the heartbeat). A free lock is a process that ended; an old time is one that was suspended, or lost its machine.
Whoever needs its tables then removes the file, and a process whose file is gone commits nothing any more (the fence).
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from headrace.ground.errors import HeadraceError
from headrace.tables.lock import commit_lock

Clock = Callable[[], datetime]
LASTS = timedelta(seconds=60)
"""How long a lease lasts without a heartbeat."""
BEATS = 6
"""Heartbeats in that time."""
LEASE_FORMAT = 1
EVERY = "every table"


@dataclass(frozen=True)
class Claim:
    """What a process wants to write, for which run. Without ``tables``: everything.

    ``joins``: it was told the run's name by others, and may work beside them; else it is the only process of its run.
    """

    run_id: str
    tables: frozenset[str] = frozenset({EVERY})
    joins: bool = False


@dataclass(frozen=True)
class Member:
    """A process of a run, as its file tells. ``fence``: greater than that of every process that came before it."""

    path: Path
    fence: int
    run: str
    process: int
    tables: frozenset[str]
    beat: datetime | None = None
    """When it last showed that it goes on."""

    def shared(self, claim: Claim) -> frozenset[str]:
        """The tables that both write."""
        if EVERY in self.tables:
            return claim.tables
        return self.tables if EVERY in claim.tables else self.tables & claim.tables


class Lease:
    """A process's own file, while it holds that."""

    def __init__(self, member: Member, clock: Clock) -> None:
        self.member = member
        self._clock = clock

    def check(self) -> None:
        """Show that this process goes on; to be called before each commit, under the table's lock.

        Raises:
            HeadraceError: LEASE_LOST where others were given the tables meanwhile.
        """
        with commit_lock(_gate(self.member.path.parent)):
            if not self.beat():
                raise HeadraceError("LEASE_LOST", run=self.member.run, fence=self.member.fence)

    def beat(self) -> bool:
        """Set the file's time anew; False where it was removed. A number is given once, so a file there is this one."""
        now = self._clock().timestamp()
        try:
            os.utime(self.member.path, (now, now))
        except FileNotFoundError:
            return False
        return True


class Unleased:
    """Where configuration leaves it to others to keep runs apart."""

    def check(self) -> None:
        """Nothing is known, so nothing is refused."""


@contextmanager
def leased(folder: Path | None, claim: Claim, clock: Clock, lasts: timedelta = LASTS) -> Iterator[Lease | Unleased]:
    """Hold a lease on what is claimed; None is no lease, where somebody else schedules runs.

    Raises:
        HeadraceError: WAREHOUSE_BUSY with the run and process that hold some of it; nothing is waited for.
    """
    if folder is None:
        yield Unleased()
        return
    folder.mkdir(parents=True, exist_ok=True)
    with commit_lock(_gate(folder)):
        _make_room(folder, claim, clock(), lasts)
        path = folder / f"{_next(folder)}.lease"
        file = path.open("x", encoding="utf-8")
        fcntl.flock(file, fcntl.LOCK_EX)
        told = {"run": claim.run_id, "process": os.getpid(), "tables": sorted(claim.tables)}
        file.write(json.dumps({"format_version": LEASE_FORMAT, "fence": int(path.stem), **told}))
        file.flush()
        lease = Lease(_member(path), clock)
        lease.beat()
    ended = threading.Event()
    heart = threading.Thread(target=_beat_on, args=(lease, ended, lasts / BEATS), daemon=True, name="lease")
    heart.start()
    try:
        yield lease
    finally:
        ended.set()
        path.unlink(missing_ok=True)
        file.close()


def holders(folder: Path) -> tuple[Member, ...]:
    """The processes that hold a lease and have not ended, the oldest first; files of ended ones are removed."""
    found = []
    for path in sorted(folder.glob("*.lease"), key=lambda path: int(path.stem)):
        with path.open(encoding="utf-8") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                found.append(_member(path))
            else:
                path.unlink()
    return tuple(found)


def _beat_on(lease: Lease, ended: threading.Event, every: timedelta) -> None:
    while not ended.wait(every.total_seconds()) and lease.beat():
        pass


def _make_room(folder: Path, claim: Claim, now: datetime, lasts: timedelta) -> None:
    """Refuse where others who go on write what is claimed; of those that do not any more, end the lease.

    A run goes on as long as one of its processes does: the tables of one that waits stay the run's.
    """
    members = holders(folder)
    going = {one for one in members if one.beat is not None and now - one.beat <= lasts}
    for member in (one for one in members if one.shared(claim) or one.run == claim.run_id):
        own = member.run == claim.run_id
        if member in going and own and claim.joins:
            continue
        if member in going or (not own and any(one.run == member.run for one in going)):
            tables = ", ".join(sorted(member.shared(claim) or member.tables))
            raise HeadraceError("WAREHOUSE_BUSY", run=member.run, process=member.process, tables=tables)
        member.path.unlink()


def _member(path: Path) -> Member:
    told: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    if told["format_version"] > LEASE_FORMAT:
        raise HeadraceError("TABLE_FORMAT", table=path, found=told["format_version"], known=LEASE_FORMAT)
    beat = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
    return Member(path, told["fence"], told["run"], told["process"], frozenset(told["tables"]), beat)


def _next(folder: Path) -> int:
    """A number that no process was given before."""
    counter = folder / "fence.json"
    last = json.loads(counter.read_text(encoding="utf-8"))["last"] if counter.is_file() else 0
    written = counter.with_suffix(".new")
    written.write_text(json.dumps({"format_version": LEASE_FORMAT, "last": last + 1}), encoding="utf-8")
    written.replace(counter)
    return int(last) + 1


def _gate(folder: Path) -> Path:
    """The file whose lock every change of the folder is made under."""
    return folder / "leases.lock"

"""Lineage events that are still to be sent: a file an event, in their order. What was sent is gone, what was not stays."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

from headrace.ground.secret import redact
from headrace.tables.lock import commit_lock
from headrace.tracing.transport import Emitting, is_refusal

MOST_AT_ONCE = 200
"""So many are sent at one time; what an outage left over is sent bit by bit."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Sent:
    """What came of sending: how many went, how many were refused for good, how many are left, and why they are."""

    sent: int = 0
    refused: int = 0
    left: int = 0
    why: str = ""


@dataclass
class Outbox:
    """``pending`` and ``refused`` below an environment's folder of lineage. Several processes may use it at once."""

    folder: Path
    _numbers: count[int] = field(default_factory=count)

    @property
    def pending(self) -> tuple[Path, ...]:
        """What is to be sent, the oldest first."""
        return tuple(sorted((self.folder / "pending").glob("*.json")))

    @property
    def refused(self) -> tuple[Path, ...]:
        """What a server did not want."""
        return tuple(sorted((self.folder / "refused").glob("*.json")))

    def put(self, text: str, at: datetime) -> None:
        """Keep an event that was made at an instant: whole, or not at all."""
        pending = self.folder / "pending"
        pending.mkdir(parents=True, exist_ok=True)
        name = f"{(at - _EPOCH) // _MICROSECOND:020d}-{next(self._numbers):06d}"
        part = pending / f"{name}.part"
        part.write_text(text, encoding="utf-8")
        part.replace(pending / f"{name}.json")

    def send(self, transport: Emitting, most: int = MOST_AT_ONCE) -> Sent:
        """Send what is there until one does not go. One that goes twice, after a crash, is the same event twice."""
        sent = refused = 0
        with commit_lock(self.folder / "send.lock"):
            for path in self.pending[:most]:
                try:
                    transport.emit(json.loads(path.read_text(encoding="utf-8")))
                except (OSError, RuntimeError) as error:
                    if not is_refusal(error):
                        return Sent(sent, refused, len(self.pending), redact(str(error)))
                    self._refuse(path)
                    refused += 1
                else:
                    path.unlink()
                    sent += 1
            return Sent(sent, refused, len(self.pending))

    def _refuse(self, path: Path) -> None:
        folder = self.folder / "refused"
        folder.mkdir(parents=True, exist_ok=True)
        path.replace(folder / path.name)

"""Semantics 16 as it reads: of the copies of an event id the one that was known first stays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """One landed line: its id and content, when and where it came, and the rule that it breaks."""

    number: int
    id: str
    content: int
    landed_on: str
    received_at: str
    file: str
    broken: str | None = None


def outcomes(lines: Sequence[Line], known: Mapping[str, int]) -> dict[int, str]:
    """Number of the line -> its outcome; ``known`` is id -> content of what landed before."""
    found = {line.number: line.broken.partition(":")[0] for line in lines if line.broken}
    copies: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        if not line.broken:
            copies[line.id].append(line)
    for name, same in copies.items():
        same.sort(key=lambda line: (line.landed_on, line.received_at, line.file))
        first = known.get(name, same[0].content)
        for place, line in enumerate(same):
            if place == 0 and name not in known:
                found[line.number] = "event"
            else:
                found[line.number] = "duplicate" if line.content == first else "conflicting_duplicate"
    return found

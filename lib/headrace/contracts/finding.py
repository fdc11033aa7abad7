"""What a check of contracts found: an error, which fails the check, a warning, or a note."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
"""In the order in which they are shown."""


@dataclass(frozen=True)
class Finding:
    """One finding, told so that a reader knows what to do. ``place`` is file and line, where it has one."""

    level: Level
    said: str
    place: str = ""

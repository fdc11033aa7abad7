"""Who reads a published group: a note of each reading project in the publisher's warehouse, beside the catalog.

A note is one small file that its project alone writes, whole and by renaming, so that readers need no lock, no Spark and no
order among them; what is written twice is the same file.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from headrace.contracts.names import Name
from headrace.ground.document import Strict

FOLDER = "catalog/_readers"
"""Below the warehouse; Spark passes over folders that begin with an underscore."""
MOST_BYTES = 1024 * 1024
_NAME = r"^[A-Za-z0-9_-]{1,63}$"


class Reading(Strict):
    """One model that reads a version: who answers for the model, which columns it takes, since when, and whether it is pinned."""

    team: Name
    group: Name
    version: int = Field(ge=1)
    model: Name
    owner: str = Field(max_length=300)
    columns: tuple[Name, ...]
    since: date
    pinned: date | None = None

    @property
    def namespace(self) -> str:
        """``team.group``."""
        return f"{self.team}.{self.group}"

    @property
    def key(self) -> tuple[str, int, str]:
        """What a reading is about, whatever it says of that."""
        return self.namespace, self.version, self.model


class Note(Strict):
    """All that a project reads of one catalog in one environment."""

    format_version: Literal[1] = 1
    project: str = Field(pattern=_NAME)
    environment: str = Field(pattern=_NAME)
    readings: tuple[Reading, ...]

    def told(self, reading: Reading) -> str:
        """One of the readings in words."""
        pinned = ", pinned" if reading.pinned is not None else ""
        who = f"{self.project} (model {reading.model}, owner {reading.owner}, environment {self.environment})"
        return f"{who} reads version {reading.version} since {reading.since}{pinned}"


def note_path(warehouse: Path, project: str, environment: str) -> Path:
    """The file of a project's note."""
    return warehouse / FOLDER / f"{project}.{environment}.json"


def read_note(path: Path) -> Note | None:
    """A note; None where there is none, or where it is none that headrace writes: others' files stop nobody here."""
    try:
        if path.stat().st_size > MOST_BYTES:
            return None
        return Note.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, ValidationError):
        return None


def read_notes(warehouse: Path) -> tuple[tuple[Note, ...], tuple[Path, ...]]:
    """The notes in a warehouse, by project; and the files there that are none."""
    found = {path: read_note(path) for path in sorted((warehouse / FOLDER).glob("*.json"))}
    notes = tuple(note for note in found.values() if note is not None)
    return notes, tuple(path for path, note in found.items() if note is None)


def dated(now: Iterable[Reading], before: Note | None) -> tuple[Reading, ...]:
    """The readings as they are now, each since it was first written down."""
    since = {reading.key: reading.since for reading in before.readings} if before is not None else {}
    kept = (one.model_copy(update={"since": since.get(one.key, one.since)}) for one in now)
    return tuple(sorted(kept, key=lambda one: one.key))


def write_note(path: Path, note: Note) -> None:
    """Write a note whole; one without readings is removed.

    Raises:
        OSError: the warehouse cannot be written.
    """
    if not note.readings:
        path.unlink(missing_ok=True)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_name(f".{path.name}.{os.getpid()}")
    written.write_text(json.dumps(note.model_dump(mode="json"), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    written.replace(path)

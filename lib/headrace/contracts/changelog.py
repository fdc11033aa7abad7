"""The changelog of a feature group: its lock entry's history for readers, a file each, so that teams don't collide."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from headrace.contracts.lock import FOLDER, Lock, Step


def changelog_path(contracts: Path, name: str) -> Path:
    """The changelog of ``team.group``, beside its lock entry."""
    return contracts / FOLDER / f"{name}.md"


def changelog_text(lock: Lock) -> str:
    """All versions, the newest first. It is made from the entry alone, so the two cannot part."""
    lines = [f"# {lock.name}", ""]
    for step in reversed(lock.history):
        lines += [*_told(step), ""]
    return "\n".join(lines)


def _told(step: Step) -> Iterator[str]:
    yield f"## Version {step.version}, {step.at}" + (", breaking" if step.breaking else "")
    yield ""
    yield " ".join(step.why.split())
    yield ""
    yield from (f"- `{change}`" for change in step.changes)
    yield f"- table `{step.table}`" + (f", to be read until {step.retire_after}" if step.retire_after else "")

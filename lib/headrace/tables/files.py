"""What files lie below a folder, told apart by size and time of change."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path


def listed(folder: Path) -> dict[str, str]:
    """File -> ``size-time``, at any depth; what begins with ``_`` or ``.`` is no data, as Spark and Hive have it."""
    found = {}
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(("_", ".")) for part in path.relative_to(folder).parts)
        if path.is_file() and not hidden:
            state = path.stat()
            found[str(path)] = f"{state.st_size}-{state.st_mtime_ns}"
    return found


def stamp_of(files: Mapping[str, str]) -> str:
    """A hash of a listing."""
    lines = "".join(f"{name}\0{state}\n" for name, state in sorted(files.items()))
    return hashlib.sha256(lines.encode()).hexdigest()[:16]

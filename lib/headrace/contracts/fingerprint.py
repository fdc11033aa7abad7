"""Identity of a declaration: a hash over what gives the data its meaning, and nothing else."""

from __future__ import annotations

import hashlib
import json
from typing import Any

SCHEME = 1
"""Raised when the canonical form changes; stands inside every fingerprint."""


def fingerprint(meaning: Any) -> str:
    """Sixteen hexadecimal digits over a value of plain lists, mappings, strings and numbers."""
    text = json.dumps([SCHEME, meaning], sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]

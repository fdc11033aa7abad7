"""Keys of people as they may be shown: a keyed hash, which is the same each time and says nothing without the key."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence

KEY_BYTES = 32
_SHOWN = 12


def keyed_hash(key: bytes, values: Sequence[object]) -> str:
    """Twelve hexadecimal digits for an entity's key: HMAC-SHA256 (RFC 2104) over its parts (semantics 18)."""
    text = json.dumps([str(value) if value is not None else None for value in values], ensure_ascii=True)
    return hmac.new(key, text.encode("ascii"), hashlib.sha256).hexdigest()[:_SHOWN]

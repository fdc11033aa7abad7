"""What an interval was made of, kept beside its stamp: so that a plan can say which part of it has changed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

_KINDS = {"namespace": "group", "model": "model", "label": "label", "source": "source"}
"""A contract's own name, by the first of these attributes that it has, and what such a contract is called."""
_SHORT = 24
"""An identity of so many characters is kept as it is: it says something to people (``version 3``)."""


@dataclass(frozen=True)
class Origin:
    """A job's fingerprint, the versions of the contracts that shape it, and the identity of each input over an interval.

    An identity is None where it was not known: before a run, of what a job is about to change; and where an entry was
    restored from a table's history, which does not tell it.
    """

    fingerprint: str
    contracts: Mapping[str, int] = field(default_factory=dict)
    inputs: Mapping[str, str | None] = field(default_factory=dict)

    def text(self) -> str:
        """As the ledger keeps it."""
        kept = {"fingerprint": self.fingerprint, "contracts": dict(self.contracts), "inputs": dict(self.inputs)}
        return json.dumps(kept, sort_keys=True, separators=(",", ":"))


def origin_of(text: str | None) -> Origin | None:
    """What ``Origin.text`` wrote; None of an entry from before it was kept."""
    if not text:
        return None
    kept = json.loads(text)
    return Origin(kept["fingerprint"], kept["contracts"], kept["inputs"])


def identity_of(parts: Sequence[str] | None) -> str | None:
    """What identifies an input over an interval, in one short text."""
    if parts is None:
        return None
    whole = ",".join(parts)
    return whole if len(whole) <= _SHORT else hashlib.sha256(whole.encode()).hexdigest()[:16]


def is_told(identity: str | None) -> bool:
    """Whether an identity says something to people (``version 3``), and is no hash."""
    return identity is not None and " " in identity


def versions(*contracts: Any) -> dict[str, int]:
    """Contract -> its version, for a job's ``contracts``: ``group growth.activity``, ``source shop``, ``model churn``."""
    found = {}
    for contract in contracts:
        key = next(key for key in _KINDS if hasattr(contract, key))
        found[f"{_KINDS[key]} {getattr(contract, key)}"] = contract.version
    return found

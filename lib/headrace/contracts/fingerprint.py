"""Identity of a declaration: a hash over what gives the data its meaning, and nothing else.

What a contract means is a *meaning*: plain lists, mappings, strings and numbers, with each expression as the text of
its own tree (``notation``). Nothing of sqlglot's is in it, so another version of sqlglot changes no fingerprint.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

SCHEME = 2
"""Raised when the canonical form of contracts changes (see ``contracts.schemes``); stands in front of each fingerprint."""
_LENGTH = 16


def fingerprint(meaning: Any) -> str:
    """Sixteen hexadecimal digits over a value of plain lists, mappings, strings and numbers."""
    text = json.dumps([1, meaning], sort_keys=True, separators=(",", ":"), ensure_ascii=True, default=str)
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def data_fingerprint(meaning: Any, scheme: int = SCHEME) -> str:
    """``scheme-digits``, sixteen characters: the identity of what a contract means, in the canonical form of a scheme."""
    return f"{scheme}-{fingerprint([scheme, plain(meaning)])}"[:_LENGTH]


def plain(value: Any) -> Any:
    """The value as YAML and JSON keep it: lists for tuples, the rest as it is."""
    if isinstance(value, Mapping):
        return {key: plain(one) for key, one in value.items()}
    return [plain(one) for one in value] if isinstance(value, list | tuple) else value


def notation(tree: tuple[Any, ...]) -> str:
    """The canonical text of an expression: its nodes as nested lists, ``["add",["column","x"],["integer","1"]]``."""
    return json.dumps(tree, separators=(",", ":"), ensure_ascii=False)


def tree_of(text: str) -> tuple[Any, ...]:
    """The tree that ``notation`` wrote down."""
    found: tuple[Any, ...] = _tuples(json.loads(text))
    return found


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value

"""Canonical nodes that come from a file, and not from the parser, are held to the same allow-list before anything uses them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from headrace.contracts.features import FORMULAS
from headrace.contracts.fingerprint import tree_of
from headrace.contracts.grammar import CASTS, MAX_PLACES, TEMPLATES, UNITS, Node, is_many

_MOST = 80
_TEXTS = {
    "column": re.compile(r"[a-z_][a-z0-9_]{0,127}"),
    "integer": re.compile(r"[0-9]{1,38}"),
    "decimal": re.compile(r"[0-9]{1,38}\.[0-9]{0,38}"),
    "double": re.compile(r"[0-9]{1,38}e-?[0-9]{1,3}"),
    "string": re.compile(r".*", re.DOTALL),
}


def check_notations(meaning: Mapping[str, Any]) -> None:
    """Refuse a meaning in which an expression is none that a contract could hold.

    Raises:
        ValueError: with what was found.
    """
    for text in _notations(meaning):
        _check(tree_of(text), 0)


def _notations(meaning: Mapping[str, Any]) -> Iterator[str]:
    for feature in meaning["features"]:
        yield from (feature[key] for key in FORMULAS if key in feature)
    yield from (keep for _, keep in meaning["upstream"]["rules"])


def _check(node: Any, depth: int) -> None:
    if not isinstance(node, tuple) or not node or depth > _MOST or not _is_known(node):
        raise ValueError(f"{str(node)[:60]} is no node of an expression")
    for part in node[1:]:
        if isinstance(part, tuple):
            _check(part, depth + 1)


def _is_known(node: Node) -> bool:
    """Whether a node by itself is as the parser would have made it."""
    nodes = [part for part in node[1:] if isinstance(part, tuple)]
    words = [part for part in node[1:] if not isinstance(part, tuple)]
    return _is_leaf(node[0], words) if not nodes else _is_form(node[0], words, nodes)


def _is_leaf(kind: Any, words: list[Any]) -> bool:
    match kind, words:
        case (("column" | "integer" | "decimal" | "double" | "string"), [str() as text]):
            return _TEXTS[kind].fullmatch(text) is not None
        case "interval", [str() as amount, str() as unit]:
            return amount.isdecimal() and amount.isascii() and unit in UNITS
        case "boolean", [bool()]:
            return True
        case _:
            return (kind, words) == ("null", [])


def _is_form(op: Any, words: list[Any], nodes: list[Node]) -> bool:
    match op, words:
        case (("cast" | "try_cast"), [str() as kind]):
            return len(nodes) == 1 and CASTS.fullmatch(kind) is not None
        case "round", [int() as places]:
            return len(nodes) == 1 and 0 <= places <= MAX_PLACES
        case "case", []:
            return len(nodes) > 1 and [node[0] == "when" for node in nodes] == [True] * (len(nodes) - 1) + [False]
        case "in", []:
            return len(nodes) > 1
        case "when", []:
            return len(nodes) == 2
        case str(), []:
            return op in TEMPLATES and (is_many(op) or len(nodes) == TEMPLATES[op].count("{}"))
        case _:
            return False

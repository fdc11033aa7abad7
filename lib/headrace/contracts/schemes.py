"""Older canonical forms of what contracts mean, and how each is restated in the next one.

A lock entry keeps a meaning in the form of its scheme. Restated step by step, it is compared with what the contract
means now: only where the two are equal does the entry take the new scheme. No contract's version moves for that.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from headrace.contracts.features import FORMULAS
from headrace.contracts.fingerprint import SCHEME
from headrace.contracts.grammar import typed_number

Meaning = Mapping[str, Any]


def restated(meaning: Meaning, scheme: int) -> dict[str, Any]:
    """A meaning of an older scheme in the present one.

    Raises:
        KeyError: nothing is known of the scheme.
    """
    for step in range(scheme, SCHEME):
        meaning = _NEXT[step](meaning)
    return dict(meaning)


def _typed_literals(meaning: Meaning) -> Meaning:
    """1 to 2: a number says its type (``["number","1.0"]`` is ``["decimal","1.0"]``), lengths of time are whole
    seconds, and what is not said is left out.
    """
    features = [_typed_feature(feature) for feature in meaning["features"]]
    source = dict(meaning["upstream"])
    source["rules"] = [[name, _typed_text(text)] for name, text in source["rules"]]
    source |= {key: int(source[key]) for key in ("lateness", "delay")}
    return {**meaning, "features": features, "upstream": source}


def _typed_feature(feature: Meaning) -> Meaning:
    formulas = {key: _typed_text(feature[key]) for key in FORMULAS if key in feature}
    gap = {"gap": int(feature["gap"])} if "gap" in feature else {}
    return {key: value for key, value in {**feature, **formulas, **gap}.items() if value not in (None, [])}


def _typed_text(text: str) -> str:
    return json.dumps(_typed(json.loads(text)), separators=(",", ":"), ensure_ascii=False)


def _typed(node: Any) -> Any:
    if not isinstance(node, list):
        return node
    return list(typed_number(node[1])) if node[0] == "number" else [_typed(part) for part in node]


_NEXT: Mapping[int, Callable[[Meaning], Meaning]] = MappingProxyType({1: _typed_literals})

"""Nodes that a lock entry brings are those that the parser makes, and no others: a forged entry runs nothing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headrace.contracts.nodes import check_notations

REFUSED = r"no node of an expression|Expecting value"
HELD = json.loads((Path(__file__).resolve().parents[2] / "golden/expressions.json").read_text(encoding="utf-8"))


def meaning(*notations: str) -> dict[str, object]:
    return {"features": [{"name": "f", "expression": one} for one in notations], "upstream": {"rules": []}}


def test_whatever_the_parser_makes_passes():
    check_notations(meaning(*(one["nodes"] for one in HELD["expressions"].values())))


@pytest.mark.parametrize(
    "nodes",
    [
        '["column","x`) + java_method(`y"]',
        '["column","a.b"]',
        '["column",""]',
        '["column",["column","x"]]',
        '["reflect",["string","x"]]',
        '["integer","1; DROP"]',
        '["integer",1]',
        '["decimal","1"]',
        '["double","1e"]',
        '["string",null]',
        '["boolean","true"]',
        '["null","x"]',
        '["cast","ARRAY<INT>",["column","x"]]',
        '["cast","INT) + (1",["column","x"]]',
        '["interval","1\' DAY","DAY"]',
        '["interval","1","YEAR"]',
        '["round",["column","x"],99]',
        '["round",["column","x"],"1"]',
        '["add",["column","x"]]',
        '["add",["column","x"],"y"]',
        '["greatest"]',
        '["case",["column","x"]]',
        '["case",["column","x"],["column","y"]]',
        '["in",["column","x"]]',
        '["number","1"]',
        "[]",
        '"x"',
        "{}",
        "nothing",
        "[" * 90 + "]" * 90,
        '["abs",' * 90 + '["column","x"]' + "]" * 90,
        '["abs",{"a":1}]',
        '["add",["column","x"],["column","y"],["column","z"]]',
    ],
)
def test_what_it_never_makes_does_not(nodes):
    with pytest.raises(ValueError, match=REFUSED):
        check_notations(meaning(nodes))
    rule = {"features": [], "upstream": {"rules": [["sound", nodes]]}}
    with pytest.raises(ValueError, match=REFUSED):
        check_notations(rule)

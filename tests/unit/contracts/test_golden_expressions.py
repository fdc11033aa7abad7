"""An expression's canonical nodes and fingerprint are written down: another sqlglot, or another grammar, must give them again.

Where one differs on purpose, the scheme is raised and restated (``contracts.schemes``); the file is then made anew by
``python tests/unit/contracts/test_golden_expressions.py``.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from headrace.contracts.expressions import parse_expression, to_sql
from headrace.contracts.fingerprint import SCHEME, data_fingerprint, notation, tree_of

GOLDEN = Path(__file__).resolve().parents[2] / "golden/expressions.json"
HELD = json.loads(GOLDEN.read_text(encoding="utf-8"))


def canonical(text: str) -> dict[str, str]:
    nodes = notation(parse_expression(text).tree)
    return {"nodes": nodes, "fingerprint": data_fingerprint(nodes)}


def test_there_are_as_many_as_the_grammar_has_operators():
    from headrace.contracts.expressions import walk
    from headrace.contracts.grammar import TEMPLATES

    held = {node[0] for one in HELD["expressions"].values() for node in walk(tree_of(one["nodes"]))}
    assert set(TEMPLATES) <= held
    assert {"integer", "decimal", "double", "string", "boolean", "null", "interval", "case", "when", "cast"} <= held
    assert HELD["scheme"] == SCHEME


@pytest.mark.parametrize("text", HELD["expressions"])
def test_an_expression_has_the_nodes_and_the_fingerprint_that_it_had(text):
    assert canonical(text) == HELD["expressions"][text]
    tree = tree_of(HELD["expressions"][text]["nodes"])
    assert tree == parse_expression(text).tree, "what a lock entry keeps is the whole tree"
    assert to_sql(tree) == parse_expression(text).sql


@pytest.mark.parametrize("same", HELD["the same"], ids=" ".join)
def test_what_is_written_otherwise_is_the_same(same):
    assert len({canonical(text)["fingerprint"] for text in same}) == 1


@pytest.mark.parametrize("other", HELD["not the same"], ids=" ".join)
def test_what_means_something_else_is_not(other):
    assert len({canonical(text)["fingerprint"] for text in other}) == len(other)


if __name__ == "__main__":
    made = {text: canonical(text) for text in HELD["expressions"]}
    GOLDEN.write_text(json.dumps(HELD | {"scheme": SCHEME, "expressions": made}, indent=1, ensure_ascii=False) + "\n")

"""Every numbered rule of the semantics has a test that names it, in its docstring (``Rules 4, 12``, ``Semantics 16``) or its
name (``test_rule_9_left_rows_are_a_multiset``); what the docstring of a file of tests names is named by each of them. Tests
of the house, which run nothing of headrace's, name none."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from functools import cache

import pytest
from house_rules import modules

RULES = {
    1: "windows are half-open", 2: "exact by default", 3: "snapshot and temporal", 4: "known-then is the default",
    5: "as-of look-up", 6: "tolerance is inclusive", 7: "total tie order", 8: "row-wise nulls",
    9: "left rows are a multiset", 10: "composite keys, null keys and null times", 11: "the empty window",
    12: "sums are exact", 13: "the label window", 14: "microseconds and zones", 15: "a training set is reproducible",
    16: "duplicates", 17: "contract change", 18: "columns carry a sensitivity", 19: "the table hash",
}  # fmt: skip
_TOLD = re.compile(r"\b(?:[Rr]ules?|[Ss]emantics) ((?:\d+(?:, | and |-)?)+)")
_CALLED = re.compile(r"_rules?((?:_\d+)+)")


def numbers(docstring: str) -> set[int]:
    """The rules that a docstring names."""
    found = set()
    for told in _TOLD.findall(docstring):
        for part in filter(None, re.split(r", | and ", told)):
            first, _, last = part.partition("-")
            found |= set(range(int(first), int(last or first) + 1))
    return found


def numbers_of(test: ast.FunctionDef) -> set[int]:
    """The rules that a test names."""
    called = (int(number) for part in _CALLED.findall(test.name) for number in part.split("_")[1:])
    return {*numbers(ast.get_docstring(test) or ""), *called}


@cache
def named() -> dict[int, list[str]]:
    """Rule -> the tests that name it."""
    found = defaultdict(list)
    for module in modules("tests"):
        if module.path.startswith("tests/architecture/"):
            continue
        of_all = numbers(ast.get_docstring(module.tree) or "")
        for node in module.nodes:
            if isinstance(node, ast.FunctionDef) and node.name.startswith("test_"):
                for number in of_all | numbers_of(node):
                    found[number].append(f"{module.path}::{node.name}")
    return found


@pytest.mark.parametrize("number", sorted(RULES))
def test_a_rule_has_a_test_that_names_it(number):
    assert named()[number], f"no test's docstring says 'Rule {number}' ({RULES[number]})"


def test_a_named_rule_is_one_of_the_semantics():
    assert set(named()) <= set(RULES)


@pytest.mark.parametrize(
    ("docstring", "rules"),
    [
        ("Rule 4: late events.", {4}), ("Rules 4, 12 and 19; more.", {4, 12, 19}), ("By rule 7, of 3 rows", {7}),
        ("Rules 5-10.", {5, 6, 7, 8, 9, 10}), ("Semantics 15 and 4: said.", {4, 15}), ("The rules of 3 houses.", set()), ("", set()),
    ],
)  # fmt: skip
def test_how_a_docstring_names_rules(docstring, rules):
    assert numbers(docstring) == rules


def test_how_a_tests_name_names_rules():
    (test,) = ast.parse("def test_rules_5_6_10_hold_for_30_rows():\n    pass").body
    assert numbers_of(test) == {5, 6, 10}

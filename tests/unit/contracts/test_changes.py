"""How an expression of a lock entry is told to people."""

from __future__ import annotations

import pytest

from headrace.contracts.changes import formula_text
from headrace.contracts.expressions import parse_expression
from headrace.contracts.fingerprint import notation


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("paid * 2", "paid * 2"),
        ("ln(1 + x) + 0.1 * y", "ln(1 + x) + (0.1 * y)"),
        ("(a + b) * (c + d)", "(a + b) * (c + d)"),
        ("abs((x))", "abs(x)"),
        ("kind = '(('", "kind = '(('"),
        (r"kind = 'it\'s (' AND (x > 1)", r"(kind = 'it\'s (') AND (x > 1)"),
        ("x", "x"),
        ("NOT (x IS NULL)", "NOT (x IS NULL)"),
    ],
)
def test_without_brackets_that_say_nothing(written, told):
    assert formula_text(notation(parse_expression(written).tree)) == told


def test_what_is_told_means_the_same():
    for text in ("(a + b) * c", "a + b * c", "a - (b - c)", "NOT (a = 1 OR b = 2) AND c = 3", "coalesce((a + 1), (b))"):
        tree = parse_expression(text).tree
        assert parse_expression(formula_text(notation(tree))).tree == tree

"""Expressions in contracts: parsed, held to an allow-list, and printed again for Spark from the checked tree.

The tree is headrace's own: ``("add", left, right)``, ``("column", "value")``, ``("decimal", "0.1")``. It is at once
what Spark's SQL is generated from and what a fingerprint is taken over, so the two cannot part.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from headrace.contracts.grammar import TEMPLATES, Node, checked_tree
from headrace.ground.errors import HeadraceError, nearest


@dataclass(frozen=True)
class Expression:
    """A checked expression: as it was written, and its tree."""

    text: str
    tree: Node

    @property
    def sql(self) -> str:
        """The SQL that Spark runs."""
        return to_sql(self.tree)

    @property
    def columns(self) -> frozenset[str]:
        """The columns that it reads."""
        return frozenset(node[1] for node in walk(self.tree) if node[0] == "column")


def parse_expression(text: str) -> Expression:
    """Parse one scalar expression.

    Raises:
        ValueError: it does not parse, or uses what the allow-list does not hold; the message says which and what to do.
    """
    return Expression(text, checked_tree(text))


def check_columns(expression: Expression, known: Iterable[str], where: str) -> None:
    """Refuse a column that is not among ``known``.

    Raises:
        HeadraceError: EXPRESSION_COLUMN with the nearest name.
    """
    names = frozenset(known)
    for column in sorted(expression.columns - names):
        raise HeadraceError(
            "EXPRESSION_COLUMN", column=column, where=where, text=expression.text, hint=nearest(column, names)
        )


def walk(node: Node) -> Iterator[Node]:
    """The node and all below it."""
    yield node
    for part in node[1:]:
        if isinstance(part, tuple):
            yield from walk(part)


def rename_columns(node: Node, names: dict[str, str]) -> Node:
    """The same tree over columns of other names."""
    if node[0] == "column":
        return ("column", names.get(node[1], node[1]))
    return tuple(rename_columns(part, names) if isinstance(part, tuple) else part for part in node)


def to_sql(node: Node) -> str:
    """Spark SQL for a tree; every operator is in brackets, so no precedence is left to chance."""
    op, parts = node[0], node[1:]
    if op in TEMPLATES:
        arguments = [to_sql(part) for part in parts]
        template = TEMPLATES[op]
        return template.format(", ".join(arguments)) if template.count("{}") == 1 else template.format(*arguments)
    return _PRINTED[op](parts)


def _case_sql(parts: Node) -> str:
    *branches, default = parts
    whens = " ".join(f"WHEN {to_sql(when)} THEN {to_sql(then)}" for _, when, then in branches)
    return f"(CASE {whens} ELSE {to_sql(default)} END)"


def _string_sql(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


_PRINTED: dict[str, Callable[[Node], str]] = {
    "column": lambda parts: f"`{parts[0]}`",
    "integer": lambda parts: str(parts[0]),
    "decimal": lambda parts: str(parts[0]),
    "double": lambda parts: str(parts[0]),
    "string": lambda parts: _string_sql(parts[0]),
    "boolean": lambda parts: "TRUE" if parts[0] else "FALSE",
    "null": lambda _: "NULL",
    "cast": lambda parts: f"CAST({to_sql(parts[1])} AS {parts[0]})",
    "try_cast": lambda parts: f"TRY_CAST({to_sql(parts[1])} AS {parts[0]})",
    "interval": lambda parts: f"INTERVAL '{parts[0]}' {parts[1]}",
    "in": lambda parts: f"({to_sql(parts[0])} IN ({', '.join(map(to_sql, parts[1:]))}))",
    "round": lambda parts: f"round({to_sql(parts[0])}, {parts[1]})",
    "case": _case_sql,
}

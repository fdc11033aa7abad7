"""Which contract's formula failed on a row: Spark says which piece of SQL it was, and contracts say whose that is.

A contract's SQL is printed from its checked tree, so a piece that Spark quotes stands in it letter by letter. Nothing
that a row holds is repeated (semantics 18): the piece is the contract's own text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from headrace.contracts.expressions import Expression, to_sql, walk
from headrace.contracts.features import FORMULAS
from headrace.contracts.grammar import Node
from headrace.graph.project import Project
from headrace.ground.errors import HeadraceError

_CONDITIONS = (
    "ARITHMETIC_OVERFLOW", "BINARY_ARITHMETIC_OVERFLOW", "INTERVAL_ARITHMETIC_OVERFLOW", "NUMERIC_VALUE_OUT_OF_RANGE",
    "CAST_OVERFLOW", "DATETIME_OVERFLOW", "CAST_INVALID_INPUT", "CANNOT_PARSE_TIMESTAMP", "INVALID_DATETIME_PATTERN",
    "DIVIDE_BY_ZERO",
)  # fmt: skip
"""What Spark calls a value that a formula cannot take. Others are not looked for: a row may hold any text in brackets."""
_CONDITION = re.compile(rf"\[({'|'.join(_CONDITIONS)})(?:\.[A-Z_]+)?\]")
_PIECE = re.compile(r"\n== SQL[^\n]*==\n(?P<line>[^\n]*)\n(?P<mark> *\^+)")
_CAST_TO = re.compile(r'cannot be cast to "([A-Z]+(?:\(\d+,\d+\))?)" due to an overflow')
_MOST = 5
"""How many contracts an error names."""


@dataclass(frozen=True)
class _Formula:
    """One formula of a contract: whose it is, where it stands, and its tree."""

    name: str
    place: str
    tree: Node

    def has(self, piece: str) -> bool:
        """Whether a part of it is printed as ``piece``; Spark quotes an operation without the brackets around it."""
        return any(piece in (sql, sql[1:-1]) for sql in map(to_sql, walk(self.tree)))

    def holds(self, piece: str) -> bool:
        """Whether it is somewhere in what it is printed as, or the other way round."""
        return piece in to_sql(self.tree) or to_sql(self.tree) in piece


def failed_formula(text: str, project: Project) -> HeadraceError | None:
    """The error for a formula of a contract that Spark's error ``text`` is about; None where it is about none.

    Of some operations (unary minus, ``abs``, a cast of a double) Spark does not say where they stand: then every formula
    that has one is named.
    """
    named, quoted = _CONDITION.search(text), _PIECE.search(text)
    if named is None or "\n== DataFrame ==" in text:
        return None
    condition = named[1]
    formulas = tuple(_formulas(project))
    if quoted is not None:
        piece = quoted["line"][quoted["mark"].find("^") : len(quoted["mark"])]
        blamed = [one for one in formulas if one.has(piece)] or [one for one in formulas if one.holds(piece)]
    else:
        piece, blamed = _suspects(condition, text, formulas)
    if not blamed or not piece:
        return None
    problem = (
        "a value cannot be read" if condition.endswith(("INPUT", "TIMESTAMP", "PATTERN")) else "a value does not fit"
    )
    return HeadraceError("FORMULA_FAILED", where=_listed(blamed), problem=problem, condition=condition, piece=piece)


def _suspects(condition: str, text: str, formulas: Iterable[_Formula]) -> tuple[str, list[_Formula]]:
    """The formulas with an operation of which Spark does not say where it stands, and the operation in words."""
    cast = _CAST_TO.search(text)
    if condition == "CAST_OVERFLOW" and cast is not None:
        kind = cast[1]
        return f"a cast to {kind}", [
            one for one in formulas if any(node[:2] == ("cast", kind) for node in walk(one.tree))
        ]
    if condition == "ARITHMETIC_OVERFLOW":
        signs = [one for one in formulas if any(node[0] in ("negative", "abs") for node in walk(one.tree))]
        return "a minus sign or abs()", signs
    return "", []


def place_of(feature: str, project: Project) -> str:
    """``file:line`` of features that an error names, as ``group.feature`` or ``feature``, several with commas; "" if unknown."""
    names = feature.split(", ")
    places = [
        project.documents[f"features/{group.namespace}"].place(("features", number))
        for group in project.groups.values()
        for number, one in enumerate(group.features)
        if one.name in names or f"{group.group}.{one.name}" in names
    ]
    return ", ".join(places[:_MOST])


def _listed(formulas: list[_Formula]) -> str:
    told = list(dict.fromkeys(f"{formula.name} ({formula.place})" for formula in formulas))
    more = [f"and {len(told) - _MOST} more"] if len(told) > _MOST else []
    return ", ".join((*told[:_MOST], *more))


def _formulas(project: Project) -> Iterator[_Formula]:
    """Every formula that runs over rows."""
    for group in project.groups.values():
        for number, feature in enumerate(group.features):
            for key in FORMULAS:
                name, at = f"feature {group.namespace}.{feature.name}.{key}", ("features", number, key)
                yield from _of(name, f"features/{group.namespace}", at, getattr(feature, key), project)
    for label in project.labels.values():
        for part in ("eligible", "outcome"):
            where, name = getattr(label, part).where, f"label {label.label}.{part}.where"
            yield from _of(name, f"labels/{label.label}", (part, "where"), where, project)
    for source in project.sources.values():
        for number, rule in enumerate(source.rules):
            name = f"rule {source.source}.{rule.name}"
            yield from _of(name, f"events/{source.source}", ("rules", number, "keep"), rule.keep, project)


def _of(
    name: str, document: str, at: tuple[str | int, ...], formula: Expression | None, project: Project
) -> Iterator[_Formula]:
    if formula is not None:
        yield _Formula(name, project.documents[document].place(at), formula.tree)

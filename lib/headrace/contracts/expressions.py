"""Expressions in contracts: parsed, held to an allow-list, and printed again for Spark from the checked tree.

The tree is headrace's own: ``("add", left, right)``, ``("column", "value")``, ``("number", "0.1")``. It is at once
what Spark's SQL is generated from and what a fingerprint is taken over, so the two cannot part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlglot
from sqlglot import exp

from headrace.ground.errors import HeadraceError, nearest

Node = tuple[Any, ...]
MAX_CHARACTERS = 2_000

# sqlglot's class -> (our operator, the SQL that Spark is given). Whatever is not here is refused.
_BINARY: dict[type[exp.Expression], tuple[str, str]] = {
    exp.Add: ("add", "({} + {})"),
    exp.Sub: ("subtract", "({} - {})"),
    exp.Mul: ("multiply", "({} * {})"),
    exp.Div: ("divide", "try_divide({}, {})"),  # x / 0 is null, in every session
    exp.SafeDivide: ("divide", "try_divide({}, {})"),
    exp.Mod: ("modulo", "try_mod({}, {})"),
    exp.EQ: ("equal", "({} = {})"),
    exp.NEQ: ("not_equal", "({} <> {})"),
    exp.GT: ("greater", "({} > {})"),
    exp.GTE: ("greater_or_equal", "({} >= {})"),
    exp.LT: ("less", "({} < {})"),
    exp.LTE: ("less_or_equal", "({} <= {})"),
    exp.And: ("and", "({} AND {})"),
    exp.Or: ("or", "({} OR {})"),
    exp.Is: ("is", "({} IS {})"),
    exp.Like: ("like", "({} LIKE {})"),
    exp.Nullif: ("nullif", "nullif({}, {})"),
    exp.Pow: ("power", "power({}, {})"),
    exp.DateDiff: ("datediff", "datediff({}, {})"),
}
_UNARY: dict[type[exp.Expression], tuple[str, str]] = {
    exp.Not: ("not", "(NOT {})"),
    exp.Neg: ("negative", "(- {})"),
    exp.Ln: ("ln", "ln({})"),
    exp.Exp: ("exp", "exp({})"),
    exp.Sqrt: ("sqrt", "sqrt({})"),
    exp.Abs: ("abs", "abs({})"),
    exp.Sign: ("sign", "sign({})"),
    exp.Floor: ("floor", "floor({})"),
    exp.Ceil: ("ceil", "ceil({})"),
    exp.Lower: ("lower", "lower({})"),
    exp.Upper: ("upper", "upper({})"),
    exp.Trim: ("trim", "trim({})"),
    exp.Length: ("length", "length({})"),
    exp.DayOfWeek: ("dayofweek", "dayofweek({})"),
    exp.Hour: ("hour", "hour({})"),
    exp.Day: ("day", "day({})"),
    exp.Month: ("month", "month({})"),
    exp.Year: ("year", "year({})"),
    exp.UnixDate: ("unix_date", "unix_date(CAST({} AS DATE))"),
    exp.TsOrDsToDate: ("to_date", "CAST({} AS DATE)"),
}
_MANY: dict[type[exp.Expression], tuple[str, str]] = {
    exp.Coalesce: ("coalesce", "coalesce({})"),
    exp.Greatest: ("greatest", "greatest({})"),
    exp.Least: ("least", "least({})"),
}
_TEMPLATES = {op: sql for table in (_BINARY, _UNARY, _MANY) for op, sql in table.values()}
_TYPES = frozenset({"INT", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"})
_UNITS = frozenset({"SECOND", "MINUTE", "HOUR", "DAY"})


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
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"an expression of {len(text)} characters; {MAX_CHARACTERS} at most")
    try:
        parsed = sqlglot.parse_one(text, dialect="spark")
    except (sqlglot.errors.SqlglotError, RecursionError) as error:
        raise ValueError(f"'{text}' does not parse: {_first_line(error)}") from None
    return Expression(text, _node(parsed, text))


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
    if op in _TEMPLATES:
        arguments = [to_sql(part) for part in parts]
        template = _TEMPLATES[op]
        return template.format(", ".join(arguments)) if template.count("{}") == 1 else template.format(*arguments)
    printed = {
        "column": lambda: f"`{parts[0]}`",
        "number": lambda: str(parts[0]),
        "string": lambda: "'" + parts[0].replace("\\", "\\\\").replace("'", "\\'") + "'",
        "boolean": lambda: "TRUE" if parts[0] else "FALSE",
        "null": lambda: "NULL",
        "cast": lambda: f"CAST({to_sql(parts[1])} AS {parts[0]})",
        "interval": lambda: f"INTERVAL '{parts[0]}' {parts[1]}",
        "in": lambda: f"({to_sql(parts[0])} IN ({', '.join(map(to_sql, parts[1:]))}))",
        "between": lambda: "({} BETWEEN {} AND {})".format(*map(to_sql, parts)),
        "round": lambda: f"round({to_sql(parts[0])}, {parts[1]})",
        "case": lambda: _case_sql(parts),
    }
    return printed[op]()


def _case_sql(parts: Node) -> str:
    *branches, default = parts
    whens = " ".join(f"WHEN {to_sql(when)} THEN {to_sql(then)}" for _, when, then in branches)
    return f"(CASE {whens} ELSE {to_sql(default)} END)"


def _node(tree: exp.Expression, text: str) -> Node:
    kind = type(tree)
    if kind is exp.Paren:
        return _node(tree.this, text)
    if kind in _BINARY:
        return (_BINARY[kind][0], _node(tree.this, text), _node(tree.expression, text))
    if kind in _UNARY and not (tree.expression or tree.args.get("decimals") or tree.args.get("to")):
        return (_UNARY[kind][0], _node(tree.this, text))
    if kind in _MANY:
        return (_MANY[kind][0], _node(tree.this, text), *(_node(part, text) for part in tree.expressions))
    leaf = _leaf(tree) or _form(tree, text)
    if leaf is None:
        raise ValueError(_refusal(tree, text))
    return leaf


def _leaf(tree: exp.Expression) -> Node | None:
    if isinstance(tree, exp.Column) and isinstance(tree.this, exp.Identifier) and not tree.table:
        return ("column", tree.name.lower())
    if isinstance(tree, exp.Literal):
        return ("string" if tree.is_string else "number", tree.this)
    if isinstance(tree, exp.Boolean):
        return ("boolean", bool(tree.this))
    if isinstance(tree, exp.Null):
        return ("null",)
    if isinstance(tree, exp.Interval) and str(tree.unit).upper() in _UNITS and str(tree.this.this).isdigit():
        return ("interval", tree.this.this, str(tree.unit).upper())
    return None


def _form(tree: exp.Expression, text: str) -> Node | None:
    if isinstance(tree, exp.Cast):
        spelled = tree.to.sql(dialect="spark").upper()
        return ("cast", spelled, _node(tree.this, text)) if spelled in _TYPES else None
    if isinstance(tree, exp.In) and tree.expressions:
        return ("in", _node(tree.this, text), *(_node(part, text) for part in tree.expressions))
    if isinstance(tree, exp.Between):
        return ("between", *(_node(tree.args[part], text) for part in ("this", "low", "high")))
    if isinstance(tree, exp.Round):
        places = tree.args.get("decimals")
        return ("round", _node(tree.this, text), int(places.this) if places is not None else 0)
    if isinstance(tree, exp.If):
        return ("case", _branch(tree, text), _otherwise(tree.args.get("false"), text))
    if isinstance(tree, exp.Case) and tree.this is None:
        branches = tuple(_branch(branch, text) for branch in tree.args["ifs"])
        return ("case", *branches, _otherwise(tree.args.get("default"), text))
    return None


def _branch(tree: exp.Expression, text: str) -> Node:
    return ("when", _node(tree.this, text), _node(tree.args["true"], text))


def _otherwise(tree: exp.Expression | None, text: str) -> Node:
    return ("null",) if tree is None else _node(tree, text)


def _refusal(tree: exp.Expression, text: str) -> str:
    name = tree.name if isinstance(tree, exp.Anonymous) else tree.key
    functions = sorted({op for op in _TEMPLATES if op.isidentifier()} | {"round", "case", "cast", "in", "between"})
    return (
        f"'{name}' is not on the allow-list of contract expressions (in '{text}'). {nearest(name.lower(), functions)} "
        "Subqueries, table and Java functions, non-deterministic functions and qualified names are never allowed"
    )


def _first_line(error: BaseException) -> str:
    return str(error).splitlines()[0].split(". Line")[0]

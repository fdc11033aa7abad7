"""The allow-list of contract expressions: which of Spark's operators, functions and forms a contract may use.

Not only the operators are held to a list, but every part of one that the parser fills (a format, a unit, a negation):
what is not taken over into headrace's tree is refused, never dropped.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlglot import exp

from headrace.contracts.reading import read_tree, shown
from headrace.ground.errors import nearest

Node = tuple[Any, ...]

# sqlglot's class -> (our operator, the SQL that Spark is given). Whatever is not here is refused.
_BINARY: dict[type, tuple[str, str]] = {
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
    exp.Nullif: ("nullif", "nullif({}, {})"),
    exp.Pow: ("power", "power({}, {})"),
    exp.DateDiff: ("datediff", "datediff({}, {})"),
}
_UNARY: dict[type, tuple[str, str]] = {
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
    exp.DayOfMonth: ("day", "day({})"),
    exp.Month: ("month", "month({})"),
    exp.Year: ("year", "year({})"),
}
_MANY: dict[type, tuple[str, str]] = {
    exp.Coalesce: ("coalesce", "coalesce({})"),
    exp.Greatest: ("greatest", "greatest({})"),
    exp.Least: ("least", "least({})"),
}
_FORMS = {"is": "({} IS {})", "like": "({} LIKE {})", "between": "({} BETWEEN {} AND {})", "unix_date": "unix_date({})"}
TEMPLATES = _FORMS | {op: sql for table in (_BINARY, _UNARY, _MANY) for op, sql in table.values()}
# Parts that sqlglot fills besides operands and that change nothing here. Any other part that is filled is refused.
_IGNORED: dict[type, frozenset[str]] = {
    exp.Div: frozenset({"safe", "typed"}),
    exp.TsOrDsToDate: frozenset({"safe"}),
    exp.Coalesce: frozenset({"is_nvl"}),
    exp.Greatest: frozenset({"ignore_nulls"}),
    exp.Least: frozenset({"ignore_nulls"}),
}
_FUNCTIONS = tuple(
    "abs ceil coalesce datediff day dayofweek exp floor greatest hour if least length ln lower month nullif power "
    "round sign sqrt to_date trim try_cast try_divide unix_date upper year".split()
)
_TYPES = frozenset({"INT", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP", "STRING"})
CASTS = re.compile("|".join((*sorted(_TYPES), r"DECIMAL\(\d{1,2},\d{1,2}\)")), re.ASCII)
"""What a checked tree casts to, as it spells that."""
_DECIMAL = re.compile(r"DECIMAL\((\d{1,2}), ?(\d{1,2})\)")
UNITS = frozenset({"SECOND", "MINUTE", "HOUR", "DAY"})
_COLUMN = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_NUMBER = re.compile(r"(\d{0,38})(\.\d{0,38})?([eE][+-]?\d{1,3})?", re.ASCII)
_AMOUNT = re.compile(r"\d{1,9}", re.ASCII)
MAX_PLACES = 18


def is_many(op: str) -> bool:
    """Whether an operator takes as many operands as there are."""
    return any(op == name for name, _ in _MANY.values())


def checked_tree(text: str) -> Node:
    """The tree of ``text``, every part of which is on the allow-list.

    Raises:
        ValueError: it does not parse, or uses what the allow-list does not hold; the message says which and what to do.
    """
    return _node(read_tree(text), text)


def _node(tree: Any, text: str) -> Node:
    kind = type(tree)
    if kind is exp.Paren:
        return _node(_parts(tree, text, "this")["this"], text)
    if kind in _BINARY:
        parts = _parts(tree, text, "this", "expression")
        return (_BINARY[kind][0], _node(parts["this"], text), _node(parts["expression"], text))
    if kind in _UNARY:
        return (_UNARY[kind][0], _node(_parts(tree, text, "this")["this"], text))
    if kind in _MANY:
        parts = _parts(tree, text, "this", "expressions")
        if kind is not exp.Coalesce and not parts.get("expressions"):
            raise ValueError(f"{_MANY[kind][0]} compares two values at least (in '{shown(text)}')")
        return (
            _MANY[kind][0],
            _node(parts["this"], text),
            *(_node(part, text) for part in parts.get("expressions", ())),
        )
    if kind in _READERS:
        return _READERS[kind](tree, text)
    raise ValueError(_refusal(tree, text))


def _parts(tree: Any, text: str, *taken: str) -> dict[str, Any]:
    """The parts that the parser filled; one that is neither taken nor harmless is refused."""
    filled = {name: part for name, part in tree.args.items() if part not in (None, False) and part != []}
    for name in sorted(filled.keys() - set(taken) - _IGNORED.get(type(tree), frozenset())):
        raise ValueError(
            f"this form of '{_name(tree)}' is not on the allow-list of contract expressions: it has '{name}' "
            f"(in '{shown(text)}'). {_NEVER}"
        )
    return filled


def _column(tree: Any, text: str) -> Node:
    name = _parts(tree, text, "this")["this"]
    if not isinstance(name, exp.Identifier) or not _COLUMN.fullmatch(name.name):
        raise ValueError(f"{str(name)[:80]} is no column's name: letters, digits and _ (in '{shown(text)}')")
    return ("column", name.name.lower())


def _literal(tree: Any, text: str) -> Node:
    if tree.is_string:
        return ("string", tree.this)
    found = _NUMBER.fullmatch(tree.this)
    if found is None or len((found[1] + (found[2] or ".")[1:]).lstrip("0")) > 38 or not math.isfinite(float(tree.this)):
        raise ValueError(
            f"the number {tree.this[:50]} does not fit: 38 digits, or 1e-300 to 1e300 (in '{shown(text)}')"
        )
    return typed_number(tree.this)


def typed_number(text: str) -> Node:
    """A number with its type, as Spark types it: a whole number, a DECIMAL whose scale is its digits, a DOUBLE."""
    if "e" in text.lower():
        _, figures, exponent = Decimal(text).normalize().as_tuple()
        return ("double", f"{''.join(map(str, figures))}e{exponent}")
    whole, point, fraction = text.partition(".")
    digits = whole.lstrip("0") or "0"
    return ("decimal", f"{digits}.{fraction}") if point else ("integer", digits)


def _is(tree: Any, text: str) -> Node:
    parts = _parts(tree, text, "this", "expression")
    if type(parts["expression"]) not in (exp.Null, exp.Boolean):
        raise ValueError(f"IS takes NULL, TRUE or FALSE; use = for values (in '{shown(text)}')")
    return ("is", _node(parts["this"], text), _node(parts["expression"], text))


def _like(tree: Any, text: str) -> Node:
    parts = _parts(tree, text, "this", "expression", "negate")
    node = ("like", _node(parts["this"], text), _node(parts["expression"], text))
    return ("not", node) if parts.get("negate") else node


def _interval(tree: Any, text: str) -> Node:
    parts = _parts(tree, text, "this", "unit")
    amount, unit = parts.get("this"), str(parts.get("unit", "")).upper().removesuffix("S")
    if not isinstance(amount, exp.Literal) or not _AMOUNT.fullmatch(amount.this) or unit not in UNITS:
        raise ValueError(f"an interval is a whole number of SECOND, MINUTE, HOUR or DAY (in '{shown(text)}')")
    return ("interval", amount.this, unit)


def _cast(tree: Any, text: str) -> Node:
    parts = _parts(tree, text, "this", "to", "safe")
    spelled = str(parts["to"]).upper()
    spelled = {"TEXT": "STRING", "TIMESTAMPTZ": "TIMESTAMP"}.get(spelled, spelled)
    found = _DECIMAL.fullmatch(spelled)
    if found is not None and 1 <= int(found[1]) <= 38 and int(found[2]) <= int(found[1]):
        spelled = f"DECIMAL({int(found[1])},{int(found[2])})"
    elif spelled not in _TYPES:
        allowed = ", ".join(sorted(_TYPES))
        raise ValueError(f"a cast to {spelled} is not allowed; {allowed} or DECIMAL(p,s) are (in '{shown(text)}')")
    return ("try_cast" if parts.get("safe") else "cast", spelled, _node(parts["this"], text))


def _in(tree: Any, text: str) -> Node:
    parts = _parts(tree, text, "this", "expressions")
    if not parts.get("expressions"):
        raise ValueError(f"IN needs a list of values (in '{shown(text)}')")
    return ("in", _node(parts["this"], text), *(_node(part, text) for part in parts["expressions"]))


def _between(tree: Any, text: str) -> Node:
    parts = _parts(tree, text, "this", "low", "high")
    return ("between", *(_node(parts[part], text) for part in ("this", "low", "high")))


def _round(tree: Any, text: str) -> Node:
    parts = _parts(tree, text, "this", "decimals")
    places = parts.get("decimals", exp.Literal.number(0))
    whole = isinstance(places, exp.Literal) and not places.is_string and _AMOUNT.fullmatch(places.this)
    if not whole or int(places.this) > MAX_PLACES:
        raise ValueError(f"round takes its places as a number from 0 to {MAX_PLACES} (in '{shown(text)}')")
    return ("round", _node(parts["this"], text), int(places.this))


def _to_date(tree: Any, text: str) -> Node:
    return _as_date(_node(_parts(tree, text, "this")["this"], text))


def _unix_date(tree: Any, text: str) -> Node:
    return ("unix_date", _to_date(tree, text))


def _as_date(node: Node) -> Node:
    return node if node[:2] == ("cast", "DATE") else ("cast", "DATE", node)


def _if(tree: Any, text: str) -> Node:
    return ("case", _branch(tree, text), _otherwise(tree.args.get("false"), text))


def _case(tree: Any, text: str) -> Node:
    if tree.args.get("this") is not None:
        raise ValueError(f"write CASE WHEN x = value THEN ...; CASE x WHEN is not taken (in '{shown(text)}')")
    parts = _parts(tree, text, "ifs", "default")
    branches = tuple(_branch(branch, text) for branch in parts["ifs"])
    return ("case", *branches, _otherwise(parts.get("default"), text))


def _branch(tree: Any, text: str) -> Node:
    parts = _parts(tree, text, "this", "true", "false")
    return ("when", _node(parts["this"], text), _node(parts["true"], text))


def _otherwise(tree: Any, text: str) -> Node:
    return ("null",) if tree is None else _node(tree, text)


_READERS: dict[type, Callable[[Any, str], Node]] = {
    exp.Column: _column,
    exp.Literal: _literal,
    exp.Boolean: lambda tree, _: ("boolean", bool(tree.this)),
    exp.Null: lambda *_: ("null",),
    exp.Is: _is,
    exp.Like: _like,
    exp.Interval: _interval,
    exp.Cast: _cast,
    exp.TryCast: _cast,
    exp.In: _in,
    exp.Between: _between,
    exp.Round: _round,
    exp.TsOrDsToDate: _to_date,
    exp.UnixDate: _unix_date,
    exp.If: _if,
    exp.Case: _case,
}
_NEVER = "Subqueries, table and Java functions, non-deterministic functions and qualified names are never allowed"


def _refusal(tree: Any, text: str) -> str:
    name = _name(tree)
    hint = (
        nearest(name, _FUNCTIONS)
        if isinstance(tree, exp.Func)
        else "Operators are + - * / %, comparisons, AND, OR, NOT."
    )
    return f"'{name}' is not on the allow-list of contract expressions (in '{shown(text)}'). {hint} {_NEVER}"


def _name(tree: Any) -> str:
    """What a reader calls the node: a function's name as SQL spells it."""
    if isinstance(tree, exp.Anonymous):
        return str(tree.name).lower()
    return str(tree.sql_name() if isinstance(tree, exp.Func) else tree.key).lower()

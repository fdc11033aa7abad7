"""From the text of an expression to sqlglot's tree, within bounds that no later step has to look at again."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from sqlglot import Token, TokenType, exp
from sqlglot.dialects.dialect import Dialect
from sqlglot.errors import ParseError, SqlglotError

MAX_CHARACTERS = 2_000
MAX_TOKENS = 500
MAX_DEPTH = 80
_STRAY_COMMAS = frozenset(
    {
        (TokenType.COMMA, TokenType.COMMA),
        (TokenType.COMMA, TokenType.R_PAREN),
        (TokenType.L_PAREN, TokenType.COMMA),
    }
)


def read_tree(text: str) -> Any:
    """The tree of one scalar expression in Spark's dialect. Statements are not parsed at all.

    Raises:
        ValueError: too long, too deep, more than one expression, or none; the message says which.
    """
    if len(text) > MAX_CHARACTERS:
        raise ValueError(f"an expression of {len(text)} characters; {MAX_CHARACTERS} at most")
    spark = Dialect.get_or_raise("spark")
    try:
        tokens = _without_alias(_joined_strings(spark.tokenize(text), text))
        _check_tokens(tokens, text)
        trees = spark.parser().parse_into(exp.Condition, tokens, text)
    except RecursionError:
        raise ValueError(_too_deep(text)) from None
    except SqlglotError as error:
        raise ValueError(f"'{shown(text)}' does not parse: {_said(error)}") from None
    if len(trees) != 1 or trees[0] is None:
        raise ValueError(f"'{shown(text)}' does not parse: one expression is expected")
    _check_depth(trees[0], text)
    return trees[0]


def shown(text: str) -> str:
    """The text as errors quote it: its beginning, where it is long."""
    return text if len(text) <= 120 else f"{text[:120]}…"


def _joined_strings(tokens: Iterable[Token], text: str) -> list[Token]:
    """``'it''s'`` as the one string that it is; sqlglot's dialect takes it for two strings side by side."""
    joined: list[Token] = []
    for token in tokens:
        last = joined[-1] if joined else None
        if last is not None and _is_doubled_quote(last, token, text):
            both = f"{last.text}{text[token.start]}{token.text}"
            joined[-1] = Token(TokenType.STRING, both, last.line, last.col, last.start, token.end)
        else:
            joined.append(token)
    return joined


def _without_alias(tokens: list[Token]) -> list[Token]:
    """``value * 2 AS twice`` without the name: a contract's feature has one already (semantics 17)."""
    kinds = [token.token_type for token in tokens[-2:]]
    named = len(tokens) > len(kinds) and kinds in (
        [TokenType.ALIAS, TokenType.VAR],
        [TokenType.ALIAS, TokenType.IDENTIFIER],
    )
    return tokens[:-2] if named else tokens


def _is_doubled_quote(one: Token, other: Token, text: str) -> bool:
    strings = one.token_type == other.token_type == TokenType.STRING
    return strings and one.end + 1 == other.start and text[one.end] == text[other.start]


def _check_tokens(tokens: list[Token], text: str) -> None:
    if len(tokens) > MAX_TOKENS:
        raise ValueError(f"'{shown(text)}' has {len(tokens)} words and signs; {MAX_TOKENS} at most")
    for one, other in pairwise(token.token_type for token in tokens):
        if (one, other) in _STRAY_COMMAS:
            raise ValueError(f"'{shown(text)}' does not parse: a comma with nothing beside it")
    if any(token.token_type == TokenType.SEMICOLON for token in tokens):
        raise ValueError(f"'{shown(text)}' does not parse: ';' has no place in an expression")


def _check_depth(tree: exp.Expr, text: str) -> None:
    level = [tree]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in node.iter_expressions()]
        if not level:
            return
    raise ValueError(_too_deep(text))


def _too_deep(text: str) -> str:
    return f"'{shown(text)}' is nested more than {MAX_DEPTH} deep; use IN for a long chain of OR, or derive in steps"


def _said(error: SqlglotError) -> str:
    about = error.errors[0] if isinstance(error, ParseError) and error.errors else {}
    said = about.get("description") or str(error).splitlines()[0]
    if said.startswith("Required keyword"):
        said = "a part is missing"  # sqlglot names a class of its own here
    return f"{said}, near '{about['highlight']}'" if about.get("highlight") else said

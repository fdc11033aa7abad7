"""Numbers that a contract declares exactly: the edges on which a quantile is counted, and the share that it is of."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

MOST_EDGES = 64
DIGITS = 19
"""Digits of a 64-bit whole number."""


def _exact(number: object) -> object:
    """0.1 as the decimal that is written, not as the nearest binary fraction."""
    return str(number) if isinstance(number, int | float) and not isinstance(number, bool) else number


def _increasing(edges: tuple[Decimal, ...]) -> tuple[Decimal, ...]:
    if any(one >= other for one, other in pairwise(edges)):
        raise ValueError("the edges are in ascending order, each once")
    fraction = max(places(edge) for edge in edges)
    if any(abs(edge) >= 10 ** (DIGITS - fraction) for edge in edges):
        raise ValueError(
            f"an edge has {DIGITS} digits at most, counted with as many decimal places as the longest of them"
        )
    return edges


def places(number: Decimal) -> int:
    """The decimal places that a number needs."""
    return max(-int(number.normalize().as_tuple().exponent), 0)


def written(number: Decimal) -> str:
    """The number without an exponent and without zeros at its end: 2.50 is 2.5."""
    return f"{number.normalize():f}"


Exact = Annotated[Decimal, BeforeValidator(_exact, json_schema_input_type=float)]
Edges = Annotated[tuple[Exact, ...], Field(min_length=1, max_length=MOST_EDGES), AfterValidator(_increasing)]
Share = Annotated[Exact, Field(gt=0, lt=1, decimal_places=6)]

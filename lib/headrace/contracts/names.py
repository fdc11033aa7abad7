"""Identifiers, lengths of time and data types as contracts spell them."""

from __future__ import annotations

import re
from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, PlainSerializer

from headrace.contracts.expressions import Expression, parse_expression
from headrace.ground.interval import parse_gap, parse_span
from headrace.ground.zones import known_zone

_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")
_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_TYPE = re.compile(r"string|int|bigint|boolean|double|date|timestamp|decimal\(([0-9]{1,2}),([0-9]{1,2})\)")

Sensitivity = Literal["public", "internal", "personal", "special"]
Policy = Literal["allow", "quarantine", "fail"]


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(f"'{text}' is not an identifier: lower-case letters, digits and _, a letter first, 63 at most")
    return text


def _type(text: str) -> str:
    spelled = text.replace(" ", "").lower()
    found = _TYPE.fullmatch(spelled)
    if found is None:
        raise ValueError(f"'{text}' is not a type: string, int, bigint, boolean, double, date, timestamp, decimal(p,s)")
    if found[1] and not (1 <= int(found[1]) <= 38 and int(found[2]) <= int(found[1])):
        raise ValueError(f"'{text}': the precision is 1..38 and the scale at most the precision")
    return spelled


def _expression(text: object) -> Expression:
    match text:
        case Expression():
            return text
        case str():
            return parse_expression(text)
        case _:
            raise ValueError(f"an expression is text; found {text!r:.60}")


def quoted(name: str) -> str:
    """A column's name as SQL takes any name: in backticks."""
    return "`" + name.replace("`", "``") + "`"


def _span(text: object) -> timedelta:
    if isinstance(text, timedelta):
        return text
    if text == "0d":
        return timedelta(0)
    return parse_span(str(text))


def _gap(text: object) -> timedelta:
    return text if isinstance(text, timedelta) else parse_gap(str(text))


def _clock(text: object) -> time:
    if isinstance(text, time):
        return text
    found = _CLOCK.fullmatch(str(text))
    if found is None:
        raise ValueError(f"'{text!s:.60}' is not a time of day; write 00:00 to 23:59, such as 18:00")
    return time(int(found[1]), int(found[2]))


def show_clock(at: time) -> str:
    """A time of day as contracts write it."""
    return f"{at:%H:%M}"


def _positive(span: timedelta) -> timedelta:
    if span <= timedelta(0):
        raise ValueError("a length of time above zero is needed, such as 7d")
    return span


def show_span(span: timedelta) -> str:
    """A length of time as contracts write it, in the greatest unit in which it is whole."""
    seconds = int(span.total_seconds())
    units = (("d", 86400), ("h", 3600), ("m", 60))
    return next((f"{seconds // size}{unit}" for unit, size in units if seconds % size == 0), f"{seconds}s")


Name = Annotated[str, AfterValidator(_name)]
DataType = Annotated[str, AfterValidator(_type)]
Formula = Annotated[
    Expression,
    BeforeValidator(_expression, json_schema_input_type=str),
    PlainSerializer(lambda formula: formula.text, return_type=str),
]
Span = Annotated[
    timedelta, BeforeValidator(_span, json_schema_input_type=str), PlainSerializer(show_span, return_type=str)
]
"""May be ``0d``."""
PositiveSpan = Annotated[Span, AfterValidator(_positive)]
Gap = Annotated[
    timedelta,
    BeforeValidator(_gap, json_schema_input_type=str),
    AfterValidator(_positive),
    PlainSerializer(show_span, return_type=str),
]
"""Seconds (``s``) and minutes (``m``) too, which no window takes."""
Zone = Annotated[str, AfterValidator(known_zone)]
Clock = Annotated[
    time,
    BeforeValidator(_clock, json_schema_input_type=str),
    PlainSerializer(show_clock, return_type=str),
]
"""A time of day to the minute, as wall clocks show it."""

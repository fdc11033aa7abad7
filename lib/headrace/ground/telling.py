"""An error as people read it: without secrets, and without the values of rows that Spark repeats (semantics 18)."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Iterator

from headrace.ground.secret import redact

HIDDEN = "(hidden)"
_QUOTED = re.compile(r"'[^'\n]+'")
_NUMBER = re.compile(r"-?\d\S*")
_LOGGERS = ("SQLQueryContextLogger", "DataFrameQueryContextLogger")
_OF_SPARK = ("pyspark", "py4j")
_OF_PLANNING = ("AnalysisException", "ParseException")
"""They speak of names in contracts and code, and no row has been read yet."""


def hush() -> None:
    """Stop pyspark's own loggers of query errors, which write the message whole to stderr as soon as one is caught."""
    for name in _LOGGERS:
        logging.getLogger(name).disabled = True


def told(error: BaseException) -> str:
    """What the error says."""
    return redact(_without_values(error))


def trace_of(error: BaseException) -> str:
    """The error with its stack trace and all that led to it."""
    text = "".join(traceback.format_exception(error))
    for one in _chain(error):
        text = text.replace(str(one), _without_values(one))
    return redact(text)


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    following: BaseException | None = error
    while following is not None and following not in seen:
        seen.append(following)
        yield following
        following = following.__cause__ or following.__context__


def _without_values(error: BaseException) -> str:
    """An error that Spark raised over rows quotes them: texts in single quotes, numbers as a parameter of the message."""
    kind = type(error)
    text = str(error)
    if kind.__module__.partition(".")[0] not in _OF_SPARK or kind.__name__ in _OF_PLANNING:
        return text
    parameters: dict[str, str] = getattr(error, "getMessageParameters", dict)() or {}
    for value in sorted(map(str, parameters.values()), key=len, reverse=True):
        if _NUMBER.fullmatch(value):
            text = text.replace(value, HIDDEN)
    return _QUOTED.sub(HIDDEN, text)

"""What an error out of Spark means: an error of headrace's catalogue where one is inside, and whether to try again."""

from __future__ import annotations

import json
import re

from headrace.ground.errors import HeadraceError

_RAISED = re.compile(r"HEADRACE(\{.*?\})")
_PASSING = (
    "OutOfMemoryError",
    "ExecutorLostFailure",
    "FetchFailed",
    "ConcurrentAppend",
    "ConcurrentWrite",
    "heartbeat",
)


def translate(error: Exception) -> Exception:
    """The catalogue's error that an expression raised inside Spark (``raise_error('HEADRACE{...}')``), else the error."""
    found = _RAISED.search(str(error))
    if isinstance(error, HeadraceError) or found is None:
        return error
    about = json.loads(found[1])
    code = about.pop("code")
    about["column"] = about.get("column") or str(about.get("problem", "")).partition(":")[2]
    return HeadraceError(code, **about)


def retryable(error: Exception) -> bool:
    """Whether the same step may succeed when tried again as it is."""
    if isinstance(error, HeadraceError):
        return error.condition.retryable
    return any(sign in str(error) for sign in _PASSING)

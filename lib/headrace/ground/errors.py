"""The one error root. What an error says stands in errors.json, never at the place that raises it."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal

DONE, FAILED, USAGE, REFUSED, NOT_READY, RETRYABLE = 0, 1, 2, 3, 4, 75
LOST = -1
"""In place of an exit status: a process went without a word about its end."""
EXIT_ORDER = (FAILED, REFUSED, NOT_READY, RETRYABLE, DONE)
"""Of several exit statuses at once, the first of these that occurred is the process's."""


@dataclass(frozen=True)
class Condition:
    """One entry of the catalogue: ``what``, ``why`` and ``mend`` are templates over the error's parameters.

    What is ``retryable`` is tried again: as it is, at once or ``later`` (after a random while), or ``in halves``.
    """

    what: str
    why: str
    mend: str
    exit: int
    retryable: bool = False
    again: Literal["at once", "later", "in halves"] = "at once"


@cache
def catalogue() -> dict[str, Condition]:
    """All error conditions by code, as errors.json declares them."""
    text = resources.files("headrace.ground").joinpath("errors.json").read_text(encoding="utf-8")
    return {code: Condition(**entry) for code, entry in json.loads(text).items()}


class HeadraceError(Exception):
    """An error that a user can act on: a code of the catalogue and the parameters of its sentences."""

    def __init__(self, code: str, **parameters: object) -> None:
        self.code = code
        self.parameters = parameters
        self.condition = catalogue()[code]
        super().__init__(self.render())

    def __reduce__(self) -> tuple[Any, ...]:
        """How the error travels between processes: by code and parameters, not by its text."""
        return (_again, (self.code, self.parameters))

    @property
    def exit_status(self) -> int:
        """The process exit status that this error alone leads to."""
        return self.condition.exit

    def render(self) -> str:
        """What happened, why, and how to mend it, one line each."""
        entry = self.condition
        lines = (f"{self.code}: {entry.what}", f"  why:  {entry.why}", f"  mend: {entry.mend}")
        return "\n".join(lines).format_map({k: str(v) for k, v in self.parameters.items()})


def _again(code: str, parameters: dict[str, object]) -> HeadraceError:
    return HeadraceError(code, **parameters)


def nearest(name: str, known: Iterable[str]) -> str:
    """A did-you-mean sentence: the nearest of ``known``, or all of them where none is near."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.5)
    if close:
        return f"Did you mean '{close[0]}'?"
    return f"Known: {', '.join(names)}." if names else "None is known."


def worst(statuses: Iterable[int]) -> int:
    """The exit status that stands for several (see architecture: 1 before 3 before 4 before 75)."""
    seen = set(statuses)
    return next((status for status in EXIT_ORDER if status in seen), DONE)

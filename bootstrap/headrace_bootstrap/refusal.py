"""What the bootstrap says when it cannot go on: the same sentences as headrace's own errors."""

from __future__ import annotations

USAGE = 2


class Refusal(Exception):
    """An error that a user can act on: code, what happened, why, and how to mend it. Exit status 2."""

    def __init__(self, code: str, what: str, why: str, mend: str) -> None:
        self.code = code
        super().__init__(f"{code}: {what}\n  why:  {why}\n  mend: {mend}")

"""Secrets by reference: configuration names an environment variable, and what it holds is never printed."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit

from headrace.ground.errors import HeadraceError

_REFERENCE = re.compile(r"^env:([A-Za-z_][A-Za-z0-9_]*)$")
_SHORTEST = 4
"""Characters of a password that is worth hiding by itself; a shorter one stands in ordinary words."""
_revealed: dict[str, str] = {}
"""What was revealed so far in this process, with what stands for it in every output."""


def is_reference(text: str) -> bool:
    """Whether the text is ``env:NAME``."""
    return _REFERENCE.match(text) is not None


def reveal(text: str, key: str) -> str:
    """The text, or what the variable that it refers to holds; from then on ``redact`` hides that.

    Raises:
        HeadraceError: REFERENCE_UNSET, naming variable and configuration key.
    """
    found = _REFERENCE.match(text)
    if found is None:
        return text
    value = os.environ.get(found[1], "")
    if not value:
        raise HeadraceError("REFERENCE_UNSET", variable=found[1], key=key)
    _hide(value, text)
    return value


def reveal_all(settings: Mapping[str, str], key: str) -> dict[str, str]:
    """Settings with their references resolved; ``key`` is the configuration's section."""
    return {name: reveal(value, f"{key}.{name}") for name, value in settings.items()}


def redact(text: str) -> str:
    """The text with every revealed value, and the password inside it, replaced by its reference."""
    for value in sorted(_revealed, key=len, reverse=True):
        text = text.replace(value, _revealed[value])
    return text


def has_password(uri: str) -> bool:
    """Whether a URI spells a password out."""
    return "@" in uri and re.match(r"^[^:/?#]+://[^/?#@]*:[^/?#]*@", uri) is not None


def _hide(value: str, reference: str) -> None:
    _revealed[value] = reference
    password = urlsplit(value).password if has_password(value) else None
    for part in {password, unquote(password)} if password else ():
        if len(part) >= _SHORTEST:
            _revealed[part] = reference

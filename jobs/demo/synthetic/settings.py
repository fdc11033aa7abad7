"""``settings.generate``: how many events of whom, their faults, and what changes at which date."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import Field, model_validator

from headrace.contracts.names import Name
from headrace.ground.document import Document, Strict, validate


class Switch(Strict):
    """One planted change: from the first instant of a day on, by so much."""

    start: date = Field(alias="from")
    by: float = Field(gt=0, le=1000)


class Drift(Strict):
    """The planted changes, each in one column or in the number of events; none unless named."""

    value_scale: Switch | None = None
    """``value`` times ``by`` (100: dollars became cents)."""
    type_mix: Switch | None = None
    """The weight of purchases among the event types times ``by``."""
    null_share: Switch | None = None
    """The share of events without ``device`` is ``by``."""
    volume: Switch | None = None
    """Events a day times ``by``, relative to the days before; the total stays."""

    @model_validator(mode="after")
    def _agree(self) -> Drift:
        if self.null_share is not None and self.null_share.by > 1:
            raise ValueError("null_share.by: a share is at most 1")
        return self


class GenerateSettings(Strict):
    """The section."""

    source: Name
    events: int = Field(ge=1, le=10**11)
    users: int = Field(ge=1, le=10**9)
    seed: int = Field(default=1, ge=0, lt=2**63)
    tail: int = Field(default=5, ge=2, le=8)
    """p: the user of rank k is drawn with weight k ** -(1 - 1/p), so events a user have a Pareto tail of index p / (p - 1)."""
    churn: float = Field(default=0.3, ge=0, le=0.9)
    """The share of users who stop, at instants spread evenly over the span and ``fade_days`` more."""
    fade_days: int = Field(default=10, ge=1, le=365)
    """A user who stops fades for so many days before: from the usual rate linearly to none."""
    late: float = Field(default=0.005, ge=0, le=0.5)
    """Share of events that arrive 1 to 3 days late."""
    duplicates: float = Field(default=0.003, ge=0, le=0.5)
    """Share of events that come again, the same but for their arrival, a day later in another file."""
    drift: Drift = Drift()


def read_settings(values: Mapping[str, Any]) -> GenerateSettings:
    """The section as a checked value.

    Raises:
        HeadraceError: DOCUMENT_INVALID naming the key and what is allowed.
    """
    document = Document(Path("settings.generate"), dict(values), {(): "settings.generate"})
    return validate(document, GenerateSettings)

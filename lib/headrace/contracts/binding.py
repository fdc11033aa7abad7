"""A feature group bound to what it reads: a change of the event contract changes what the group's values mean."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from headrace.contracts.events import EventContract
from headrace.contracts.features import FeatureGroup
from headrace.contracts.fingerprint import data_fingerprint

UPSTREAM = "upstream"


@dataclass(frozen=True)
class Bound:
    """A group and its source; ``fingerprint`` is the identity of the values, which stamps, models and locks carry."""

    group: FeatureGroup
    source: EventContract

    @cached_property
    def meaning(self) -> dict[str, Any]:
        """The group's own words, and all that its source means: validation, roles, types, lateness, zone."""
        return {**self.group.meaning_for_data, UPSTREAM: self.source.meaning_for_data}

    @cached_property
    def fingerprint(self) -> str:
        """The data fingerprint, everything upstream included (semantics 17)."""
        return data_fingerprint(self.meaning)

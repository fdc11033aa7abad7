"""The label contract: who is asked about, when, and what is then looked for."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator

from headrace.contracts.fingerprint import data_fingerprint, notation
from headrace.contracts.names import Clock, Formula, Name, PositiveSpan, Span, Zone, show_clock
from headrace.ground.document import Misplaced, Strict
from headrace.ground.interval import DAY
from headrace.ground.zones import UTC, clock, midnight


class Eligible(Strict):
    """Who takes part at a cutoff ``t``: at least one such event, known then, in ``[t - within, t)``."""

    where: Formula | None = None
    within: PositiveSpan


class Outcome(Strict):
    """What is counted in ``[t + gap, t + gap + horizon)``; the label is 1 where there is none (``absent``) or one."""

    where: Formula | None = None
    gap: Span = timedelta(0)
    horizon: PositiveSpan
    positive: Literal["absent", "present"]


class Cutoffs(Strict):
    """When the question is asked: on ``first``, then ``every`` so many days, up to ``last`` inclusive.

    On each of these days it is asked once, when the clocks of ``zone`` show ``at``.
    """

    first: date
    last: date
    every: PositiveSpan
    at: Clock = time()
    zone: Zone = UTC

    @model_validator(mode="after")
    def _agree(self) -> Cutoffs:
        if self.last < self.first:
            raise Misplaced(("last",), f"last ({self.last}) is before first ({self.first})")
        if self.every % DAY:
            raise Misplaced(("every",), "whole days are needed, such as 7d")
        if not self.dates:
            raise Misplaced(("zone",), f"{self.zone} left out {self.first}, and no other day is asked for")
        return self

    @cached_property
    def dates(self) -> tuple[date, ...]:
        """The days of all cutoffs, in order; a day that the zone left out has none."""
        count = (self.last - self.first) // self.every
        days = (self.first + i * self.every for i in range(count + 1))
        return tuple(day for day in days if midnight(day, self.zone) < midnight(day + DAY, self.zone))

    @cached_property
    def instants(self) -> tuple[datetime, ...]:
        """All cutoffs, in order and in UTC."""
        return tuple(clock(day, self.at, self.zone) for day in self.dates)

    def on_or_after(self, day: date) -> tuple[datetime, ...]:
        """The cutoffs of a day and of later ones."""
        return tuple(at for one, at in zip(self.dates, self.instants, strict=True) if one >= day)

    @property
    def clock(self) -> str:
        """When on its day each is, as people read it; nothing for midnights of UTC."""
        return f"{show_clock(self.at)} {self.zone}" if self.at != time() or self.zone != UTC else ""


class LabelContract(Strict):
    """A binary label over one source."""

    label: Name
    version: int = Field(ge=1)
    owner: str
    purpose: str
    source: Name
    eligible: Eligible
    outcome: Outcome
    cutoffs: Cutoffs

    @cached_property
    def fingerprint(self) -> str:
        """The data fingerprint, without owner and purpose."""
        outcome, eligible, cutoffs = self.outcome, self.eligible, self.cutoffs
        told = [str(cutoffs.first), str(cutoffs.last), cutoffs.every.total_seconds()]
        return data_fingerprint(
            {
                "label": self.label,
                "source": self.source,
                "eligible": [eligible.where and notation(eligible.where.tree), eligible.within.total_seconds()],
                "outcome": [outcome.where and notation(outcome.where.tree), outcome.positive],
                "window": [outcome.gap.total_seconds(), outcome.horizon.total_seconds()],
                "cutoffs": [*told, cutoffs.clock] if cutoffs.clock else told,
            }
        )

    @property
    def closes_after(self) -> timedelta:
        """How long after a cutoff its label window is over (the source's delay comes on top)."""
        return self.outcome.gap + self.outcome.horizon

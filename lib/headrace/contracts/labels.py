"""The label contract: who is asked about, when, and what is then looked for."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from typing import Literal

from pydantic import Field, model_validator

from headrace.contracts.fingerprint import data_fingerprint, notation
from headrace.contracts.names import Formula, Name, PositiveSpan, Span
from headrace.ground.document import Misplaced, Strict


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
    """The instants at which the question is asked: ``first``, then ``every``, up to ``last`` inclusive, 00:00 UTC."""

    first: date
    last: date
    every: PositiveSpan

    @model_validator(mode="after")
    def _agree(self) -> Cutoffs:
        if self.last < self.first:
            raise Misplaced(("last",), f"last ({self.last}) is before first ({self.first})")
        if self.every % timedelta(days=1):
            raise Misplaced(("every",), "whole days are needed, such as 7d")
        return self

    @property
    def dates(self) -> tuple[date, ...]:
        """All cutoffs, in order."""
        count = (self.last - self.first) // self.every
        return tuple(self.first + i * self.every for i in range(count + 1))


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
        outcome, eligible = self.outcome, self.eligible
        return data_fingerprint(
            {
                "label": self.label,
                "source": self.source,
                "eligible": [eligible.where and notation(eligible.where.tree), eligible.within.total_seconds()],
                "outcome": [outcome.where and notation(outcome.where.tree), outcome.positive],
                "window": [outcome.gap.total_seconds(), outcome.horizon.total_seconds()],
                "cutoffs": [str(self.cutoffs.first), str(self.cutoffs.last), self.cutoffs.every.total_seconds()],
            }
        )

    @property
    def closes_after(self) -> timedelta:
        """How long after a cutoff its label window is over (the source's delay comes on top)."""
        return self.outcome.gap + self.outcome.horizon

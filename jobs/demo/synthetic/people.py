"""Who does something when: heavy-tailed users, seasons of day and week, and users who fade before they stop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from math import gcd

import numpy as np

from headrace.ground.interval import Interval
from headrace.jobs.demo.synthetic.chance import (
    Hashes,
    Real,
    Whole,
    below,
    chosen,
    counted_hash,
    cumulated,
    ranked,
    share,
)
from headrace.jobs.demo.synthetic.settings import GenerateSettings, Switch

HOUR, DAY = 3_600_000, 86_400_000
"""Milliseconds, the unit of time here."""
WEEK = (1.0, 0.95, 0.95, 1.0, 1.15, 1.4, 1.25)
"""Weights of the days, Monday first."""
CLOCK = (2, 1, 1, 1, 1, 2, 4, 7, 9, 10, 10, 11, 12, 11, 10, 10, 11, 13, 15, 16, 15, 12, 8, 4)
"""Weights of the hours (UTC)."""
_TRIES = 64
_GOLDEN = 0.6180339887498949


@dataclass(frozen=True)
class People:
    """Settings and span as the tables that draws look up; small, and sent to every task."""

    seed: int
    users: int
    tail: int
    churn: float
    fade: int
    start: int
    end: int
    hours: Real
    step: int

    def place(self, ordinals: Whole) -> tuple[Whole, Whole]:
        """User (1 to ``users``) and instant (ms) of each event.

        User and instant are drawn together and kept with the user's activity at that instant as the chance, else
        drawn again: so the density is user's weight x season x activity. All are kept at the 64th try.
        """
        users, times = np.empty_like(ordinals), np.empty_like(ordinals)
        left = np.arange(len(ordinals))
        for attempt in range(_TRIES):
            numbers = ordinals[left]
            who = self._user(counted_hash(self.seed, f"user.{attempt}", numbers))
            when = self._instant(counted_hash(self.seed, f"time.{attempt}", numbers))
            kept = share(counted_hash(self.seed, f"kept.{attempt}", numbers)) < self.activity(who, when)
            kept |= attempt == _TRIES - 1
            users[left[kept]], times[left[kept]] = who[kept], when[kept]
            left = left[~kept]
            if not len(left):
                break
        return users, times

    def activity(self, users: Whole, times: Whole) -> Real:
        """The rate of each user at an instant, as a share of the user's own usual rate."""
        return np.clip((self.stops(users) - times) / self.fade, 0.0, 1.0)

    def stops(self, users: Whole) -> Real:
        """When each user stops, in ms; infinity for one who does not."""
        stop = self.start + share(counted_hash(self.seed, "stop", users)) * (self.end - self.start + self.fade)
        return np.where(share(counted_hash(self.seed, "churn", users)) < self.churn, stop, np.inf)

    def _user(self, hashes: Hashes) -> Whole:
        """A user by rank; ranks are strewn over the numbers, so that a low number tells nothing."""
        ranks = ranked(share(hashes), self.users, self.tail)
        return 1 + ranks * self.step % self.users

    def _instant(self, hashes: Hashes) -> Whole:
        hour = chosen(share(hashes), self.hours)
        within = below(counted_hash(self.seed, "within", hashes.view(np.int64)), HOUR)
        return self.start + hour * HOUR + within


def people(settings: GenerateSettings, span: Interval) -> People:
    """The laws of one configuration over ``[start, end)`` of ``span``, in whole days."""
    start, end = (int(at.timestamp() * 1000) for at in (span.start, span.end))
    return People(
        seed=settings.seed,
        users=settings.users,
        tail=settings.tail,
        churn=settings.churn,
        fade=settings.fade_days * DAY,
        start=start,
        end=end,
        hours=cumulated(_season(start, end, settings.drift.volume)),
        step=_step(settings.users),
    )


def since(switch: Switch | None) -> float:
    """The instant (ms) from which a switch holds; infinity where there is none."""
    return np.inf if switch is None else float((switch.start - date(1970, 1, 1)).days * DAY)


def _season(start: int, end: int, volume: Switch | None) -> Real:
    """The weight of each hour of the span."""
    begins = np.arange(start, end, HOUR)
    weekday = (begins // DAY + 3) % 7
    weights = np.array(WEEK)[weekday] * np.array(CLOCK, dtype=float)[begins % DAY // HOUR]
    factor = np.where(begins >= since(volume), volume.by if volume else 1.0, 1.0)
    return np.asarray(weights * factor, dtype=np.float64)


def _step(users: int) -> int:
    """A whole number near the golden section of ``users`` that shares no factor with it."""
    step = max(1, int(users * _GOLDEN))
    while gcd(step, users) > 1:
        step += 1
    return step

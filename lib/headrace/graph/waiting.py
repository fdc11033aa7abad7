"""Which jobs wait: what they are done for is not over in the time asked for, and until when there must be data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from headrace.graph.job import Job, Once
from headrace.graph.result import JobResult
from headrace.graph.view import View, from_asked, intervals_of, over
from headrace.ground.interval import Interval, show_instant


@dataclass(frozen=True)
class Wait:
    """What a job waits for (``on``), the instant at which that is over, and where the time asked for ends."""

    job: str
    on: str
    until: datetime
    asked_until: datetime

    @property
    def told(self) -> str:
        """The whole of it as people read it."""
        until, end = show_instant(self.until), show_instant(self.asked_until)
        return f"{self.job} waits: {self.on} is over on {until}; data until then is needed, and what is asked for ends on {end}"


def wait(job: Job, seen: View) -> Wait | None:
    """What the job waits for; None where it has intervals in the time asked for, is held, or had its turn before.

    Who forces a job that had its turn is told as well why nothing is done.
    """
    if intervals_of(job, seen) or seen.holding.of_all(job.outputs):
        return None
    first, settled = _first(job, seen), seen.ledger.settled(job.name)
    if job.name not in seen.forced and (first in settled if isinstance(job.every, Once) else settled):
        return None
    what = job.every.what if isinstance(job.every, Once) else ""
    until = over(job, first, seen)
    read = " with what it reads," if until > first.end else ""
    return Wait(job.name, what or f"{first.label()}, which it is done for,{read}", until, seen.asked.end)


def _first(job: Job, seen: View) -> Interval:
    """The job's first interval from the time asked for on."""
    return job.every.span if isinstance(job.every, Once) else next(from_asked(job, job.every, seen))


def idle(job: Job, seen: View) -> JobResult:
    """What becomes of a job of which nothing is due."""
    found = wait(job, seen)
    return JobResult(job.name, "up to date") if found is None else JobResult(job.name, "waits", note=found.told)

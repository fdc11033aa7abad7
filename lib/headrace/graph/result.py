"""What becomes of a job in a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

State = Literal["done", "up to date", "refused", "failed", "skipped", "not ready"]


@dataclass(frozen=True)
class JobResult:
    """What became of one job in a run."""

    job: str
    state: State
    seconds: float = 0.0
    rows_in: int | None = None
    rows_out: int | None = None
    intervals: int = 0
    note: str = ""
    error: BaseException | None = None


def total(job: str, results: list[JobResult]) -> JobResult:
    """Several steps of one job as one result."""
    refused = next((result for result in results if result.state == "refused"), None)
    counts = [result.rows_in for result in results if result.rows_in is not None]
    return JobResult(
        job=job,
        state="refused" if refused is not None else "done",
        seconds=sum(result.seconds for result in results),
        rows_in=sum(counts) if counts else None,
        rows_out=sum(result.rows_out or 0 for result in results),
        intervals=sum(result.intervals for result in results),
        note=refused.note if refused is not None else ", ".join(dict.fromkeys(result.note for result in results)),
    )

"""What becomes of a job in a run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from headrace.graph.job import Job, asset_key
from headrace.ground.asset import Asset
from headrace.ground.errors import HeadraceError

State = Literal["done", "up to date", "refused", "failed", "skipped", "not ready", "waits"]


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

    @property
    def withheld(self) -> bool:
        """Whether rows were held back: what is below has nothing to go on with."""
        return self.state == "refused" and self.error is not None


def total(job: str, results: list[JobResult]) -> JobResult:
    """Several steps of one job as one result."""
    refused = max((one for one in results if one.state == "refused"), key=lambda one: one.withheld, default=None)
    counts = [result.rows_in for result in results if result.rows_in is not None]
    return JobResult(
        job=job,
        state="refused" if refused is not None else "done",
        seconds=sum(result.seconds for result in results),
        rows_in=sum(counts) if counts else None,
        rows_out=sum(result.rows_out or 0 for result in results),
        intervals=sum(result.intervals for result in results),
        error=refused.error if refused is not None else None,
        note=refused.note if refused is not None else ", ".join(dict.fromkeys(result.note for result in results)),
    )


def by_output(job: Job, value: Any) -> Iterator[tuple[Asset, Any]]:
    """The declared outputs, in the order declared, with what the job returned for each.

    Raises:
        HeadraceError: OUTPUT_UNKNOWN.
    """
    parts = value if isinstance(value, Mapping) else {job.outputs[0]: value}
    for asset in parts:
        if asset not in job.outputs:
            declared = ", ".join(asset_key(output) for output in job.outputs)
            raise HeadraceError("OUTPUT_UNKNOWN", job=job.name, output=asset_key(asset), declared=declared)
    return ((output, parts[output]) for output in job.outputs if output in parts)

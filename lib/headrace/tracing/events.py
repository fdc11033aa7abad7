"""A run and its steps as OpenLineage's run events, built with its typed classes.

https://openlineage.io/docs/spec/run-cycle: a run has one START, and one of COMPLETE, FAIL and ABORT at its end. A try at
a step of a job is a run; the run of headrace that it is part of is its parent.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from openlineage.client.event_v2 import Job, Run, RunEvent, RunState
from openlineage.client.facet_v2 import (
    RunFacet,
    documentation_job,
    error_message_run,
    job_type_job,
    nominal_time_run,
    parent_run,
    processing_engine_run,
    tags_run,
)

from headrace.graph.plan import Step
from headrace.ground.interval import Interval
from headrace.ground.secret import redact
from headrace.tracing.datasets import Datasets
from headrace.tracing.naming import namespace_of, run_uuid

MOST_TOLD = 2000
"""Characters of an error that travel."""


@dataclass(frozen=True)
class Try:
    """One try at a step: a run of its own. ``number`` counts what a run of headrace begins of one job."""

    step: Step
    number: int = 1


@dataclass(frozen=True)
class RunTold:
    """One run of headrace, of which events are made. ``began`` tells apart two runs of one ``--run-id``."""

    datasets: Datasets
    run_id: str
    began: datetime
    spark: str
    producer: str

    @property
    def namespace(self) -> str:
        """That of the jobs."""
        return namespace_of(self.datasets.project)

    def whole(self, state: RunState, at: datetime, asked: Interval, error: str = "") -> RunEvent:
        """The run itself begins or ends."""
        facets = self._facets(asked, {"run_id": self.run_id}, error)
        kind = job_type_job.JobTypeJobFacet("BATCH", "HEADRACE", "DAG")
        job = Job(self.namespace, self.datasets.project.name, {"jobType": kind})
        return self._event(state, at, Run(self._whole_id, facets), job)

    def step(
        self,
        state: RunState,
        at: datetime,
        this: Try,
        read: Mapping[str, str],
        left: Mapping[str, str],
        error: str = "",
    ) -> RunEvent:
        """A try at a step of a job begins or ends; ``read`` and ``left`` are the versions of inputs and outputs."""
        step = this.step
        told = {"run_id": self.run_id, "why": step.why, "intervals": str(len(step.dues))}
        run = run_uuid(self._whole_id, step.job.name, step.interval.label(), str(this.number))
        kind = job_type_job.JobTypeJobFacet("BATCH", "HEADRACE", "JOB")
        meaning = documentation_job.DocumentationJobFacet(step.job.meaning, "text/plain")
        job = Job(self.namespace, step.job.name, {"jobType": kind, "documentation": meaning})
        facets = self._facets(step.interval, told, error) | {"parent": self._parent}
        event = self._event(state, at, Run(run, facets), job)
        event.inputs = self.datasets.inputs(step.job, read)
        event.outputs = self.datasets.outputs(step.job, left)
        return event

    def _event(self, state: RunState, at: datetime, run: Run, job: Job) -> RunEvent:
        return RunEvent(eventTime=at.isoformat(), producer=self.producer, run=run, job=job, eventType=state)

    def _facets(self, interval: Interval, told: Mapping[str, str], error: str) -> dict[str, RunFacet]:
        tags = [tags_run.TagsRunFacetFields(key, redact(value), "HEADRACE") for key, value in told.items()]
        found: dict[str, RunFacet] = {
            "nominalTime": nominal_time_run.NominalTimeRunFacet(interval.start.isoformat(), interval.end.isoformat()),
            "processing_engine": processing_engine_run.ProcessingEngineRunFacet(self.spark, "Spark"),
            "tags": tags_run.TagsRunFacet(tags),
        }
        if error:
            found["errorMessage"] = error_message_run.ErrorMessageRunFacet(redact(error)[:MOST_TOLD], "PYTHON")
        return found

    @property
    def _whole_id(self) -> str:
        return run_uuid(self.namespace, self.run_id, self.began)

    @property
    def _parent(self) -> parent_run.ParentRunFacet:
        job = parent_run.Job(self.namespace, self.datasets.project.name)
        return parent_run.ParentRunFacet(parent_run.Run(self._whole_id), job)

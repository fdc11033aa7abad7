"""The gate: candidate against champion (the first time: the baseline), overall and by segment, on the test cutoffs."""

from __future__ import annotations

import sys
from functools import partial

from headrace.cli import main
from headrace.contracts.models import ModelContract
from headrace.graph.job import At, Inputs, Job
from headrace.graph.origin import versions
from headrace.graph.project import Project
from headrace.jobs.build_training_set import job as training_set_job
from headrace.release.registry import Champion
from headrace.release.verdict import Judged, Verdicts, judge_candidate
from headrace.training.dataset import training_table
from headrace.training.tracking import Candidate


def run(inputs: Inputs, at: At, project: Project, *, model: ModelContract) -> Judged:
    """A verdict with its figures; whether it passes is for the release to act on."""
    entity = project.source_of(model).entity
    champion = at.before(Champion(model.model))
    return judge_candidate(inputs.training, inputs.candidate, champion, model, entity)


def jobs(project: Project) -> tuple[Job, ...]:
    """A node a model."""
    return tuple(
        Job(
            name=project.job_name("validate_model", model),
            run=partial(run, model=model),
            inputs={
                "training": training_table(model, project.source_of(model)),
                "candidate": Candidate(model.model),
            },
            outputs=(Verdicts(model.model),),
            every=training_set_job(project, model).every,
            fingerprint=model.fingerprint,
            contracts=versions(model),
            tags=("release",),
        )
        for model in project.models.values()
    )


if __name__ == "__main__":
    raise SystemExit(main(["run", "validate_model", *sys.argv[1:]]))

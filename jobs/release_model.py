"""The release: what the gate passed becomes champion; what it refused does not, and the old champion stays."""

from __future__ import annotations

import sys
from functools import partial

from headrace.cli import main
from headrace.contracts.models import ModelContract
from headrace.graph.job import At, Inputs, Job, Refusal
from headrace.graph.origin import versions
from headrace.graph.project import Project
from headrace.jobs.build_training_set import job as training_set_job
from headrace.release.registry import Champion, Promotion
from headrace.release.verdict import Verdicts


def run(inputs: Inputs, at: At, project: Project, *, model: ModelContract) -> Promotion | Refusal:
    """Act on the latest verdict."""
    del at, project
    verdict = inputs.verdict
    if verdict.state == "refused":
        return Refusal(f"version {verdict.version}: {verdict.reason}")
    return Promotion(model.model, verdict.version, verdict.reason, verdict.evidence)


def jobs(project: Project) -> tuple[Job, ...]:
    """A node a model."""
    return tuple(
        Job(
            name=project.job_name("release_model", model),
            run=partial(run, model=model),
            inputs={"verdict": Verdicts(model.model)},
            outputs=(Champion(model.model),),
            every=training_set_job(project, model).every,
            fingerprint=model.fingerprint,
            contracts=versions(model),
            tags=("release",),
        )
        for model in project.models.values()
    )


if __name__ == "__main__":
    raise SystemExit(main(["run", "release_model", *sys.argv[1:]]))

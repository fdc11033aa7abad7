"""A candidate: the best of a seeded search over both families, fitted once more on all training rows."""

from __future__ import annotations

import sys
from functools import partial

from headrace.cli import main
from headrace.contracts.models import ModelContract
from headrace.graph.job import At, Inputs, Job
from headrace.graph.origin import versions
from headrace.graph.project import Project
from headrace.jobs.build_training_set import job as training_set_job
from headrace.training.dataset import training_table
from headrace.training.fit import FALLBACK, Trained, train
from headrace.training.tracking import Candidate


def run(inputs: Inputs, at: At, project: Project, *, model: ModelContract) -> Trained:
    """Search, choose on the last training cutoffs, fit the winner; the test part is not read."""
    del at
    label = project.labels[model.label]
    return train(
        inputs.training,
        model,
        seed=model.search.seed,
        closes_after=label.closes_after,
        entity=project.sources[label.source].entity,
        fingerprints={group: project.read_identity(group) for group in model.features},
    )


def jobs(project: Project) -> tuple[Job, ...]:
    """A node a model. It takes all slots, so nothing runs beside it."""
    return tuple(
        Job(
            name=project.job_name("train_model", model),
            run=partial(run, model=model),
            inputs={"training": training_table(model, project.source_of(model))},
            outputs=(Candidate(model.model),),
            every=training_set_job(project, model).every,
            fingerprint=model.fingerprint,
            contracts=versions(model),
            exclusive=True,
            requires="classic",
            fallback=FALLBACK,
            tags=("training",),
        )
        for model in project.models.values()
    )


if __name__ == "__main__":
    raise SystemExit(main(["run", "train_model", *sys.argv[1:]]))

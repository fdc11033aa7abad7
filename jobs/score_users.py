"""Everybody's score as of the last snapshot, by the champion."""

from __future__ import annotations

import sys
from functools import partial

from pyspark.sql import DataFrame

from headrace.cli import main
from headrace.contracts.models import ModelContract
from headrace.features.readings import for_scores
from headrace.graph.job import At, Inputs, Job, Latest
from headrace.graph.origin import versions
from headrace.graph.project import Project
from headrace.release.registry import Champion
from headrace.scoring.score import columns_by_group, join_groups, score, scores_table


def run(inputs: Inputs, at: At, project: Project, *, model: ModelContract) -> DataFrame:
    """A row a user, with the model's version and the features' fingerprints; idempotent per day."""
    champion = inputs.champion
    entity = project.source_of(model).entity
    columns = columns_by_group(model, champion.model, project.readable)
    features = join_groups(for_scores(project, model).rows(inputs), columns, entity, at.end, project.readable)
    return score(
        features,
        champion.model,
        name=model.model,
        version=champion.version,
        entity=entity,
        fingerprints={group: project.read_identity(group) for group in model.features},
    ).coalesce(1)


def jobs(project: Project) -> tuple[Job, ...]:
    """A node a model."""
    return tuple(_job(project, model) for model in project.models.values())


def _job(project: Project, model: ModelContract) -> Job:
    readings = for_scores(project, model)
    return Job(
        name=project.job_name("score_users", model),
        run=partial(run, model=model),
        inputs={**readings.inputs, "champion": Champion(model.model)},
        outputs=(scores_table(model, project.source_of(model)),),
        every=Latest(project.config.snapshots_every),
        history=tuple(readings.events),
        begun=readings.begun,
        fingerprint=model.fingerprint,
        contracts=versions(model),
        tags=("scoring",),
    )


if __name__ == "__main__":
    raise SystemExit(main(["run", "score_users", *sys.argv[1:]]))

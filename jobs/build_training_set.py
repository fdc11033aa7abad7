"""Labels that have matured, each with the features that were known at its cutoff."""

from __future__ import annotations

import sys
from functools import partial

from pyspark.sql import DataFrame

from headrace.cli import main
from headrace.contracts.fingerprint import fingerprint
from headrace.contracts.models import ModelContract
from headrace.events.quarantine import events_table
from headrace.features.groups import snapshots
from headrace.features.readings import for_training
from headrace.graph.job import Asset, At, Inputs, Job, Once
from headrace.graph.origin import versions
from headrace.graph.project import Project
from headrace.ground.interval import Interval
from headrace.training.dataset import (
    asked_last,
    build_labels,
    build_training_set,
    labels_table,
    matures_at,
    training_table,
)


def run(inputs: Inputs, at: At, project: Project, *, model: ModelContract) -> dict[Asset, DataFrame]:
    """One row a household and cutoff: the label, and what was known then."""
    label = project.labels[model.label]
    source = project.sources[label.source]
    labels = at.hold(build_labels(inputs.events, label, source, known_until=at.end))
    features = for_training(project, model).rows(inputs)
    joined = build_training_set(
        labels, features, model, label, source.entity, groups=project.readable, snapshots=snapshots(project)
    )
    return {labels_table(label, source): labels.coalesce(1), training_table(model, source): joined}


def jobs(project: Project) -> tuple[Job, ...]:
    """A node a model; once, over all time up to the last label's maturity."""
    return tuple(job(project, model) for model in project.models.values())


def job(project: Project, model: ModelContract) -> Job:
    """The node of one model."""
    label = project.labels[model.label]
    source = project.sources[label.source]
    readings = for_training(project, model)
    span = Interval(project.span.start, matures_at(label.cutoffs.instants[-1], label, source))
    return Job(
        name=project.job_name("build_training_set", model),
        run=partial(run, model=model),
        inputs={"events": events_table(source), **readings.inputs},
        outputs=(labels_table(label, source), training_table(model, source)),
        every=Once(span, asked_last(label)),
        begun=readings.begun,
        fingerprint=fingerprint([label.fingerprint, model.fingerprint]),
        contracts=versions(label, model),
        tags=("training",),
    )


if __name__ == "__main__":
    raise SystemExit(main(["run", "build_training_set", *sys.argv[1:]]))

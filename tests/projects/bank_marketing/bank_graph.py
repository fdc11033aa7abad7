"""A bank's phone campaigns: nothing but headrace's own jobs, over other contracts."""

from __future__ import annotations

from headrace.graph.job import Job
from headrace.graph.project import Project
from headrace.jobs import (
    build_features,
    build_tiles,
    build_training_set,
    ingest_events,
    release_model,
    train_model,
    validate_model,
)


def graph(project: Project) -> tuple[Job, ...]:
    """From landed lines to the gate's answer."""
    return (
        ingest_events.job(project),
        build_tiles.job(project),
        build_features.job(project),
        *build_training_set.jobs(project),
        *train_model.jobs(project),
        *validate_model.jobs(project),
        *release_model.jobs(project),
    )
